"""Plays a tape: gives each question its recorded answer at the recorded moment, and lets arrive what came unasked.

A question that the tape does not hold, as a changed program or setting may ask it, is given the likest answer that
the tape has for that part, as long after it as then.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import numpy as np

from voicestream.errors import InputError
from voicestream.stages import Channel
from voicestream.stepped_time import TICKS_PER_SECOND, SteppedLoop
from voicestream.tape.forms import Form, Json, Likeness, as_samples, read_error
from voicestream.tape.recorder import TAPE
from voicestream.vocabulary import Samples

if TYPE_CHECKING:
    import soundfile

Item = TypeVar("Item")


@dataclass(slots=True)
class Recorded:
    """A stream on the tape."""

    number: int
    part: str
    question: Json
    opened: float
    """Seconds of the loop's clock."""
    items: list[tuple[float, Json]] = field(default_factory=list)
    ended: float | None = None
    """None where the tape breaks off before."""
    error: Json = None
    is_used: bool = False


@dataclass(slots=True)
class Tape:
    """What a tape holds."""

    notes: dict[str, Json] = field(default_factory=dict)
    streams: list[Recorded] = field(default_factory=list)
    calls: dict[str, deque[tuple[float, Json]]] = field(default_factory=lambda: defaultdict(deque))
    inputs: list[tuple[float, str, Json]] = field(default_factory=list)
    last: float = 0.0
    """The moment of the last line."""
    is_whole: bool = False


def read_tape(folder: Path, audio: AudioReader) -> Tape:
    """Read a tape as far as it can be read; raise InputError where there is none."""
    path = folder / TAPE
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}; `voicestream talk --record` makes one") from error
    tape, streams = Tape(), dict[int, Recorded]()
    for line in lines:
        try:
            record = msgspec.json.decode(line)
            if not _add(record, tape, streams, audio):
                break
        except (msgspec.DecodeError, KeyError, TypeError, ValueError):
            break  # a line that was being written when the program was killed
    if not tape.notes:
        raise InputError(f"{path}: is no tape of a session")
    return tape


def _add(record: dict[str, Any], tape: Tape, streams: dict[int, Recorded], audio: AudioReader) -> bool:
    """Add a line; return False where its audio is lost: a crash loses the last block, and the tape ends before it."""
    match record:
        case {"note": name, "value": value}:
            tape.notes[name] = value
            return True
        case {"open": number, "at": at, "part": part, "question": question}:
            streams[number] = Recorded(number, part, question, at)
            tape.streams.append(streams[number])
        case {"item": number, "at": at, "value": value}:
            if not _has_audio(audio, streams[number].part, value):
                return False
            streams[number].items.append((at, value))
        case {"end": number, "at": at}:
            streams[number].ended, streams[number].error = at, record.get("error")
        case {"close": number, "at": at}:  # whoever reads longer than then meets an end
            streams[number].ended = at + 1 / TICKS_PER_SECOND
        case {"call": part, "at": at, "value": value}:
            if not _has_audio(audio, part, value):
                return False
            tape.calls[part].append((at, value))
        case {"input": kind, "at": at, "value": value}:
            tape.inputs.append((at, kind, value))
            tape.is_whole = tape.is_whole or kind in ("end", "over")
    tape.last = max(tape.last, record["at"])
    return True


def _has_audio(audio: AudioReader, part: str, value: Json) -> bool:
    match part:
        case "microphone" | "reference":
            return audio.has(part, value[0] + value[1])
        case "voice":
            return audio.has(f"voice-{value[0]}", value[1] + value[2])
    return True


class AudioReader:
    """The audio files beside a tape, each read whole when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, np.ndarray[tuple[int], np.dtype[np.int16]]] = {}

    def add(self, name: str, rate: int, samples: Samples) -> int:
        """Refuse: a tape that is played is not changed."""
        raise TypeError("a tape that is played is not changed")

    def has(self, name: str, count: int) -> bool:
        """Return whether a file holds so many samples."""
        return len(self._file(name)) >= count

    def read(self, name: str, start: int, count: int) -> Samples:
        """Return samples of a file; zeros where it has none."""
        found = as_samples(self._file(name)[start : start + count])
        return found if len(found) == count else np.concatenate((found, np.zeros(count - len(found), np.float32)))

    def _file(self, name: str) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
        if name not in self._files:
            blocks = list(_blocks(self._folder / f"{name}.flac"))
            self._files[name] = np.concatenate(blocks) if blocks else np.zeros(0, np.int16)
        return self._files[name]


def _blocks(path: Path) -> Iterator[np.ndarray[tuple[int], np.dtype[np.int16]]]:
    """Yield what a FLAC file holds, also of one whose writer was killed: its length is not known then."""
    import soundfile

    with suppress(soundfile.LibsndfileError), soundfile.SoundFile(path) as file:
        while len(block := _read(file)):
            yield block


def _read(file: soundfile.SoundFile) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    block: np.ndarray[tuple[int], np.dtype[np.int16]] = file.read(4096, dtype="int16")
    return block


class Player:
    """One tape that is played, on a stepped loop in virtual time."""

    def __init__(self, tape: Tape, audio: AudioReader) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SteppedLoop)
        self._loop = loop
        self.tape = tape
        self.audio = audio

    async def stream(
        self,
        part: str,
        question: Json,
        source: Callable[[], AsyncGenerator[Item, None]],
        form: Form[Item],
        likeness: Likeness | None = None,
    ) -> AsyncGenerator[Item, None]:
        """Yield what was recorded for the question; `source` is not asked. Raise LookupError where there is nothing."""
        recorded = self.find(part, question, likeness)
        if recorded is None:
            raise LookupError(part)
        recorded.is_used = True
        channel: Channel[Item] = Channel(len(recorded.items) + 1)
        pump = asyncio.create_task(self._pump(recorded, form, channel), name=f"tape {part}")
        try:
            async for item in channel:
                yield item
        finally:
            pump.cancel()  # as the recorder does: waiting here would change the order of what follows

    def find(self, part: str, question: Json, likeness: Likeness | None = None) -> Recorded | None:
        """Return the first recorded stream that answers the question, else the likest one."""
        streams = [stream for stream in self.tape.streams if stream.part == part]
        for stream in streams:
            if not stream.is_used and stream.question == question:
                return stream
        if likeness is None or not streams:
            return None
        return max(
            streams,
            key=lambda stream: (*likeness(stream.question, stream.opened), not stream.is_used, -stream.number),
        )

    async def _pump(self, recorded: Recorded, form: Form[Item], channel: Channel[Item]) -> None:
        late = self._loop.time() - recorded.opened
        for at, value in recorded.items:
            await self._loop.arrival(at + late)
            channel.put_now(form.read(value, self.audio))
        if recorded.ended is not None:
            await self._loop.arrival(recorded.ended + late)
            channel.end(None if recorded.error is None else read_error(recorded.error))

    async def inputs(self, take: Callable[[str, Json], None]) -> None:
        """Let everything arrive that came unasked."""
        for at, kind, value in self.tape.inputs:
            await self._loop.arrival(at)
            take(kind, value)
