"""How what comes from outside stands on a tape: each kind as JSON, its audio in FLAC files beside it.

A form writes and reads; a recorder hands on what it has just read back, so that nothing can be lost in between.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import msgspec
import numpy as np

from voicestream import errors
from voicestream.errors import ModelError, VoicestreamError
from voicestream.vocabulary import SAMPLE_RATE, Frame, Hypothesis, Pcm, Samples, WordTime

Json = Any  # Any: JSON; it stays between a form and the file
Item = TypeVar("Item")


Likeness = Callable[[Json, float], tuple[float, ...]]
"""Tells of a recorded question, and of the moment when it was asked, how like it is to another; most is best."""


class Audio(Protocol):
    """The audio of a tape, in files of 16 bits."""

    def add(self, name: str, rate: int, samples: Samples) -> int:
        """Append samples to a file, and return where they begin."""
        ...

    def read(self, name: str, start: int, count: int) -> Samples:
        """Return samples of a file; zeros where it has none."""
        ...


@dataclass(frozen=True, slots=True)
class Form(Generic[Item]):
    """How one kind of item is written and read."""

    write: Callable[[Item, Audio], Json]
    read: Callable[[Json, Audio], Item]


def _write_frame(frame: Frame, audio: Audio) -> Json:
    start = audio.add("microphone", SAMPLE_RATE, frame.samples)
    return [start, len(frame.samples), frame.time, frame.captured_at]


def _read_frame(value: Json, audio: Audio) -> Frame:
    start, count, time, captured_at = value
    return Frame(audio.read("microphone", start, count), time, captured_at)


def _write_pcm(pcm: Pcm, audio: Audio) -> Json:
    start = audio.add(f"voice-{pcm.rate}", pcm.rate, pcm.samples)
    return [pcm.rate, start, len(pcm.samples), [[word.start, word.end, word.time] for word in pcm.words]]


def _read_pcm(value: Json, audio: Audio) -> Pcm:
    rate, start, count, words = value
    return Pcm(audio.read(f"voice-{rate}", start, count), rate, tuple(WordTime(*word) for word in words))


class Streams(Protocol):
    """A tape that is written or played: to the parts of a session both are the same."""

    def stream(
        self,
        part: str,
        question: Json,
        source: Callable[[], AsyncGenerator[Item, None]],
        form: Form[Item],
        likeness: Likeness | None = None,
    ) -> AsyncGenerator[Item, None]:
        """Yield what comes of a question to a part; raise LookupError where a tape that is played has nothing."""
        ...


FRAME = Form(_write_frame, _read_frame)
PCM = Form(_write_pcm, _read_pcm)
HYPOTHESIS: Form[Hypothesis] = Form(
    lambda found, audio: msgspec.to_builtins(found), lambda value, audio: msgspec.convert(value, Hypothesis)
)


def as_16_bits(samples: Samples) -> np.ndarray[Any, np.dtype[np.int16]]:
    """Return samples as the files hold them."""
    return np.clip(np.round(samples * 32768), -32768, 32767).astype(np.int16)


def as_samples(pcm: np.ndarray[Any, np.dtype[np.int16]]) -> Samples:
    """Return what the files hold as samples."""
    return pcm.astype(np.float32) / np.float32(32768)


def write_error(error: Exception) -> Json:
    """Return an error of our tree, or of a library, as its kind and what it says."""
    if isinstance(error, VoicestreamError):
        spoken = [error.spoken] if isinstance(error, ModelError) else []
        return [type(error).__name__, str(error), error.code, *spoken]
    return [type(error).__name__, str(error)]


def read_error(value: Json) -> Exception:
    """Return the error that was written; one that no tree of errors knows comes as a RuntimeError."""
    name, message, *rest = value
    kind = getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, VoicestreamError):
        return kind(message, *rest)
    if name in ("BrokenPipeError", "TimeoutError"):
        return BrokenPipeError(message) if name == "BrokenPipeError" else TimeoutError(message)
    return RuntimeError(f"{name}: {message}")
