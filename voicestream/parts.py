"""What voicestream needs of the outside: protocols of one method each, fulfilled by the files of backends/."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal, Protocol, runtime_checkable

from voicestream.vocabulary import (
    Frame,
    Hypothesis,
    Message,
    ModelPart,
    Pcm,
    Played,
    Samples,
    Sentence,
    Sound,
    ToolDescription,
)


class Microphone(Protocol):
    """Where the person is heard: a sound device, a file, standard input."""

    def listen(self) -> AbstractAsyncContextManager[AsyncIterator[Frame]]:
        """Open it and hand out frames until it ends; raise DeviceError or InputError."""
        ...


class EchoCanceller(Protocol):
    """Takes the assistant's own voice out of what the microphone hears."""

    def cancel(self, frame: Frame, speaker: Speaker) -> Frame:
        """Return the frame without the echo of what `speaker` plays; under 1 ms, called on the event loop."""
        ...


class SpeechDetector(Protocol):
    """Says how likely frames hold a voice; keeps state from frame to frame."""

    def probabilities(self, frames: Samples) -> list[float]:
        """Return 0 to 1 for each of successive frames, shape (frames, FRAME_SAMPLES); called on the event loop."""
        ...


class WakeWordDetector(Protocol):
    """Waits for one word."""

    def hears(self, frame: Frame) -> bool:
        """Tell whether the word has just ended; under 1 ms, called on the event loop."""
        ...


class Recognizer(Protocol):
    """Turns speech into text."""

    async def transcribe(self, audio: Samples, *, is_final: bool, prompt: str = "") -> Hypothesis:
        """Recognize `audio` at SAMPLE_RATE; one call at a time; raise RecognitionError.

        Cancelling waits for nothing: a running decode ends in its own thread, and the next call follows it.
        """
        ...


class Model(Protocol):
    """Writes the answer."""

    def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolDescription] = ()
    ) -> AsyncGenerator[ModelPart, None]:
        """Yield the answer as it is written, a Finish last; raise ModelError; closing it ends the request at once."""
        ...


@runtime_checkable
class WarmableModel(Protocol):
    """A model whose next answer can be made to come sooner."""

    async def warm(self, messages: Sequence[Message], tools: Sequence[ToolDescription]) -> bool:
        """Open the connection and let the conversation be read; say whether the server is there; never raise."""
        ...


class Thinker(Protocol):
    """A model with its tools: what writes the answer and does what the answer needs."""

    def answer(self, messages: Sequence[Message], confirmed: asyncio.Event) -> AsyncGenerator[ModelPart, None]:
        """Yield the answer as it is written, a Finish last; raise ModelError; no effects before `confirmed`."""
        ...

    async def summarize(self, dropped: Sequence[Message], before: str) -> str:
        """Return a summary of messages and of the summary `before` them; raise ModelError."""
        ...

    async def warm(self, messages: Sequence[Message]) -> None:
        """Make the next answer to this conversation come sooner, where that can be done; never raise."""
        ...


class Voice(Protocol):
    """Speaks a text."""

    def synthesize(self, text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
        """Yield the audio of one sentence as it is made; raise VoiceError; closing it stops the work at once."""
        ...


class Speaker(Protocol):
    """The loudspeaker: a sound device, a file, or nothing at real-time pace."""

    rate: int
    """Hertz, of the samples that it takes."""

    on_sound: Callable[[Literal["started", "ended"], Sentence, float], None]
    """Called on the event loop when a sentence begins and ends to be heard, with the time of the program's clock."""

    async def play(self, sound: Sound) -> None:
        """Take a piece of a sentence; return as soon as there is room for the next; raise DeviceError."""
        ...

    async def drain(self) -> None:
        """Return when the last sample that was taken has been heard."""
        ...

    def pause(self) -> None:
        """Fall silent within one block, with a fade; keep what is not played yet."""
        ...

    def resume(self) -> None:
        """Go on at the sample after the last one heard."""
        ...

    def stop(self) -> list[Played]:
        """Fall silent within one block, with a fade; forget the rest; return what was heard since the last drain."""
        ...

    def played(self) -> list[Played]:
        """Return what has been heard so far since the last stop or drain."""
        ...

    def remaining(self) -> float:
        """Return the seconds of audio that were taken and are not heard yet."""
        ...

    def reference(self, time: float, count: int) -> Samples:
        """Return `count` samples at SAMPLE_RATE as played from `time` of the program's clock on; zeros where silent."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamWish:
    """A stream of a sound device that is wanted: a Recording or a Playing."""

    direction: ClassVar[Literal["input", "output"]]
    device: str
    """Its name, a part of it, its number, or empty for the system's own."""
    rates: tuple[int, ...]
    """Hertz, tried in this order, and then the device's own."""
    block: float
    """Seconds of a block."""
    on_open: Callable[[int], None]
    """Told the rate before the first block of each stream; in a thread of its own."""
    on_notice: Callable[[str, str], None]
    """Told a code, such as microphone_lost, and one line for a person; on the event loop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording(StreamWish):
    """A wish to record."""

    direction: ClassVar[Literal["input", "output"]] = "input"
    on_block: Callable[[bytes, int, float], None]
    """Given a block's samples (float32, the channels in turn), the number of channels, and when the last sample was
    recorded, by the program's clock. Runs in a thread of its own: it must be quick, and never raise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Playing(StreamWish):
    """A wish to play."""

    direction: ClassVar[Literal["input", "output"]] = "output"
    on_block: Callable[[Samples, float], None]
    """Given a silent block to fill, shape (n,), and when its first sample will sound, by the program's clock. Runs in a
    thread of its own: it must be quick, and never raise."""


class SoundStream(Protocol):
    """A stream that stays open: when its device is lost, it is waited for."""

    name: str
    """Of the device."""

    def lose(self, reason: str) -> None:
        """Say that it does not carry what it should, and have the device opened again by name."""
        ...

    def change_block(self, block: float) -> None:
        """Open the device again with blocks of `block` seconds, within some milliseconds."""
        ...

    def gather(self, blocks: int) -> None:
        """Bring that many recorded blocks together: each that comes alone wakes the program."""
        ...


class SoundCard(Protocol):
    """The sound devices of this machine."""

    def keep(self, wish: Recording | Playing) -> AbstractAsyncContextManager[SoundStream]:
        """Open a stream for the length of a block; raise DeviceError where it cannot be opened at the start."""
        ...


class Delivery(Protocol):
    """How the user asked the assistant to speak; it may change at any moment."""

    volume: float
    """0 to 1."""
    rate: int
    """Words a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """All that one conversation needs of the outside."""

    microphone: Microphone
    canceller: EchoCanceller | None = None
    wake_word: WakeWordDetector | None = None
    detector: SpeechDetector
    recognizer: Recognizer
    thinker: Thinker
    voice: Voice
    speaker: Speaker
    delivery: Delivery
    now: Callable[[], datetime]
    """Tells the wall clock."""
