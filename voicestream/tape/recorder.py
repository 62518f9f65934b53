"""Writes a tape: every item from outside is handed on in an arrival of its own, and written with its moment.

Lines of JSON in tape.jsonl: `note` (what the session is), `open`, `item`, `end` and `close` (a stream of a part),
`call` (what a part answered at once) and `input` (what came unasked). A line is on its way to the disk before the
program acts on it. What cannot be written costs the recording, and not the conversation.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

import msgspec

from voicestream.stages import Channel
from voicestream.stepped_time import SteppedLoop
from voicestream.tape.forms import Form, Json, Likeness, as_16_bits, as_samples, read_error, write_error
from voicestream.thinking.timers import Moment
from voicestream.vocabulary import Samples

if TYPE_CHECKING:
    import numpy as np
    from soundfile import SoundFile

Item = TypeVar("Item")

TAPE = "tape.jsonl"

AHEAD = 64
"""Items of a stream that may lie unread: two seconds of frames."""


def session_clock(loop: SteppedLoop, started_at: float, started: datetime) -> Callable[[], Moment]:
    """Return the clocks of a session: the wall clock is read once, and then goes with the steps of the loop."""

    def moment() -> Moment:
        now = loop.time()
        return Moment(now, started + timedelta(seconds=now - started_at))

    return moment


class AudioFiles:
    """FLAC files that grow: after a crash they can be read to their last block, a quarter of a second."""

    def __init__(self, folder: Path, on_fault: Callable[[Exception], None]) -> None:
        self._folder = folder
        self._on_fault = on_fault
        self._files: dict[str, SoundFile] = {}
        self._ends: dict[str, int] = {}
        self._is_lost = False
        self._last: np.ndarray[tuple[int], np.dtype[np.int16]] | None = None

    def add(self, name: str, rate: int, samples: Samples) -> int:
        """Append samples to a file, and return where they begin."""
        import soundfile

        start = self._ends.get(name, 0)
        self._last = as_16_bits(samples)
        self._ends[name] = start + len(samples)
        if self._is_lost:
            return start
        try:
            if name not in self._files:
                path = self._folder / f"{name}.flac"
                self._files[name] = soundfile.SoundFile(path, "w", rate, 1, subtype="PCM_16", format="FLAC")
            self._files[name].write(self._last)
        except (OSError, RuntimeError) as error:  # soundfile's are RuntimeErrors
            self._is_lost = True
            self._on_fault(error)
        return start

    def read(self, name: str, start: int, count: int) -> Samples:
        """Return the samples that were added last."""
        assert self._last is not None
        return as_samples(self._last)

    def close(self) -> None:
        """End the files."""
        for file in self._files.values():
            with suppress(OSError, RuntimeError):
                file.close()


class Recorder:
    """One tape that is being written, on a stepped loop."""

    def __init__(self, folder: Path, file: BinaryIO, on_fault: Callable[[str], None]) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SteppedLoop), "on another loop nothing could be repeated exactly"
        self._loop = loop
        self._file: BinaryIO | None = file
        self._on_fault = on_fault
        self.audio = AudioFiles(folder, self.give_up)
        self._numbers = itertools.count()
        self._pumps: dict[str, set[asyncio.Task[None]]] = {}
        started = datetime.now().replace(microsecond=0)
        self.moment = session_clock(loop, loop.time(), started)
        self.note("start", [loop.time(), started.isoformat()])

    def note(self, name: str, value: Json) -> None:
        """Write something that the session is made of."""
        self._write({"note": name, "value": value})

    async def stream(
        self,
        part: str,
        question: Json,
        source: Callable[[], AsyncGenerator[Item, None]],
        form: Form[Item],
        likeness: Likeness | None = None,
    ) -> AsyncGenerator[Item, None]:
        """Yield what `source` yields, each item in an arrival; leaving it closes the source, and waits for nothing."""
        number = next(self._numbers)
        self._write({"open": number, "at": self._loop.time(), "part": part, "question": question})
        channel: Channel[Item] = Channel(AHEAD)
        pumps = self._pumps.setdefault(part, set())
        left = [pump for pump in pumps if pump.cancelling()]
        pump = asyncio.create_task(self._pump(number, source, form, channel, left), name=f"tape {part}")
        pumps.add(pump)
        pump.add_done_callback(pumps.discard)
        try:
            async for item in channel:
                yield item
        finally:
            if not pump.done():
                pump.cancel()
                self._write({"close": number, "at": self._loop.time()})

    async def _pump(
        self,
        number: int,
        source: Callable[[], AsyncGenerator[Item, None]],
        form: Form[Item],
        channel: Channel[Item],
        left: list[asyncio.Task[None]],
    ) -> None:
        """Let the items arrive; a part is asked again only when it has ended what was `left` of it."""
        if left:
            await asyncio.wait(left)
        error: Exception | None = None
        items = source()
        try:
            async for item in items:
                value = form.write(item, self.audio)
                as_read = form.read(msgspec.json.decode(msgspec.json.encode(value)), self.audio)
                self._write({"item": number, "at": await self._loop.arrival(), "value": value})
                channel.put_now(as_read)
                await channel.room()
        except Exception as fault:  # whatever it is must reach the reader, who would wait for ever
            error = fault
        finally:
            await items.aclose()
        line: dict[str, Json] = {"end": number, "at": await self._loop.arrival()}
        if error is None:
            self._write(line)
            channel.end()
            return
        self._write(line | {"error": write_error(error)})
        failure = read_error(write_error(error))
        failure.__cause__ = error
        channel.end(failure)

    def call(self, part: str, value: Json) -> None:
        """Write what a part answered at once."""
        self._write({"call": part, "at": self._loop.time(), "value": value})

    def arrive(self, kind: str, value: Json, take: Callable[[], None]) -> None:
        """Let something that came unasked count in an arrival of its own: write it, then take it."""

        def arrived(at: float) -> None:
            self.came(kind, at, value)
            take()

        self._loop.call_on_arrival(arrived)

    async def arrival(self, kind: str) -> None:
        """Wait for an arrival in which nothing comes but that it goes on, and write it."""
        self.came(kind, await self._loop.arrival(), None)

    def came(self, kind: str, at: float, value: Json) -> None:
        """Write that something came unasked, at the moment of its arrival."""
        self._write({"input": kind, "at": at, "value": value})

    async def close(self) -> None:
        """End all that still runs for a stream, and the files."""
        pumps = [pump for part in self._pumps.values() for pump in part]
        for pump in pumps:
            pump.cancel()
        if pumps:
            await asyncio.wait(pumps)
        self.audio.close()
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            self._file = None

    @property
    def is_writing(self) -> bool:
        """Whether it goes on: not so after a fault."""
        return self._file is not None

    def _write(self, line: dict[str, Json]) -> None:
        if self._file is None:
            return
        try:
            self._file.write(msgspec.json.encode(line) + b"\n")  # unbuffered: the system has it when this returns
        except OSError as error:
            self.give_up(error)

    def give_up(self, error: Exception) -> None:
        """Give the recording up, and say so once."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            self._file = None
            self._on_fault(f"The recording ends here: {getattr(error, 'strerror', None) or error}")
