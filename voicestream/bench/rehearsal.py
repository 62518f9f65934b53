"""The actors of the conversation bench: real voices that take a set time, a model that follows a script, and an oracle.

The oracle stands in place of the recognizer: it knows what was said in the room, and errs at a set rate.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import AsyncGenerator, Coroutine, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

import numpy as np

from voicestream.backends.voice_process import ESPEAK, ChildVoice
from voicestream.backends.voice_wire import VoiceSettings
from voicestream.bench.room import VOICE_LEVEL, HeardWord, Room
from voicestream.parts import Recognizer
from voicestream.vocabulary import (
    FRAME_SAMPLES,
    FRAME_SECONDS,
    SAMPLE_RATE,
    Delta,
    Finish,
    Hypothesis,
    Message,
    ModelPart,
    Pcm,
    Samples,
)

Result = TypeVar("Result")

_COMPARED = 16
"""Frames by which the oracle finds a piece of audio again."""
_LATEST = 4.0
"""Seconds after the end of its audio at which a decode begins at the latest."""


@dataclass(frozen=True, slots=True)
class SpokenPhrase:
    """What a person says, and when in it each word sounds."""

    samples: Samples
    """At SAMPLE_RATE; without silence at its ends."""
    words: tuple[HeardWord, ...]
    """Times from the first sample."""

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return len(self.samples) / SAMPLE_RATE


class Rehearsal:
    """Real espeak voices, run beside virtual time in a thread of their own; every text is made once.

    A context manager; raises VoiceError where espeak-ng is missing.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="rehearsal", daemon=True)
        self._made: dict[tuple[str, str], list[Pcm]] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def wait_for(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Let something real happen, in real time, and return what comes of it; blocks."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def speak(self, text: str, voice: str) -> list[Pcm]:
        """Return the audio of `text`; blocks while it is made."""
        key = (voice, text)
        if key not in self._made:
            self._made[key] = self.wait_for(self._speak(text, voice))
        return self._made[key]

    def phrase(self, text: str, voice: str, level: float = VOICE_LEVEL) -> SpokenPhrase:
        """Return `text` as a person says it, at a loudness of `level` (root mean square)."""
        import soxr

        pieces = self.speak(text, voice)
        samples = soxr.resample(np.concatenate([piece.samples for piece in pieces]), pieces[0].rate, SAMPLE_RATE)
        loud = np.flatnonzero(np.abs(samples) > 0.02 * np.max(np.abs(samples)))
        first, last = int(loud[0]), int(loud[-1]) + 1
        times = [word for piece in pieces for word in piece.words]
        ends = [*(word.time for word in times[1:]), last / SAMPLE_RATE]
        words = tuple(
            HeardWord(
                _with_sign(text, word.start, word.end), word.time - first / SAMPLE_RATE, end - first / SAMPLE_RATE
            )
            for word, end in zip(times, ends, strict=True)
        )
        return SpokenPhrase(at_level(samples[first:last].astype(np.float32), level), words)

    async def _speak(self, text: str, voice: str) -> list[Pcm]:
        async with ChildVoice(ESPEAK, VoiceSettings(voice)) as fresh:  # what espeak said before changes how it goes on
            return [pcm async for pcm in fresh.synthesize(text)]


def _with_sign(text: str, start: int, end: int) -> str:
    """Return a word with the punctuation that follows it, as a recognizer writes it."""
    while end < len(text) and not text[end].isspace():
        end += 1
    return text[start:end]


def at_level(samples: Samples, level: float = VOICE_LEVEL) -> Samples:
    """Return a voice at a loudness of `level`: the root mean square of the frames that hold it."""
    whole = samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    powers = np.mean(whole**2, axis=1) if len(whole) else np.mean(samples[None, :] ** 2, axis=1)
    levelled: Samples = samples * (level / float(np.sqrt(np.mean(powers[powers > 0.05 * powers.max()]))))
    return levelled


class RehearsedVoice:
    """Speaks with a real voice, whose first sound takes `delay` seconds; fulfils Voice."""

    def __init__(self, rehearsal: Rehearsal, voice: str, delay: float, has_word_times: bool = True) -> None:
        self._rehearsal = rehearsal
        self._voice = voice
        self._delay = delay
        self._has_word_times = has_word_times

    async def synthesize(self, text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
        """Yield the audio of one sentence."""
        await asyncio.sleep(self._delay)
        for pcm in self._rehearsal.speak(text, self._voice):
            yield pcm if self._has_word_times else Pcm(pcm.samples, pcm.rate)


class RehearsedRecognizer:
    """Recognizes with a real recognizer, in a set time; fulfils Recognizer."""

    def __init__(self, rehearsal: Rehearsal, recognizer: Recognizer, delay: float) -> None:
        self._rehearsal = rehearsal
        self._recognizer = recognizer
        self._delay = delay

    async def transcribe(self, audio: Samples, *, is_final: bool, prompt: str = "") -> Hypothesis:
        """Recognize the audio; virtual time stands still meanwhile."""
        found = self._rehearsal.wait_for(self._recognizer.transcribe(audio, is_final=is_final, prompt=prompt))
        await asyncio.sleep(self._delay)
        return found


class ScriptedThinker:
    """Answers every turn with the next text of the script, at the pace of a model; fulfils Thinker."""

    def __init__(self, answer: str, first_token: float, tokens_per_second: float = 20.0) -> None:
        self._answer = answer
        self._first_token = first_token
        self._pace = 1 / tokens_per_second
        self.requests = 0

    async def summarize(self, dropped: Sequence[Message], before: str) -> str:
        """Return what was asked of what is dropped."""
        return " ".join([before, *(message.content for message in dropped if message.role == "user")]).strip()

    async def warm(self, messages: Sequence[Message]) -> None:
        """Do nothing: it is never late."""

    async def answer(self, messages: Sequence[Message], confirmed: asyncio.Event) -> AsyncGenerator[ModelPart, None]:
        """Yield the answer word by word."""
        self.requests += 1
        await asyncio.sleep(self._first_token)
        for count, word in enumerate(self._answer.split(" ")):
            if count:
                await asyncio.sleep(self._pace)
            yield Delta(f" {word}" if count else word)
        yield Finish()


class Oracle:
    """Knows which words reached the microphone, hears those that are loud enough, and errs; fulfils Recognizer."""

    def __init__(self, room: Room, delay: float = 0.15, errors: float = 0.05) -> None:
        """`delay`: seconds that a decode takes; `errors`: share of words that it gets wrong."""
        self._room = room
        self._delay = delay
        self._errors = errors

    async def transcribe(self, audio: Samples, *, is_final: bool, prompt: str = "") -> Hypothesis:
        """Tell the words of the audio, which it finds again in the room's memory."""
        start = self._find(audio)
        await asyncio.sleep(self._delay)
        end = start + len(audio) / SAMPLE_RATE
        words = [
            word
            for word in sorted(self._room.words, key=lambda word: word.start)
            if start <= word.start + 0.05 and _most_of(word) <= end and self._is_audible(word, audio, start)
        ]
        return Hypothesis(" ".join(self._misheard(word) for word in words), language="en")

    def _find(self, audio: Samples) -> float:
        """Return the time of the first sample, by the likeness of its loudest frames to those that were mixed.

        A canceller has taken most of the echo out; all else is still there, and lies in the last seconds.
        """
        frames = audio[: len(audio) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
        loudest = np.argsort(np.sum(frames**2, axis=1))[-_COMPARED:]
        heard = frames[loudest] - frames[loudest].mean(axis=1, keepdims=True)
        mixed = np.array([mixture.sum for mixture in self._room.mixtures])
        without_echo = np.array([mixture.near + mixture.noise for mixture in self._room.mixtures])
        alike = _without_level(mixed) @ heard.T + _without_level(without_echo) @ heard.T
        last = len(self._room.mixtures) - len(frames)
        earliest = max(0, last - round(_LATEST / FRAME_SECONDS))
        scores = [
            sum(alike[start + place, row] for row, place in enumerate(loudest)) for start in range(earliest, last + 1)
        ]
        return (self._room.count - len(self._room.mixtures) + earliest + int(np.argmax(scores))) * FRAME_SECONDS

    def _is_audible(self, word: HeardWord, audio: Samples, start: float) -> bool:
        """Tell whether the word is as loud, in what the canceller left, as all else that sounds with it."""
        first = self._room.count - len(self._room.mixtures)
        frames = [
            place
            for place in range(round(word.start / FRAME_SECONDS), max(1, round(word.end / FRAME_SECONDS)))
            if 0 <= place - first < len(self._room.mixtures)
        ]
        near = noise = echo = 0.0
        for place in frames:
            mixture = self._room.mixtures[place - first]
            begin = round((place * FRAME_SECONDS - start) * SAMPLE_RATE)
            cleaned = audio[max(0, begin) : max(0, begin) + FRAME_SAMPLES]
            if len(cleaned) < FRAME_SAMPLES:
                continue
            near += float(np.sum(mixture.near**2))
            noise += float(np.sum(mixture.noise**2))
            left = cleaned - cleaned.mean() - mixture.near - mixture.noise
            echo += min(float(np.sum(left**2)), float(np.sum(mixture.echo**2)))
        if word.is_echo:
            return echo > 2 * noise and echo > 0.5 * near
        return near > 0.25 * noise and near > 0.5 * echo

    def _misheard(self, word: HeardWord) -> str:
        """Return the word, or at the set rate one that only sounds like it; always the same for the same word."""
        chance = random.Random(f"{self._room.settings.seed} {word.start:.3f} {word.text}")
        if chance.random() >= self._errors or len(word.text) < 3:
            return word.text
        place = chance.randrange(len(word.text) - 1)
        return word.text[:place] + chance.choice("aeiourstln") + word.text[place + 1 :]


def _without_level(frames: Samples) -> Samples:
    """Return each frame without its offset, at the same energy as all others."""
    centred = frames - frames.mean(axis=1, keepdims=True)
    levelled: Samples = centred / (np.linalg.norm(centred, axis=1, keepdims=True) + 1e-9)
    return levelled


def _most_of(word: HeardWord) -> float:
    """Return the moment from which a recognizer knows the word: its end fades away unheard."""
    return word.start + 0.7 * (word.end - word.start)
