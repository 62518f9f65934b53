"""The loudspeaker: one stream stays open and asks for 10 ms at a time; a lost device is waited for."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Self

import numpy as np

from voicestream.errors import DeviceError
from voicestream.parts import Playing, SoundCard, SoundStream
from voicestream.speaking.playback import Mark, MarkKind, Playback
from voicestream.speaking.reference import Reference
from voicestream.vocabulary import Played, Samples, Sentence, Sound

RATE = 48_000
"""Hertz: what sound servers and cards run at, and three times what the echo canceller takes."""

PATIENCE = 5.0
"""Seconds for which sound is kept when the loudspeaker is lost; later it would answer a forgotten question."""

RESTS_AFTER = 10.0
RESTING_BLOCK = 0.16
"""Seconds of silence after which the stream asks for longer blocks, which costs 0.4 % of a core instead of 3.5
(measured on PulseAudio). The next sound would come 40 ms later: so it is woken when the user begins to speak. Closing
the stream would cost nothing, but Bluetooth speakers that wake up swallow the first word."""

SWITCH = 0.001
"""Seconds after which a busy Python thread gives way. At Python's 0.005, three busy threads cost 59 gaps in 3 s of
sound in 10 ms blocks (measured on PulseAudio); at 0.001, none."""


class Loudspeaker:
    """A sound device that plays sentences; every method but the block's callback belongs to the event loop."""

    def __init__(
        self,
        card: SoundCard,
        device: str = "",
        *,
        block: float = 0.01,
        ahead: float = 2.0,
        on_notice: Callable[[str, str], None] = lambda code, message: None,
    ) -> None:
        self.rate = RATE
        self.on_sound: Callable[[MarkKind, Sentence, float], None] = lambda kind, sentence, at: None
        self._ahead = round(ahead * RATE)
        self._block = block
        self._on_notice = on_notice
        self._opening: AbstractAsyncContextManager[SoundStream] = card.keep(
            Playing(
                device=device,
                rates=(RATE,),
                block=block,
                on_block=self._fill,
                on_open=self._open,
                on_notice=self._notice,
            )
        )
        self._lock = threading.Lock()
        """Guards what the callback shares with the event loop, down to the changed event."""
        self._playback = Playback(RATE)
        self._reference = Reference(RATE)
        self._marks: list[Mark] = []
        self._wake_at = -1
        """Samples left at which somebody on the event loop is waiting to be woken; -1 for nobody."""
        self._changed = asyncio.Event()
        self._told: dict[Mark, asyncio.TimerHandle] = {}
        self._giving_up: asyncio.TimerHandle | None = None
        self._resting: asyncio.TimerHandle | None = None
        self._is_resting = False
        self._is_given_up = False
        self._is_drained = False

    @property
    def name(self) -> str:
        """The device's name."""
        return self._stream.name

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._switch = sys.getswitchinterval()
        self._stream = await self._opening.__aenter__()
        sys.setswitchinterval(SWITCH)
        self._rest_later()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sys.setswitchinterval(self._switch)
        await self._opening.__aexit__(kind, error, trace)
        for timer in (*self._told.values(), self._giving_up, self._resting):
            if timer is not None:
                timer.cancel()

    async def play(self, sound: Sound) -> None:
        """Take a piece of a sentence; return as soon as there is room for the next; raise DeviceError."""
        with self._lock:
            if self._is_drained:
                self._playback.forget_heard()
                self._is_drained = False
            self._playback.add(sound)
        self.wake()
        await self._until_left(self._ahead)

    async def drain(self) -> None:
        """Return when the last sample that was taken has been heard; raise DeviceError."""
        # Neither stop() nor CallbackStop of PortAudio waits for that: they cut 30 to 140 ms off the end (measured).
        with self._lock:
            self._playback.finish()
        await self._until_left(0)
        with self._lock:
            end = self._reference.time.time_of(self._playback.sounded_to)
        await asyncio.sleep(end - self._loop.time())
        await asyncio.sleep(0)  # the announcement of the end has the same time, and comes first
        self._is_drained = True
        self._rest_later()

    def wake(self) -> None:
        """Be ready to play at once: somebody has begun to speak, and will be answered."""
        if self._is_resting:
            self._is_resting = False
            self._stream.change_block(self._block)
        self._rest_later()

    def pause(self) -> None:
        """Fade out from the next block on, and keep the rest."""
        with self._lock:
            self._playback.pause()

    def resume(self) -> None:
        """Go on at the sample after the last one rendered."""
        with self._lock:
            self._playback.resume()

    def stop(self) -> list[Played]:
        """Fade out from the next block on and forget the rest; return what was heard of it all.

        What is on its way through the device will be heard, and counts.
        """
        with self._lock:
            played = self._playback.stop()
        self._announce()
        for mark, timer in list(self._told.items()):  # whoever stops an answer must not hear of it later
            timer.cancel()
            self._tell(mark)
        self._changed.set()
        self._rest_later()
        return played

    def played(self) -> list[Played]:
        """Return what has been heard since the last stop, or since the first sound after the last drain."""
        with self._lock:
            return self._playback.played(self._heard_to())

    def remaining(self) -> float:
        """Return the seconds of audio that were taken and are not heard yet."""
        with self._lock:
            on_its_way = max(0, self._playback.sounded_to - self._heard_to())
            return self._playback.queued + on_its_way / RATE

    def reference(self, time: float, count: int) -> Samples:
        """Return `count` samples at SAMPLE_RATE as they sound from `time` of the monotonic clock on."""
        with self._lock:
            return self._reference.read(time, count)

    def _heard_to(self) -> int:
        return min(self._playback.position, round(self._reference.time.position_of(time.monotonic())))

    async def _until_left(self, count: int) -> None:
        """Return when no more than `count` samples are left to render."""
        while True:
            if self._is_given_up:
                raise DeviceError("the loudspeaker is lost; the rest of the answer was not spoken", "loudspeaker_lost")
            with self._lock:
                if self._playback.left <= count and (count or self._playback.is_idle):
                    return
                self._wake_at = max(self._wake_at, count)
            self._changed.clear()
            await self._changed.wait()

    # ------------------------------------------------------------------------------------- the stream's threads

    def _open(self, rate: int) -> None:
        """Get ready for a new stream."""
        import soxr

        self._converter = None if rate == RATE else soxr.ResampleStream(RATE, rate, 1, dtype="float32")
        self._rest = np.zeros(0, np.float32)
        self._largest = round(2 * self._block * rate)
        with self._lock:
            self._reference.time.restart()

    def _fill(self, block: Samples, sounds_at: float) -> None:
        """Give the device what it asks for."""
        if self._is_resting or len(block) > self._largest:  # the second is the last block of a stream that rested
            block.fill(0)
            return
        if self._converter is None:
            block[:] = self._render(len(block), sounds_at)
            return
        while len(self._rest) < len(block):
            self._rest = np.concatenate(
                (self._rest, self._converter.resample_chunk(self._render(len(block), sounds_at)))
            )
        block[:], self._rest = self._rest[: len(block)], self._rest[len(block) :]

    def _render(self, count: int, sounds_at: float) -> Samples:
        with self._lock:
            rendered = self._playback.render(count)
            self._reference.time.note(rendered.position, sounds_at)
            self._reference.add(rendered.samples, rendered.position)
            self._marks += rendered.marks
            is_awaited = self._playback.left <= self._wake_at
            if is_awaited:
                self._wake_at = -1
        if is_awaited or rendered.marks:
            self._loop.call_soon_threadsafe(self._progress)
        return rendered.samples

    # ------------------------------------------------------------------------------------------- the event loop

    def _progress(self) -> None:
        self._announce()
        self._changed.set()

    def _announce(self) -> None:
        """Set a timer for each mark, for the moment when it is heard."""
        with self._lock:
            marks, self._marks = self._marks, []
            times = [self._reference.time.time_of(mark.position) for mark in marks]
        # A device that stood still leaves the line behind: "Paris." once sounded 0.3 s before it was made.
        now = self._loop.time()
        times = [max(at, now) for at in times]
        for mark, at in zip(marks, times, strict=True):
            self._told[mark] = self._loop.call_at(at, self._tell, mark)

    def _tell(self, mark: Mark) -> None:
        at = self._told.pop(mark).when()
        self.on_sound(mark.kind, mark.sentence, at)

    def _rest_later(self) -> None:
        """Rest when nothing is played for a while. Only Linux opens a stream again within 8 ms (measured)."""
        if self._resting is not None:
            self._resting.cancel()
        if sys.platform == "linux":
            self._resting = self._loop.call_later(RESTS_AFTER, self._go_to_rest)

    def _go_to_rest(self) -> None:
        with self._lock:
            self._is_resting = self._playback.is_idle
        if self._is_resting:
            self._stream.change_block(RESTING_BLOCK)
        else:
            self._rest_later()

    def _notice(self, code: str, message: str) -> None:
        """Pass a notice on; begin and end the patience with a lost device."""
        if code == "loudspeaker_lost":
            self._giving_up = self._loop.call_later(PATIENCE, self._give_up)
        elif code == "loudspeaker_back":
            self._is_given_up = False
            if self._giving_up is not None:
                self._giving_up.cancel()
        self._on_notice(code, message)

    def _give_up(self) -> None:
        self._is_given_up = True
        with self._lock:
            self._playback.drop()
        self._changed.set()
