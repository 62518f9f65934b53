"""The embedded recognizer, as it is, on recorded people."""

from __future__ import annotations

import asyncio
import ctypes
import itertools
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from voicestream.backends.sphinx import SphinxRecognizer
from voicestream.config_file import load_config
from voicestream.errors import RecognitionError
from voicestream.events import Events
from voicestream.recognizer_choice import open_recognizer
from voicestream.thinking.phrases import jsgf
from voicestream.vocabulary import SAMPLE_RATE, Hypothesis, Samples

GRAMMAR = """#JSGF V1.0;
grammar phrases;
<small> = one | two | three | four | five | six | seven | eight | nine | ten;
public <command> = what time is it | set a timer for <small> (minutes | hours) [and <small> minutes]
                 | cancel all timers | resume timer | timer status;
"""

Recording = Callable[[str], Samples]


def final(audio: Samples, grammar: str = GRAMMAR) -> Hypothesis:
    async def recognize() -> Hypothesis:
        async with SphinxRecognizer(grammar) as recognizer:
            return await recognizer.transcribe(audio, is_final=True)

    return asyncio.run(recognize())


def growing(audio: Samples, step: float) -> list[Hypothesis]:
    async def recognize() -> list[Hypothesis]:
        async with SphinxRecognizer(GRAMMAR) as recognizer:
            ends = range(int(step * SAMPLE_RATE), audio.size, int(step * SAMPLE_RATE))
            return [await recognizer.transcribe(audio[:end], is_final=False) for end in ends]

    return asyncio.run(recognize())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("en_cmd/v2j_what_time_is_it.flac", "what time is it"),
        ("en_cmd/s2p_cancel_all_timers.flac", "cancel all timers"),
        ("en_cmd/s2p_set_a_timer_for_3_hours_and_10_minutes.flac", "set a timer for three hours and ten minutes"),
    ],
)
def test_a_phrase_is_understood(recording: Recording, name: str, text: str) -> None:
    assert final(recording(name)).text == text


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs espeak-ng")
@pytest.mark.parametrize(
    "text", ["hey computer", "hey computer what time is it", "hey computer set a timer for five minutes"]
)
def test_the_wake_phrase_is_understood_alone_and_before_a_phrase(text: str, tmp_path: Path) -> None:
    subprocess.run(["espeak-ng", "-v", "en-us+f2", "-w", tmp_path / "said.wav", text], check=True)
    samples, rate = soundfile.read(tmp_path / "said.wav", dtype="float32")
    spoken = soxr.resample(samples, rate, SAMPLE_RATE).astype(np.float32)
    assert final(spoken, jsgf("hey computer")).text == text


@pytest.mark.parametrize(
    ("settings", "codes"),
    [
        (("turns.listening=wake_phrase",), ["only_phrases"]),
        (("turns.listening=wake_phrase", "turns.wake_phrase=okay nabu"), ["wake_phrase", "only_phrases"]),
        (("turns.listening=wake_word", "turns.wake_phrase=okay nabu"), ["only_phrases"]),
        (("turns.wake_phrase=okay nabu",), ["only_phrases"]),
    ],
)
def test_a_wake_phrase_without_a_known_sound_is_told_where_nothing_else_wakes(
    settings: tuple[str, ...], codes: list[str]
) -> None:
    async def told() -> list[str]:
        events, seen = Events(), []
        events.show_on(seen.append)
        config = load_config(overrides=("hearing.recognizer=sphinx", *settings))
        async with AsyncExitStack() as stack:
            await open_recognizer(config, events, stack)
        return [event.code for event in seen]

    assert asyncio.run(told()) == codes


def test_others_run_while_it_decodes(recording: Recording) -> None:
    # Its library lets no other thread run within a call: with one call for each search, the sound card waited.
    async def turns() -> int:
        count = 0
        async with SphinxRecognizer(GRAMMAR) as recognizer:
            decoding = asyncio.create_task(recognizer.transcribe(recording("en_read/jfk.flac"), is_final=True))
            while not decoding.done():
                await asyncio.sleep(0.001)
                count += 1
        return count

    assert asyncio.run(turns()) > 20


@pytest.mark.parametrize("name", ["en_cmd/s2p_oov_1.flac", "en_read/jfk.flac", "en_read/LJ002-0020.flac"])
def test_speech_outside_the_phrases_is_no_text(recording: Recording, name: str) -> None:
    assert final(recording(name)).text == ""


def test_speech_outside_the_phrases_is_told_from_silence(recording: Recording) -> None:
    assert final(recording("en_read/LJ002-0020.flac")).is_suspect
    assert not final(np.zeros(SAMPLE_RATE, np.float32)).is_suspect


def test_speech_too_long_for_a_phrase_costs_no_decoding() -> None:
    hum = np.sin(np.arange(20 * SAMPLE_RATE) / 10).astype(np.float32)
    assert final(hum) == Hypothesis("", is_suspect=True)


def test_long_silence_around_a_phrase_changes_nothing(recording: Recording) -> None:
    audio = recording("en_cmd/v2j_what_time_is_it.flac")
    silence = np.zeros(3 * SAMPLE_RATE, np.float32)
    near, far = final(audio), final(np.concatenate([silence, audio, silence]))
    assert far.text == near.text == "what time is it"
    assert far.words[0].start == pytest.approx(near.words[0].start + 3, abs=0.05)


def test_loudness_changes_nothing(recording: Recording) -> None:
    audio = recording("en_cmd/s2p_cancel_all_timers.flac")
    assert final(audio * 0.02).text == final(audio).text == "cancel all timers"


def test_a_final_text_does_not_disturb_the_running_speech(recording: Recording) -> None:
    audio = recording("en_cmd/s2p_cancel_all_timers.flac")

    async def recognize() -> list[str]:
        async with SphinxRecognizer(GRAMMAR) as recognizer:
            first = await recognizer.transcribe(audio[: audio.size // 2], is_final=False)
            await recognizer.transcribe(audio[: audio.size // 2], is_final=True)
            last = await recognizer.transcribe(audio, is_final=False)
            again = await recognizer.transcribe(audio, is_final=True)
            return [first.text, last.text, again.text]

    texts = asyncio.run(recognize())
    assert texts[1:] == ["cancel all timers", "cancel all timers"]


def test_words_stand_where_they_were_said(recording: Recording) -> None:
    audio = recording("en_cmd/v2j_what_time_is_it.flac")
    words = final(audio).words
    assert [word.text.strip() for word in words] == ["what", "time", "is", "it"]
    assert all(0 <= word.start < word.end <= audio.size / SAMPLE_RATE for word in words)
    assert all(first.end <= second.start for first, second in itertools.pairwise(words))


def test_partial_text_grows_with_the_speech(recording: Recording) -> None:
    texts = [hypothesis.text for hypothesis in growing(recording("en_cmd/s2p_cancel_all_timers.flac"), 0.3)]
    assert texts[0] == ""
    assert texts[-1] == "cancel all timers"
    assert len({text for text in texts if text}) > 1


@pytest.mark.parametrize("seconds", [0.0, 0.005, 1.0])
def test_silence_is_no_text(seconds: float) -> None:
    assert final(np.zeros(int(seconds * SAMPLE_RATE), np.float32)).text == ""


def test_a_grammar_that_cannot_be_read_is_told() -> None:
    with pytest.raises(RecognitionError, match="grammar"):
        final(np.zeros(100, np.float32), "#JSGF V1.0; grammar broken; public <command> = ( one;")


def test_a_word_without_a_known_sound_is_named() -> None:
    with pytest.raises(RecognitionError, match="zzyzxq"):
        final(np.zeros(100, np.float32), "#JSGF V1.0; grammar odd; public <command> = zzyzxq now;")


class _MallocFigures(ctypes.Structure):
    _fields_ = [(f"figure_{number}", ctypes.c_size_t) for number in range(10)]  # struct mallinfo2 of mallinfo(3)


def used_mb() -> float:
    """Return what is taken of glibc's memory: hblkhd and uordblks."""
    library = ctypes.CDLL(None)
    library.mallinfo2.restype = _MallocFigures
    figures = library.mallinfo2()
    return (figures.figure_4 + figures.figure_7) / 2**20


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="asks glibc 2.33 or later"
)
def test_nothing_is_kept_of_a_speech_that_is_over() -> None:
    random = np.random.default_rng(2)
    noise = [(random.standard_normal(seconds * SAMPLE_RATE) * 0.02).astype(np.float32) for seconds in (1, 8)]

    async def recognize() -> list[float]:
        used = []
        async with SphinxRecognizer(GRAMMAR) as recognizer:
            for audio in (noise[1], *noise):  # the first makes the buffers as large as they become
                await recognizer.transcribe(audio, is_final=False)
                await recognizer.transcribe(audio, is_final=True)
                used.append(used_mb())
        return used

    _, short, long = asyncio.run(recognize())
    assert long - short < 1
