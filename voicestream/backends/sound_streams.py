"""Streams of sound devices that stay open: a loss is noticed, and the device opened again by name when it is back.

PortAudio runs in a process of its own: what hangs or dies with a sound server is killed there, and begun anew.
"""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import Self

import numpy as np

from voicestream.backends.sound_devices import PERSON, USUAL
from voicestream.backends.sound_process import HANGING, SoundProcess, list_devices
from voicestream.errors import DeviceError
from voicestream.parts import Playing, Recording
from voicestream.stages import ended

STALLED = 1.0
"""Seconds without a callback after which a stream is dead: a suspended sink stops calling, and says nothing."""

FIRST_TRY = 0.2
LAST_TRY = 1.5
"""Seconds between two attempts to open a lost device; they grow from the first to the last."""

LOOKED_AFTER = 1.5
"""Seconds between two looks whether a named device of a sound server is there: 4 ms of work each. When it goes, the
server moves its streams elsewhere without a word."""

PROVEN, PROVEN_CALLS = 0.3, 6
"""Seconds of blocks, and blocks, after which a stream counts as running: a suspended sink takes three, and no more."""

CLOSING = 1.0
"""Seconds that closing may take: 0.02 as a rule, and for ever where a device or a server went at the wrong moment."""


class SoundStreams:
    """All streams of this process. They share one process of PortAudio's, which needs 37 MB."""

    def __init__(self) -> None:
        self._process: SoundProcess | None = None
        self._kept: list[KeptStream] = []
        self._opened = 0
        self._renewing = asyncio.Lock()
        self.hangs = False
        """Whether it was told that the sound system hangs, and nothing has opened since."""

    def keep(self, wish: Recording | Playing) -> KeptStream:
        """Return a stream that is open while an `async with` lasts; raise DeviceError where it begins."""
        return KeptStream(self, wish)

    def process(self) -> SoundProcess:
        """Return the process that runs, or start one."""
        if self._process is None or not self._process.is_alive:
            self._process = SoundProcess()
        return self._process

    def next_number(self) -> int:
        """Return a number for a stream."""
        self._opened += 1
        return self._opened

    def enter(self, kept: KeptStream) -> None:
        """Put a stream on the list of those that need the process."""
        self._kept.append(kept)

    async def leave(self, kept: KeptStream) -> None:
        """Take a stream off the list; the last one ends the process."""
        self._kept.remove(kept)
        if not self._kept and self._process is not None:
            await self._process.end()

    async def look_again(self, seeker: KeptStream) -> None:
        """Begin PortAudio anew, which alone refreshes its list, for a stream that lost its device; raise DeviceError.

        Others are interrupted only if that helps.
        """
        before = self._process
        async with self._renewing:
            if before is self._process and not any(kept.is_new for kept in self._kept):  # that would not try again
                await self._renew(seeker)

    async def _renew(self, seeker: KeptStream) -> None:
        others = [kept for kept in self._kept if kept is not seeker and kept.is_open]
        if others:
            known = set(await self.process().call("names", {}))
            fresh = {device.name for device in await asyncio.to_thread(list_devices)} - known
            if not any(seeker.would_take(name) for name in fresh):
                return
        for kept in others:
            await kept.release()
        if self._process is not None:
            await self._process.end()
        for kept in others:
            kept.lose("")


class KeptStream:
    """One direction of one device. The wish's device is opened again by its name whenever it is lost."""

    def __init__(self, streams: SoundStreams, wish: Recording | Playing) -> None:
        self._streams = streams
        self._wish = wish
        self._wanted = wish.device
        self._block = self._opened_block = wish.block
        self._process: SoundProcess | None = None
        """Of the stream that is open."""
        self._number = 0
        self._channels = 1
        self._at_a_time = 1
        self._is_served = False
        self._called_at = 0.0
        self._calls_missing = 0
        self._runs = asyncio.Event()
        self._is_moved = False
        self._lost = asyncio.Event()
        self._reason = ""
        self._is_told = False
        self.is_new = True
        """Whether it has not been open yet."""
        self.name = ""
        """Of the device that is open, or was."""

    @property
    def is_open(self) -> bool:
        """True unless it is lost."""
        return self._process is not None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._streams.enter(self)
        try:
            await self._open()
        except BaseException:
            await self.release()
            await self._streams.leave(self)
            raise
        self.is_new = False
        if self._wanted.strip().isdecimal():
            self._wanted = self.name  # numbers change when devices come and go
        self._task = asyncio.create_task(self._keep(), name=f"keep {self._wish.direction} open")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await ended(self._task)
        await self.release()
        await self._streams.leave(self)

    def lose(self, reason: str) -> None:
        """Close the stream and open the device again; `reason` is told to the person unless it is empty."""
        self._reason = reason
        self._lost.set()

    def change_block(self, block: float) -> None:
        """Open the device again with blocks of `block` seconds."""
        self._block = block
        if self.is_open:
            self.lose("")

    def gather(self, blocks: int) -> None:
        """Bring that many recorded blocks together, from now on."""
        self._at_a_time = blocks
        if self._process is not None:
            self._process.gather(self._number, blocks)

    def would_take(self, name: str) -> bool:
        """Tell whether a device of that name is what is wanted."""
        wanted = self._wanted.strip().casefold()
        return wanted in USUAL or all(word in name.casefold() for word in wanted.split())

    async def release(self) -> None:
        """Close the stream."""
        process, self._process = self._process, None
        if process is not None:
            await process.close(self._number, CLOSING)

    # ------------------------------------------------------------------------------------- noticing and mending

    async def _keep(self) -> None:
        """Wait for a loss, tell it, open again, tell that."""
        while True:
            await self._loss()
            if self._reason:
                self._tell_loss()
            await self.release()
            await self._reopen()
            if self._opened_block != self._block:  # it was changed while the device was being opened
                self.lose("")
            if self._is_told or self._is_moved:
                self._is_told = self._is_moved = False
                self._tell("back", f"is back: {self.name!r}")

    def _tell(self, code: str, message: str) -> None:
        person = PERSON[self._wish.direction]
        self._wish.on_notice(f"{person}_{code}", f"the {person} {message}")

    def _tell_loss(self) -> None:
        self._is_told = True
        self._tell("lost", f"{self.name!r} is lost: {self._reason or 'it does not open again'}; it is looked for")

    async def _loss(self) -> None:
        """Return when the stream ended, has not called for too long, or its device is not there."""
        watching = [asyncio.create_task(work) for work in (self._watch_calls(), self._look_after())]
        try:
            await self._lost.wait()
        finally:
            for task in watching:
                await ended(task)

    async def _watch_calls(self) -> None:
        while not self._lost.is_set():
            await asyncio.sleep(self._called_at + STALLED - time.monotonic())
            if time.monotonic() >= self._called_at + STALLED:
                self.lose("it does not answer")

    async def _look_after(self) -> None:
        """Look now and then whether the device is there."""
        while True:
            await asyncio.sleep(LOOKED_AFTER)
            is_there = await self._is_there()
            if is_there and self._is_moved:
                self.lose("")
            elif not is_there and not self._is_moved:
                self._miss()

    async def _is_there(self) -> bool:
        """Tell whether the sound server still has the device that was asked for by name."""
        if not self._is_served or self._process is None:
            return True
        try:
            return bool(await self._process.call("is_there", {"stream": self._number}))
        except DeviceError:  # the process was killed, and its streams know
            return True

    def _miss(self) -> None:
        """Act on a device that is not there although its stream runs."""
        if self._wish.direction == "input":  # it may be hearing anything now, even the loudspeaker
            self.lose("the sound server does not have it any more")
            return
        self._is_moved = True
        self._tell("moved", f"{self.name!r} is gone; the sound server plays elsewhere")

    async def _reopen(self) -> None:
        """Try with growing pauses until the device is open again and calls."""
        pause = FIRST_TRY
        while not (await self._try() or await self._try(is_new=True)):
            if not self._is_told:  # it was interrupted for the sake of another, and does not come back at once
                self._tell_loss()
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LAST_TRY)

    async def _try(self, is_new: bool = False) -> bool:
        """Open the device, with a list of devices that `is_new` if that may help; return whether it calls."""
        try:
            if is_new:
                await self._streams.look_again(self)
            await self._open()
            async with asyncio.timeout(STALLED):
                await self._runs.wait()
        except (DeviceError, TimeoutError) as error:
            await self.release()
            if isinstance(error, DeviceError) and error.code == "hangs" and not self._streams.hangs:
                self._streams.hangs = True
                self._wish.on_notice("sound_hangs", HANGING)
            return False
        self._streams.hangs = False
        return True

    async def _open(self) -> None:
        """Open and start the stream; raise DeviceError."""
        self._lost.clear()
        self._runs.clear()
        self._opened_block = self._block
        self._calls_missing = max(PROVEN_CALLS, round(PROVEN / self._opened_block))
        process = self._process = self._streams.process()
        self._number = self._streams.next_number()
        opened = await process.open(
            self._number,
            self,
            direction=self._wish.direction,
            device=self._wanted,
            rates=self._wish.rates,
            block=self._opened_block,
        )
        if self._process is not process:  # it was released meanwhile
            raise DeviceError(f"the {PERSON[self._wish.direction]} was interrupted", "interrupted")
        self._called_at = time.monotonic()
        self.name, self._is_served = opened["name"], opened["is_served"]
        process.gather(self._number, self._at_a_time)

    def ended(self, is_alone: bool) -> None:
        """Have the device opened again: its stream ended, by itself or with the process that all streams share."""
        self.lose("its stream ended" if is_alone else "")

    # --------------------------------------------------------------- blocks, in a thread of PortAudio's process

    def opening(self, rate: int, channels: int) -> None:
        """Get ready for the blocks of a stream that begins."""
        self._channels = channels
        self._wish.on_open(rate)

    def recorded(self, block: bytes, recorded_at: float) -> None:
        """Pass a block on."""
        self._note()
        if isinstance(self._wish, Recording):
            self._wish.on_block(block, self._channels, recorded_at)

    def wanted(self, count: int, sounds_at: float) -> bytes:
        """Return a block; nothing for silence."""
        self._note()
        block = np.zeros(count, np.float32)
        if isinstance(self._wish, Playing):
            self._wish.on_block(block, sounds_at)
        return block.tobytes() if block.any() else b""

    def _note(self) -> None:
        self._called_at = time.monotonic()
        self._calls_missing -= 1
        if self._calls_missing == 0:
            self._loop.call_soon_threadsafe(self._runs.set)
