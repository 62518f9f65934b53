"""Streams of sound devices that stay open: a loss is noticed, and the device opened again by name when it is back.

PortAudio is called from one thread of its own only; a hanging sound server never holds up the event loop.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from types import ModuleType, TracebackType
from typing import Protocol, Self, TypeVar

from voicestream.backends.sound_callbacks import player, recorder, take_precedence
from voicestream.backends.sound_devices import (
    HANGS,
    PERSON,
    START_AGAIN,
    USUAL,
    channels_that_open,
    find_device,
    list_devices,
    load_portaudio,
    names_seen_afresh,
    quiet_libraries,
    renew_list,
    tell,
)
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

CLOSING = 0.5
"""Seconds that closing may take before it is left to itself: 0.02 as a rule."""

HANGING = f"the sound system does not answer; if that lasts, {START_AGAIN}, and then voicestream"
"""Told after HANGS: where a device vanishes just between being opened and being started, PortAudio never returns.

https://github.com/PortAudio/portaudio/issues/535
"""

Result = TypeVar("Result")


class _Stream(Protocol):
    """What is used of sounddevice's streams."""

    latency: float

    def start(self) -> None: ...
    def abort(self) -> None: ...
    def close(self) -> None: ...


class SoundStreams:
    """All streams of this process; it is passed to whoever opens one, because PortAudio has one list for them all."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "sound devices")
        self._kept: list[KeptStream] = []
        self.hangs = False
        """Whether PortAudio was told to hang, and has opened nothing since."""

    def keep(self, wish: Recording | Playing) -> KeptStream:
        """Return a stream that is open while an `async with` lasts; raise DeviceError where it begins."""
        return KeptStream(self, wish)

    async def call(self, work: Callable[[], Result]) -> Result:
        """Run `work` in the thread of PortAudio, also if nobody waits for it any more.

        A stream that was never closed calls into memory that Python has given away: a segmentation fault.
        """
        return await asyncio.shield(asyncio.wrap_future(self._thread.submit(work)))

    def enter(self, kept: KeptStream) -> None:
        """Put a stream on the list of those that a renewal interrupts."""
        self._kept.append(kept)

    def leave(self, kept: KeptStream) -> None:
        """Take a stream off the list."""
        self._kept.remove(kept)

    async def look_again(self, seeker: KeptStream) -> None:
        """Refresh PortAudio's list for a stream that lost its device; others are interrupted only if that helps."""
        others = [kept for kept in self._kept if kept is not seeker and kept.is_open]
        if others:
            known = {device.name for device in await self.call(list_devices)}
            fresh = set(await self.call(names_seen_afresh)) - known
            if not any(seeker.would_take(name) for name in fresh):
                return
        for kept in others:
            await kept.release()
        await self.call(renew_list)
        for kept in others:
            kept.lose("")


class KeptStream:
    """One direction of one device. The wish's device is opened again by its name whenever it is lost."""

    def __init__(self, streams: SoundStreams, wish: Recording | Playing) -> None:
        self._streams = streams
        self._wish = wish
        self._wanted = wish.device
        self._block = self._opened_block = wish.block
        self._stream: _Stream | None = None
        self._index = -1
        self._called_at = 0.0
        self._calls_missing = 0
        self._runs = asyncio.Event()
        self._is_new = True
        self._is_moved = False
        self._lost = asyncio.Event()
        self._reason = ""
        self.name = ""
        """Of the device that is open, or was."""

    @property
    def is_open(self) -> bool:
        """True unless it is lost."""
        return self._stream is not None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        try:
            with self._telling_where_it_hangs():
                await self._streams.call(self._open)
        except BaseException:
            await self.release()
            raise
        if self._wanted.strip().isdecimal():
            self._wanted = self.name  # numbers change when devices come and go
        self._streams.enter(self)
        self._task = asyncio.create_task(self._keep(), name=f"keep {self._wish.direction} open")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await ended(self._task)
        self._streams.leave(self)
        await self.release()

    def lose(self, reason: str) -> None:
        """Close the stream and open the device again; `reason` is told to the person unless it is empty."""
        self._reason = reason
        self._lost.set()

    def change_block(self, block: float) -> None:
        """Open the device again with blocks of `block` seconds."""
        self._block = block
        if self.is_open:
            self.lose("")

    def would_take(self, name: str) -> bool:
        """Tell whether a device of that name is what is wanted."""
        wanted = self._wanted.strip().casefold()
        return wanted in USUAL or all(word in name.casefold() for word in wanted.split())

    async def release(self) -> None:
        """Close the stream, without waiting for ever."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING):
                await self._streams.call(self._close)

    # ------------------------------------------------------------------------------------- noticing and mending

    async def _keep(self) -> None:
        """Wait for a loss, tell it, open again, tell that."""
        person = PERSON[self._wish.direction]
        while True:
            await self._loss()
            reason = self._reason
            if reason:
                self._wish.on_notice(
                    f"{person}_lost", f"the {person} {self.name!r} is lost: {reason}; it is looked for"
                )
            await self.release()
            await self._reopen()
            if self._opened_block != self._block:  # it was changed while the device was being opened
                self.lose("")
            if reason or self._is_moved:
                self._is_moved = False
                self._wish.on_notice(f"{person}_back", f"the {person} is back: {self.name!r}")

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
        """Look now and then whether the device is there. A sound server that hangs may take for ever to tell."""
        while True:
            await asyncio.sleep(LOOKED_AFTER)
            is_there = await self._streams.call(self._is_there)
            if is_there and self._is_moved:
                self.lose("")
            elif not is_there and not self._is_moved:
                self._miss()

    def _miss(self) -> None:
        """Act on a device that is not there although its stream runs."""
        person = PERSON[self._wish.direction]
        if self._wish.direction == "input":  # it may be hearing anything now, even the loudspeaker
            self.lose("the sound server does not have it any more")
            return
        self._is_moved = True
        self._wish.on_notice(f"{person}_moved", f"the {person} {self.name!r} is gone; the sound server plays elsewhere")

    async def _reopen(self) -> None:
        """Try with growing pauses until the device is open again and calls; tell where the sound system hangs."""
        pause = FIRST_TRY
        while not (await self._try() or await self._try(is_new=True)):
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LAST_TRY)

    async def _try(self, is_new: bool = False) -> bool:
        """Open the device, with a list of devices that `is_new` if that may help; return whether it calls."""
        try:
            with self._telling_where_it_hangs():
                if is_new:
                    await self._streams.look_again(self)
                await self._streams.call(self._open)
            async with asyncio.timeout(STALLED):
                await self._runs.wait()
        except (DeviceError, TimeoutError):
            await self.release()
            return False
        self._streams.hangs = False
        return True

    @contextmanager
    def _telling_where_it_hangs(self) -> Iterator[None]:
        def say_so() -> None:
            if not self._streams.hangs:
                self._streams.hangs = True
                self._wish.on_notice("sound_hangs", HANGING)

        timer = self._loop.call_later(HANGS, say_so)
        try:
            yield
        finally:
            timer.cancel()

    # --------------------------------------------------------------------------------- in PortAudio's own thread

    def _open(self) -> None:
        """Open and start the stream at the first rate that the device takes; raise DeviceError.

        PortAudio's Pa_OpenStream must not fail while another stream runs: its threads share the variable that holds the
        error, and where one takes it for success, the process ends with a segmentation fault (1 in 1,600 failures on
        PulseAudio, measured) or Pa_StartStream never returns. What it says of a format is free of that: so that first.
        """
        self._lost.clear()
        self._runs.clear()
        self._is_new = True
        self._opened_block = self._block
        self._calls_missing = max(PROVEN_CALLS, round(PROVEN / self._opened_block))
        sounddevice = load_portaudio()
        device = find_device(list_devices(), self._wanted, self._wish.direction)
        failure = ""
        for rate in dict.fromkeys((*self._wish.rates, device.rate)):
            try:
                channels = channels_that_open(device.index, self._wish.direction, rate)
                self._wish.on_open(rate)
                with quiet_libraries():
                    self._stream = self._make(sounddevice, device.index, rate, channels)
                    self._called_at = time.monotonic()
                    self._stream.start()  # at once: a device that vanishes before it never lets go
            except (DeviceError, sounddevice.PortAudioError, ValueError) as error:
                failure = tell(error)
                self._close()
            else:
                self.name, self._index, self._rate = device.name, device.index, rate
                self._is_served = device.host == "ALSA" and self._wanted.strip().casefold() not in USUAL
                return
        person = PERSON[self._wish.direction]
        raise DeviceError(f"the {person} {device.name!r} cannot be opened: {failure}; is another program using it?")

    def _is_there(self) -> bool:
        """Tell whether the sound server still has the device that was asked for by name."""
        if not self._is_served:
            return True
        try:
            channels_that_open(self._index, self._wish.direction, self._rate)
        except DeviceError as error:
            return error.code != "gone"
        return True

    def _close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.abort()  # never stop(), which hangs on a suspended sink
            stream.close()

    def _make(self, sounddevice: ModuleType, index: int, rate: int, channels: int) -> _Stream:
        """Make the stream whose callbacks note their time and pass the block on."""

        def note() -> None:
            self._called_at = time.monotonic()
            if self._is_new:
                self._is_new = False
                take_precedence()
            self._calls_missing -= 1
            if self._calls_missing == 0:
                self._loop.call_soon_threadsafe(self._runs.set)

        def finish() -> None:
            with suppress(RuntimeError):  # the loop is closed: the sound system hung, and nobody waited for it
                self._loop.call_soon_threadsafe(self._finished, stream)

        match self._wish:
            case Recording() as wish:  # made to an array in the callback, it would take 1 % of a core more
                kind, callback = sounddevice.RawInputStream, recorder(wish, channels, rate, note)
            case Playing() as wish:
                kind, callback = sounddevice.OutputStream, player(wish, 3 * self._opened_block, note)
        stream: _Stream = kind(
            samplerate=rate,
            blocksize=round(self._opened_block * rate),
            device=index,
            channels=channels,
            dtype="float32",
            latency="low",
            callback=callback,
            finished_callback=finish,
        )
        return stream

    def _finished(self, stream: _Stream) -> None:
        if stream is self._stream:  # not one that we closed ourselves
            self.lose("its stream ended")
