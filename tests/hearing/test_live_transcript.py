"""Laws of the live transcript, with a recognizer that knows what was said when, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pytest
from virtual_time import run_in_virtual_time

from voicestream.errors import RecognitionError
from voicestream.hearing.live_transcript import LiveTranscript, TranscriptSettings, transcribe
from voicestream.hearing.segmenter import Segmenter
from voicestream.stages import stage
from voicestream.vocabulary import (
    FRAME_SAMPLES,
    FRAME_SECONDS,
    Frame,
    Heard,
    Hypothesis,
    RecognitionFailed,
    Samples,
    Silence,
    SpeechAudio,
    SpeechEnded,
    SpeechEvent,
    SpeechPaused,
    SpeechStarted,
    Transcript,
)

WORD = 0.32
"""Seconds of each spoken word: ten frames."""


@dataclass
class Oracle:
    """Recognizes the words of its script from samples that tell their own time, after a set delay."""

    words: Sequence[str]
    starts: Sequence[float]
    delay: float = 0.1
    fails: bool = False
    is_suspect: bool = False
    is_doubtful: bool = False
    calls: list[tuple[float, bool, float]] = field(default_factory=list)
    running: int = 0

    async def transcribe(self, audio: Samples, *, is_final: bool, prompt: str = "") -> Hypothesis:
        self.running += 1
        assert self.running == 1, "one decode at a time"
        first, last = (float(audio[index]) * 10 for index in (0, -1))
        self.calls.append((asyncio.get_running_loop().time(), is_final, last))
        try:
            await asyncio.sleep(self.delay)
        finally:
            self.running -= 1
        if self.fails:
            raise RecognitionError("the recognizer is gone")
        said = [
            word for word, start in zip(self.words, self.starts, strict=True) if first <= start + 0.3 and start < last
        ]
        return Hypothesis(" ".join(said), (), "en", self.is_suspect, self.is_doubtful, self.delay)


def script(*parts: tuple[str, float]) -> tuple[list[float], list[str], list[float]]:
    """Turn (words, silence after them) into probabilities, words and the words' starts."""
    probabilities, words, starts = [0.0] * 30, [], []
    for text, silence in parts:
        for word in text.split():
            words.append(word)
            starts.append(len(probabilities) * FRAME_SECONDS)
            probabilities += [0.95] * 10
        probabilities += [0.0] * round(silence / FRAME_SECONDS)
    return probabilities, words, starts


async def speech_of(probabilities: Sequence[float], *, is_live: bool) -> AsyncGenerator[SpeechEvent, None]:
    segmenter = Segmenter()
    loop = asyncio.get_running_loop()
    for index, probability in enumerate(probabilities):
        if is_live:
            await asyncio.sleep((index + 1) * FRAME_SECONDS - loop.time())
        time = index * FRAME_SECONDS
        samples = np.linspace(time, time + FRAME_SECONDS, FRAME_SAMPLES, dtype=np.float32) / 10
        for event in segmenter.add(Frame(samples, time), probability):
            yield event
    for event in segmenter.finish():
        yield event


def hear(
    oracle: Oracle,
    probabilities: Sequence[float],
    settings: TranscriptSettings | None = None,
    *,
    is_live: bool = True,
) -> list[tuple[float, Heard]]:
    """Return what is heard, with the time at which it came."""

    async def run() -> list[tuple[float, Heard]]:
        loop = asyncio.get_running_loop()
        async with aclosing(speech_of(probabilities, is_live=is_live)) as speech:
            stream = transcribe(speech, oracle, settings, lockstep=not is_live)
            return [(loop.time(), heard) async for heard in stream]

    return run_in_virtual_time(run())


def transcripts(heard: Sequence[tuple[float, Heard]]) -> list[tuple[float, Transcript]]:
    return [(at, item) for at, item in heard if isinstance(item, Transcript)]


@pytest.mark.parametrize("share", [0.05, 0.5])
def test_the_final_text_is_begun_before_the_pause_is_certain_although_no_partial_is_due(share: float) -> None:
    probabilities, words, starts = script((" ".join(["word"] * 12), 3))
    oracle = Oracle(words, starts, delay=0.08)
    heard = hear(oracle, probabilities, TranscriptSettings(partial_share=share))
    voice_end = starts[-1] + WORD
    begun = next(at for at, _, heard_to in oracle.calls if heard_to >= voice_end - FRAME_SECONDS)
    assert begun < voice_end + 0.15
    noticed = next(at for at, item in heard if isinstance(item, SpeechPaused))
    final = next(at for at, item in transcripts(heard) if item.is_final)
    assert final <= noticed + FRAME_SECONDS


def test_a_word_that_fades_away_is_heard_to_its_end() -> None:
    probabilities, words, starts = script(("turn on the light", 0.0))
    probabilities += [0.0, 0.0, 0.0, 0.3, 0.3] + [0.0] * 90  # no voice for the detector, and no silence
    oracle = Oracle([*words, "s"], [*starts, starts[-1] + WORD + 2.5 * FRAME_SECONDS], delay=0.02)
    heard = hear(oracle, probabilities)
    noticed = next(at for at, item in heard if isinstance(item, SpeechPaused))
    final = next((at, item) for at, item in transcripts(heard) if item.is_final)
    assert final[1].text == "turn on the light s"
    assert final[0] <= noticed + 0.1
    after = [at for at, _, heard_to in oracle.calls if heard_to >= starts[-1] + WORD - FRAME_SECONDS]
    assert len(after) == 2, "begun early, and anew when something was heard after that"


def test_what_found_nothing_before_the_pause_is_decoded_anew() -> None:
    probabilities, _, starts = script(("pause", 3))
    oracle = Oracle(["pause"], [starts[0] + WORD + 2.5 * FRAME_SECONDS], delay=0.02)  # known only by its end
    heard = hear(oracle, probabilities)
    assert [item.text for _, item in transcripts(heard) if item.is_final][-1] == "pause"
    assert len(oracle.calls) == 2


def test_what_was_not_believed_before_the_pause_is_not_decoded_anew() -> None:
    probabilities, words, starts = script(("pause", 3))
    oracle = Oracle(words, starts, delay=0.02, is_suspect=True)
    heard = hear(oracle, probabilities)
    assert [item.text for _, item in transcripts(heard) if item.is_final][-1] == ""
    assert len(oracle.calls) == 1


@pytest.mark.parametrize(
    ("text", "is_suspect", "probability", "is_unclear"),
    [
        ("speak a little louder", True, 0.95, True),
        ("speak a little louder", False, 0.95, False),
        ("speak a little louder", True, 0.6, False),
        ("speak louder", True, 0.95, False),
    ],
    ids=["a sentence that is not believed", "a believed one", "perhaps nobody", "too little"],
)
def test_it_is_told_that_somebody_spoke_and_was_not_understood(
    text: str, is_suspect: bool, probability: float, is_unclear: bool
) -> None:
    probabilities, words, starts = script((text, 3))
    oracle = Oracle(words, starts, delay=0.02, is_suspect=is_suspect)
    heard = hear(oracle, [min(each, probability) for each in probabilities])
    finals = [item for _, item in transcripts(heard) if item.is_final]
    assert [item.is_unclear for item in finals][-1] == is_unclear
    assert all(item.text == "" for item in finals if item.is_unclear)


@pytest.mark.parametrize("is_doubtful", [True, False])
def test_a_transcript_tells_whether_the_recognizer_doubts_it(is_doubtful: bool) -> None:
    probabilities, words, starts = script(("speak a little louder", 3))
    heard = transcripts(hear(Oracle(words, starts, delay=0.02, is_doubtful=is_doubtful), probabilities))
    assert all(item.is_doubtful == is_doubtful for _, item in heard if item.text)
    assert heard[-1][1].text == "speak a little louder"


def test_the_final_text_is_there_when_the_end_is_confirmed() -> None:
    probabilities, words, starts = script(("set a timer for five minutes please", 3))
    heard = hear(Oracle(words, starts, delay=0.2), probabilities)
    finals = [(at, item) for at, item in transcripts(heard) if item.is_final]
    paused = next(at for at, item in heard if isinstance(item, SpeechPaused))
    assert finals[0][1].text == " ".join(words)
    assert finals[0][0] <= paused + 0.2, "the decode began at the pause, or before"
    kinds = [type(item) for _, item in heard]
    assert kinds[kinds.index(SpeechEnded) + 1] is Transcript, "and at the end it is at hand"
    assert transcripts(heard)[-1][1].stable == " ".join(words)


def test_words_settle_while_they_are_said() -> None:
    probabilities, words, starts = script(("one two three four five six seven eight nine ten eleven twelve", 3))
    heard = hear(Oracle(words, starts, delay=0.05), probabilities)
    end = max(starts) + WORD
    settled = [item.stable for at, item in transcripts(heard) if at <= end + FRAME_SECONDS]
    assert len(settled[-1].split()) >= 0.6 * len(words)
    for before, after in pairwise(settled):
        assert after.startswith(before)


def test_no_event_waits_for_a_decode() -> None:
    probabilities, words, starts = script(("a slow machine", 0.4), ("goes on", 3))
    heard = hear(Oracle(words, starts, delay=1.7), probabilities)
    for at, item in heard:
        if isinstance(item, SpeechPaused):
            assert at == pytest.approx(item.noticed, abs=0.001)
        if isinstance(item, Silence):
            assert at == pytest.approx(item.time, abs=0.001)
    assert transcripts(heard)[-1][1].text == " ".join(words)


def test_going_on_makes_the_text_a_partial_again() -> None:
    probabilities, words, starts = script(("turn on", 1.0), ("the light", 3))
    heard = [item for _, item in transcripts(hear(Oracle(words, starts), probabilities))]
    assert next(item.text for item in heard if item.is_final) == "turn on"
    assert heard[-1].text == "turn on the light"
    assert {item.speech for item in heard} == {0}


def test_a_final_waits_for_no_more_than_one_partial() -> None:
    probabilities, words, starts = script(("one two three four five six seven eight nine ten", 3))
    oracle = Oracle(words, starts, delay=0.5)
    heard = hear(oracle, probabilities, TranscriptSettings(partial_share=4.0))
    paused = next(at for at, item in heard if isinstance(item, SpeechPaused))
    final = next(at for at, item in transcripts(heard) if item.is_final)
    assert final - paused <= 2 * 0.5


def test_partials_keep_within_their_share_and_never_fall_behind() -> None:
    probabilities, words, starts = script((" ".join(["word"] * 70), 3))
    for share in (0.1, 0.3, 0.6):
        oracle = Oracle(words, starts, delay=0.15)
        hear(oracle, probabilities, TranscriptSettings(partial_share=share))
        talk = 70 * WORD
        decodes = [call for call in oracle.calls if call[0] < talk]
        assert len(decodes) * 0.15 / talk == pytest.approx(share, rel=0.1)
        assert all(at - heard_to < 2 * FRAME_SECONDS for at, _, heard_to in decodes), "each hears all there is"


def test_a_machine_that_is_too_slow_gets_no_partials_and_all_finals() -> None:
    probabilities, words, starts = script(("one two three four five six", 2.5), ("seven eight nine ten", 2.5))
    oracle = Oracle(words, starts, delay=3.0)
    heard = [item for _, item in transcripts(hear(oracle, probabilities))]
    assert [item.text for item in heard if item.is_final][-1] == "seven eight nine ten"
    assert len(oracle.calls) <= 4


def test_without_partials_only_pauses_and_ends_are_decoded() -> None:
    probabilities, words, starts = script(("one two three", 3))
    oracle = Oracle(words, starts)
    hear(oracle, probabilities, TranscriptSettings(partials=False))
    assert len(oracle.calls) == 1


def test_in_silence_and_for_a_click_nothing_is_decoded() -> None:
    oracle = Oracle([], [])
    heard = hear(oracle, [0.0] * 200 + [0.9, 0.9] + [0.0] * 200 + [0.52] * 20 + [0.0] * 200)
    assert not oracle.calls
    assert [item.text for _, item in transcripts(heard) if item.is_final] == ["", ""]


def test_every_ended_speech_has_a_final_text_also_when_recognition_fails() -> None:
    probabilities, words, starts = script(("one two", 2.5), ("three", 2.5))
    heard = [item for _, item in hear(Oracle(words, starts, fails=True), probabilities)]
    for index, item in enumerate(heard):
        if isinstance(item, SpeechEnded):
            assert any(isinstance(later, Transcript) and later.is_final for later in heard[index:])
    failed = [item for item in heard if isinstance(item, RecognitionFailed)]
    assert {item.speech for item in failed} == {0, 1}
    assert failed[0].message == "the recognizer is gone"
    assert len([item for item in heard if isinstance(item, Silence)]) > 20, "the listening goes on"


@pytest.mark.parametrize(("is_live", "delay"), [(False, 0.01), (True, 0.01), (True, 0.3), (True, 0.9)])
def test_a_long_speech_loses_and_doubles_no_word_where_it_is_cut(is_live: bool, delay: float) -> None:
    said = [f"w{index}" for index in range(90)]
    probabilities, words, starts = script((" ".join(said[:60]), 0.16), (" ".join(said[60:]), 3))
    heard = hear(
        Oracle(words, starts, delay=delay), probabilities, TranscriptSettings(partial_share=2), is_live=is_live
    )
    last: dict[int, str] = {}
    for _, item in transcripts(heard):
        if item.is_final:
            last[item.speech] = item.text
    assert len(last) == 2
    assert " ".join(last.values()) == " ".join(words)


def test_a_sentence_that_ended_stands_and_is_not_decoded_again() -> None:
    first = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen."
    probabilities, words, starts = script((first, 1.0), ("and more", 3))
    oracle = Oracle(words, starts, delay=0.05)
    heard = [item for _, item in transcripts(hear(oracle, probabilities))]
    assert heard[-1].text == f"{first} and more"
    resumed = next(index for index, item in enumerate(heard) if "and" in item.text)
    assert heard[resumed].stable.startswith(first)


def test_recordings_give_the_same_every_time() -> None:
    probabilities, words, starts = script(("set a timer", 0.3), ("for five minutes", 2.5), ("thank you", 2.5))
    runs = [hear(Oracle(words, starts, delay=delay), probabilities, is_live=False) for delay in (0.001, 0.7)]
    first, second = ([item for _, item in run if not isinstance(item, SpeechAudio)] for run in runs)
    assert first == second


def test_a_speech_that_turns_out_to_be_none_may_end_while_it_is_decoded() -> None:
    oracle = Oracle([], [], delay=1.5)
    heard = hear(oracle, [0.0] * 60 + [0.95] * 20 + [0.36] * 60 + [0.0] * 100)
    assert oracle.calls
    assert [item.text for _, item in transcripts(heard) if item.is_final][-1] == ""


def test_leaving_early_leaves_nothing_running() -> None:
    probabilities, words, starts = script(("one two three four five six seven", 3))
    oracle = Oracle(words, starts, delay=5.0)

    async def run() -> None:
        opened = stage(ahead=8)(transcribe)
        async with opened(speech_of(probabilities, is_live=True), oracle) as heard:
            async for item in heard:
                if isinstance(item, SpeechPaused):
                    break

    run_in_virtual_time(run())
    assert oracle.running == 0


def test_an_error_of_the_microphone_comes_after_the_last_transcript() -> None:
    probabilities, words, starts = script(("one two three", 0.5))

    async def broken() -> AsyncGenerator[SpeechEvent, None]:
        async with aclosing(speech_of(probabilities, is_live=True)) as speech:
            async for event in speech:
                if isinstance(event, SpeechPaused):
                    raise OSError("unplugged")
                yield event

    async def run() -> list[Heard]:
        heard: list[Heard] = []
        try:
            async for item in transcribe(broken(), Oracle(words, starts, delay=0.4)):
                heard.append(item)
        except OSError:
            return heard
        raise AssertionError("the error is lost")

    heard = run_in_virtual_time(run())
    assert [item.text for item in heard if isinstance(item, Transcript) and item.is_final] == ["one two three"]


@pytest.mark.parametrize("down_db", [6.0, 20.0])
def test_no_partial_is_begun_where_a_syllable_ends_for_it_may_be_the_last(down_db: float) -> None:
    loud = np.random.default_rng(1).normal(0, 0.1, FRAME_SAMPLES).astype(np.float32)
    soft = loud * np.float32(10 ** (-down_db / 20))
    live = LiveTranscript(TranscriptSettings())
    live.add(SpeechStarted(0.0, 0.0))
    for place, frame in enumerate([*[loud] * 60, soft]):
        live.add(SpeechAudio(frame, place * FRAME_SECONDS, True, 0.9))
    assert (live.next_request() is None) is (down_db > 12)
    for place in range(61, 80):  # who speaks on more softly is written down all the same
        live.add(SpeechAudio(soft, place * FRAME_SECONDS, True, 0.9))
    assert live.next_request() is not None
