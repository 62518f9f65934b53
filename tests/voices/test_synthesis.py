"""Laws of the way from sentences to sound: trimmed, paused, faded, timed, in order, whatever the voice does."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import replace

import numpy as np
import pytest

from voicestream.errors import VoiceError
from voicestream.speaking.continuity import FADE, SILENCE_LEVEL, SentenceTrimmer
from voicestream.speaking.synthesis import SpeakingStyle, VoicedSpan, VoicedText, synthesize
from voicestream.speaking.word_times import estimate_words, find_words
from voicestream.vocabulary import Pcm, Samples, Sentence, Sound, WordTime

RATE = 16_000


def tone(seconds: float, rate: int = RATE, level: float = 0.5) -> Samples:
    return (np.sin(np.arange(round(seconds * rate)) * 0.3) * level).astype(np.float32)


def silence(seconds: float, rate: int = RATE) -> Samples:
    return np.zeros(round(seconds * rate), np.float32)


def sentence(index: int, text: str = "Hello there you.", *, ends: bool = True) -> Sentence:
    return Sentence(index, text, text, ends_sentence=ends)


class ScriptedVoice:
    """Gives each text its own pieces, and raises what is among them."""

    def __init__(self, script: dict[str, Sequence[Pcm | VoiceError]]) -> None:
        self.script = script
        self.asked: list[tuple[str, str]] = []
        self.closed = 0

    async def synthesize(self, text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
        self.asked.append((text, language))
        try:
            for piece in self.script[text]:
                if isinstance(piece, VoiceError):
                    raise piece
                yield piece
        finally:
            self.closed += 1


def speak(
    voice: ScriptedVoice, sentences: Sequence[Sentence], rate: int = RATE, style: SpeakingStyle | None = None
) -> list[Sound]:
    async def stream() -> AsyncIterator[Sentence]:
        for one in sentences:
            yield one

    async def run() -> list[Sound]:
        return [sound async for sound in synthesize(stream(), voice, rate, style)]

    return asyncio.run(run())


def joined(sounds: Sequence[Sound]) -> Samples:
    return np.concatenate([sound.samples for sound in sounds])


def quiet_runs(samples: Samples) -> list[int]:
    """Return the lengths of the stretches of 20 ms and more in which nothing is heard."""
    loud = np.flatnonzero(np.abs(samples) >= SILENCE_LEVEL)
    gaps = np.diff(loud)
    return [int(gap) for gap in gaps if gap > 0.02 * RATE]


@pytest.mark.parametrize("pause", [0.05, 0.1, 0.25, 0.6])
@pytest.mark.parametrize("around", [0.0, 0.004, 0.03, 0.5])
def test_the_gap_between_two_sentences_is_the_set_pause(pause: float, around: float) -> None:
    piece = Pcm(np.concatenate((silence(around), tone(0.5), silence(around))), RATE)
    voice = ScriptedVoice({"One.": [piece], "Two.": [piece]})
    sounds = speak(voice, [sentence(0, "One."), sentence(1, "Two.")], style=SpeakingStyle(pause=pause))
    (gap,) = quiet_runs(joined(sounds))
    assert abs(gap / RATE - pause) <= 0.01


def test_a_clause_is_followed_by_a_shorter_pause() -> None:
    voice = ScriptedVoice({"One,": [Pcm(tone(0.5), RATE)], "two.": [Pcm(tone(0.5), RATE)]})
    sounds = speak(voice, [sentence(0, "One,", ends=False), sentence(1, "two.")], style=SpeakingStyle(pause=0.5))
    (gap,) = quiet_runs(joined(sounds))
    assert abs(gap / RATE - 0.2) <= 0.01


def test_trimming_does_not_depend_on_where_the_pieces_end() -> None:
    chance = random.Random(3)
    audio = np.concatenate((silence(0.3), tone(0.4), silence(0.2), tone(0.1), silence(0.4)))
    for _ in range(50):
        trimmer, parts, start = SentenceTrimmer(RATE), [], 0
        while start < len(audio):
            size = chance.choice([1, 7, 160, 480, 5_000])
            parts.append(trimmer.add(audio[start : start + size]))
            start += size
        given = np.concatenate([*parts, trimmer.finish(0.25)])
        assert abs(trimmer.dropped - 0.29) < 0.001
        assert abs(len(given) / RATE - (0.01 + 0.7 + 0.25)) < 0.01
        original = audio[round(trimmer.dropped * RATE) :]
        middle = slice(round(0.02 * RATE), round(0.4 * RATE))
        np.testing.assert_array_equal(given[middle], original[middle])


def test_sound_leaves_at_once_and_silence_waits() -> None:
    trimmer = SentenceTrimmer(RATE)
    assert len(trimmer.add(silence(1))) == 0
    assert len(trimmer.add(tone(0.1))) >= (0.1 - FADE) * RATE - 10
    assert len(trimmer.add(silence(0.3))) <= FADE * RATE + 20
    assert len(trimmer.add(tone(0.1))) >= (0.4 - FADE) * RATE - 20


def test_both_ends_are_faded() -> None:
    loud = np.full(4_000, 0.9, np.float32)
    given = joined(speak(ScriptedVoice({"One.": [Pcm(loud, RATE)]}), [sentence(0, "One.")]))
    assert float(np.abs(np.diff(given)).max()) < 0.9 / (FADE * RATE) * 1.5
    assert loud.min() > 0.89  # the voice's own samples are left as they were


def test_a_sentence_that_is_all_silence_has_one_empty_piece() -> None:
    sounds = speak(ScriptedVoice({"One.": [Pcm(silence(1), RATE)]}), [sentence(0, "One.")])
    assert [(len(sound.samples), sound.is_last) for sound in sounds] == [(0, True)]


@pytest.mark.parametrize("rate", [8_000, 22_050, 24_000, 44_100, 48_000])
def test_every_rate_becomes_the_loudspeakers(rate: int) -> None:
    pieces = [Pcm(part, rate) for part in np.array_split(tone(1.0, rate), 40)]
    sounds = speak(ScriptedVoice({"One.": pieces}), [sentence(0, "One.")], 16_000, SpeakingStyle(pause=0))
    assert len(sounds) > 5
    assert abs(len(joined(sounds)) / 16_000 - 1.0) < 0.01
    assert 0.4 < float(np.abs(joined(sounds)).max()) < 0.6


def test_every_sentence_ends_with_its_last_piece_in_order() -> None:
    script: dict[str, Sequence[Pcm | VoiceError]] = {
        "A.": [Pcm(tone(0.3), RATE)] * 3,
        "B.": [VoiceError("no")],
        "C.": [Pcm(tone(0.3), RATE), VoiceError("broken")],
        "D.": [],
        "E.": [Pcm(tone(0.3), RATE)],
    }
    lost = []
    style = SpeakingStyle(report=lambda error, one: lost.append((str(error), one.index)))
    sentences = [sentence(index, text) for index, text in enumerate(script)] + [Sentence(5, "```code```", "")]
    voice = ScriptedVoice(script)
    sounds = speak(voice, sentences, style=style)
    assert [sound.sentence.index for sound in sounds if sound.is_last] == [0, 1, 2, 3, 4, 5]
    assert [sound.sentence.index for sound in sounds] == sorted(sound.sentence.index for sound in sounds)
    assert lost == [("no", 1), ("broken", 2)]
    assert len(joined([sound for sound in sounds if sound.sentence.index == 2])) > 0.25 * RATE
    assert voice.closed == len(voice.asked) == 5


def test_the_voices_word_times_lose_the_silence_that_was_trimmed() -> None:
    words = (WordTime(0, 5, 0.5), WordTime(6, 11, 0.8))
    piece = Pcm(np.concatenate((silence(0.5), tone(0.6))), RATE, words)
    (sound,) = [
        one for one in speak(ScriptedVoice({"Hello there.": [piece]}), [sentence(0, "Hello there.")]) if one.words
    ]
    assert [(word.start, word.end) for word in sound.words] == [(0, 5), (6, 11)]
    np.testing.assert_allclose([word.time for word in sound.words], [0.01, 0.31], atol=0.002)


def test_words_without_times_are_estimated_over_the_spoken_part() -> None:
    sounds = speak(ScriptedVoice({"One two three.": [Pcm(tone(3.0), RATE)]}), [sentence(0, "One two three.")])
    (words,) = [sound.words for sound in sounds if sound.words]
    assert [(word.start, word.end) for word in words] == [(0, 3), (4, 7), (8, 13)]
    assert words[0].time == 0
    assert 0.7 < words[1].time < 1.1
    assert 1.5 < words[2].time < 2.2


def test_word_places_are_those_of_the_spoken_text() -> None:
    def verbalise(spoken: str, language: str) -> VoicedText:
        assert (spoken, language) == ("5 € now.", "de")
        return VoicedText("fünf Euro now.", (VoicedSpan(0, 9, 0, 3), VoicedSpan(10, 13, 4, 7)))

    told = (WordTime(0, 4, 0.0), WordTime(5, 9, 0.2), WordTime(10, 13, 0.4))
    voice = ScriptedVoice({"fünf Euro now.": [Pcm(tone(0.6), RATE, told)]})
    style = SpeakingStyle(verbalise=verbalise, detect_language=lambda text: "de")
    sounds = speak(voice, [sentence(0, "5 € now.")], style=style)
    words = [word for sound in sounds for word in sound.words]
    assert [(word.start, word.end) for word in words] == [(0, 3), (0, 3), (4, 7)]
    assert voice.asked == [("fünf Euro now.", "de")]


def test_leaving_early_closes_the_voice() -> None:
    voice = ScriptedVoice({"A.": [Pcm(tone(0.3), RATE)] * 50})

    async def stream() -> AsyncIterator[Sentence]:
        yield sentence(0, "A.")

    async def run() -> None:
        async with aclosing(synthesize(stream(), voice, RATE)) as sounds:
            await anext(sounds)
        assert voice.closed == 1

    asyncio.run(run())


def test_words_are_found_in_every_script() -> None:
    def words(text: str) -> list[str]:
        return [text[word.start : word.stop] for word in find_words(text)]

    assert words("“Don't (ever) pay 3.50 € — well-known, is it?”") == [
        "Don't",
        "ever",
        "pay",
        "3.50",
        "well-known",
        "is",
        "it",
    ]
    assert words("Привет мир नमस्ते शब्द") == ["Привет", "мир", "नमस्ते", "शब्द"]
    assert words("你好 world") == ["你", "好", "world"]
    assert words("… ?!") == []
    assert estimate_words("?!", 1.0) == ()


def test_a_sentence_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    one = sentence(0, "A.")
    sounds = speak(ScriptedVoice({"A.": [Pcm(tone(0.3), RATE)]}), [one])
    assert all(sound.sentence is one for sound in sounds)
    assert replace(one) == one
