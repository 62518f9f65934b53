"""The stage that turns sentences into sound: one voice, one stream, no gap and no click.

Knows no device and no engine: a Voice gives audio at its own rate, and the loudspeaker's rate is a number.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from voicestream.errors import VoiceError
from voicestream.parts import Voice
from voicestream.speaking.continuity import SentenceTrimmer
from voicestream.speaking.word_times import estimate_words
from voicestream.vocabulary import Pcm, Samples, Sentence, Sound, WordTime

CLAUSE_SHARE = 0.4
"""Share of the pause after a clause, where the sentence goes on."""


@dataclass(frozen=True, slots=True)
class VoicedSpan:
    """Where a stretch of the voiced text comes from."""

    voiced_start: int
    voiced_end: int
    spoken_start: int
    """Index into Sentence.spoken."""
    spoken_end: int


@dataclass(frozen=True, slots=True)
class VoicedText:
    """What the voice is given for a sentence."""

    text: str
    spans: Sequence[VoicedSpan] = ()
    """In order; empty where the text is that of the sentence, letter for letter."""


def voice_as_spoken(spoken: str, language: str) -> VoicedText:
    """Give the voice the spoken text as it is."""
    return VoicedText(spoken)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakingStyle:
    """How sentences become sound; every part has a plain default."""

    pause: float = 0.25
    """Seconds of silence between sentences."""
    verbalise: Callable[[str, str], VoicedText] = voice_as_spoken
    """Makes the text for the voice of the spoken text and its language."""
    detect_language: Callable[[str], str] = lambda spoken: ""
    """Names the language of a sentence; empty where it does not matter."""
    report: Callable[[VoiceError, Sentence], None] = lambda error, sentence: None
    """Hears of a sentence that was lost."""


async def synthesize(
    sentences: AsyncIterator[Sentence], voice: Voice, rate: int, style: SpeakingStyle | None = None
) -> AsyncGenerator[Sound, None]:
    """Yield the sound of each sentence at `rate` hertz, in order and in pieces, the last of each marked.

    A VoiceError costs the rest of its sentence. Nothing runs ahead here: the reader sets the pace.
    """
    style = style or SpeakingStyle()
    async for sentence in sentences:
        making = _SentenceInTheMaking(sentence, rate, style)
        if making.voiced.text.strip():
            try:
                async with aclosing(voice.synthesize(making.voiced.text, making.language)) as pieces:
                    async for pcm in pieces:
                        for sound in making.add(pcm):
                            yield sound
            except VoiceError as error:
                style.report(error, sentence)
        yield making.finish()


class _SentenceInTheMaking:
    """The audio of one sentence on its way from the voice to the loudspeaker."""

    def __init__(self, sentence: Sentence, rate: int, style: SpeakingStyle) -> None:
        self.language = style.detect_language(sentence.spoken)
        self.voiced = style.verbalise(sentence.spoken, self.language)
        self._sentence = sentence
        self._rate = rate
        self._pause = style.pause if sentence.ends_sentence else style.pause * CLAUSE_SHARE
        self._trimmer: SentenceTrimmer | None = None
        self._resampler: _Resampler | None = None
        self._words: list[WordTime] = []
        self._has_words = False
        self._given = 0

    def add(self, pcm: Pcm) -> list[Sound]:
        """Return what of a piece can be played already."""
        if self._trimmer is None or self._resampler is None:
            self._trimmer, self._resampler = SentenceTrimmer(pcm.rate), _Resampler(pcm.rate, self._rate)
        self._words += pcm.words
        samples = self._resampler.add(self._trimmer.add(pcm.samples))
        return [self._sound(samples, self._told(self._trimmer.dropped))] if len(samples) else []

    def finish(self) -> Sound:
        """Return the last piece."""
        if self._trimmer is None or self._resampler is None:
            return self._sound(np.zeros(0, np.float32), [], is_last=True)
        ending = self._resampler.finish(self._trimmer.finish(self._pause))
        words = self._told(self._trimmer.dropped)
        if not self._has_words:
            spoken = (self._given + len(ending)) / self._rate - self._pause
            words = list(estimate_words(self.voiced.text, max(0.0, spoken)))
        return self._sound(ending, words, is_last=True)

    def _told(self, dropped: float) -> list[WordTime]:
        """Return the words that the voice has told since the last piece, timed from the first sample that is played."""
        words = [replace(word, time=max(0.0, word.time - dropped)) for word in self._words]
        self._words.clear()
        self._has_words = self._has_words or bool(words)
        return words

    def _sound(self, samples: Samples, words: Sequence[WordTime], *, is_last: bool = False) -> Sound:
        self._given += len(samples)
        return Sound(self._sentence, samples, tuple(map(self._as_spoken, words)), is_last)

    def _as_spoken(self, word: WordTime) -> WordTime:
        """Return the word with its place in the spoken text."""
        for span in self.voiced.spans:
            if word.start < span.voiced_end:
                return WordTime(span.spoken_start, span.spoken_end, word.time)
        end = len(self._sentence.spoken)
        return WordTime(min(word.start, end), min(word.end, end), word.time)


class _Converter(Protocol):
    def resample_chunk(self, chunk: Samples, last: bool = False) -> Samples: ...


class _Resampler:
    """Changes the rate of one sentence's audio as a stream."""

    def __init__(self, source: int, target: int) -> None:
        self._stream: _Converter | None = None
        if source != target:
            import soxr

            self._stream = soxr.ResampleStream(source, target, 1, dtype="float32", quality="HQ")

    def add(self, samples: Samples) -> Samples:
        return self._stream.resample_chunk(samples) if self._stream else samples

    def finish(self, samples: Samples) -> Samples:
        return self._stream.resample_chunk(samples, last=True) if self._stream else samples
