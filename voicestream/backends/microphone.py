"""The microphone: a sound device whose stream never ends. A lost one is waited for, with silence in its place."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from voicestream.hearing.echo_path import EchoPath
from voicestream.hearing.frames import FrameCutter
from voicestream.hearing.live_channel import LiveChannel
from voicestream.parts import Recording, SoundCard, SoundStream
from voicestream.speaking.stream_time import StreamTime
from voicestream.vocabulary import FRAME_SAMPLES, FRAME_SECONDS, SAMPLE_RATE, Frame, Samples

KEPT = 4.0
"""Seconds of frames that wait for a slow reader before the oldest is dropped."""

RESTING_FRAMES = 8
"""Frames that come at a time while nobody speaks: 0.26 s. What is done in one go finds its code and data in the
processor's caches: idle, the event loop takes 1.6 % of a core, with four at a time 2.3, one by one 6.1 (measured on
PulseAudio, on a slow machine)."""

MUTED = 5.0
"""Seconds of exact zeros after which a person is told, once: a microphone that is on is never that quiet, unless it
mutes itself between words, as with a noise gate."""

WIRED = 0.985
"""Likeness from which the microphone is no microphone: when one is unplugged, PulseAudio and PipeWire move its stream
to another source without a word, such as the loudspeaker's monitor, and the assistant would hear itself for ever."""

TOLD_AGAIN = 60.0
"""Seconds without such a loss after which the next one is told."""

Reference = Callable[[float, int], Samples]
"""What the loudspeaker plays from a time of the clock on: Speaker.reference."""


class Microphone:
    """A sound device as the microphone."""

    def __init__(
        self,
        card: SoundCard,
        device: str = "",
        *,
        reference: Reference | None = None,
        on_notice: Callable[[str, str], None] = lambda code, message: None,
    ) -> None:
        self._card = card
        self._device = device
        self._reference = reference
        self._on_notice = on_notice
        self._arrival: _Arrival | None = None
        self._is_resting = False

    def rest(self, is_resting: bool) -> None:
        """Hand out frames a few at a time, or each at once; the times that they carry stay the same."""
        self._is_resting = is_resting
        if self._arrival:
            self._arrival.rest(is_resting)

    def listen(self) -> AbstractAsyncContextManager[AsyncIterator[Frame]]:
        """Open the device and hand out frames for ever; raise DeviceError only where it begins."""
        return self._listen()

    @asynccontextmanager
    async def _listen(self) -> AsyncGenerator[AsyncIterator[Frame], None]:
        arrival = _Arrival(self._reference, self._on_notice)
        wish = Recording(
            device=self._device,
            rates=(SAMPLE_RATE,),
            block=FRAME_SECONDS,
            on_block=arrival.receive,
            on_open=arrival.open,
            on_notice=arrival.notice,
        )
        async with self._card.keep(wish) as arrival.stream:
            self._arrival = arrival
            arrival.rest(self._is_resting)
            try:
                yield arrival
            finally:
                arrival.stand_in(False)


class _Block(NamedTuple):
    """What the device brought at once."""

    data: bytes
    channels: int
    recorded_at: float
    """When its last sample was, by the program's clock."""

    @property
    def samples(self) -> NDArray[np.float32]:
        """Shape (n, channels)."""
        return np.frombuffer(self.data, np.float32).reshape(-1, self.channels)


class _Arrival:
    """Cuts what the device brings into frames. Only `receive` and `open` run in other threads."""

    def __init__(self, reference: Reference | None, on_notice: Callable[[str, str], None]) -> None:
        self.stream: SoundStream
        self.dropped = 0
        self._reference = reference
        self._on_notice = on_notice
        self._loop = asyncio.get_running_loop()
        self._blocks: deque[_Block | int] = deque()
        """What came and was not taken yet: blocks, and the rate where a stream begins."""
        self._at_a_time = 1
        self._frames: deque[Frame] = deque(maxlen=round(KEPT / FRAME_SECONDS))
        self._arrived = asyncio.Event()
        self._count = 0
        self._heard_until = self._loop.time()
        self._standing_in: asyncio.TimerHandle | None = None
        self._is_lost = False
        """Whether what comes is left over from a stream that was given up: a sound server that hung brings it later."""
        self._zeros = 0
        self._is_muting_told = False
        self._wired_at = -math.inf
        self._path = EchoPath()
        self._begin(SAMPLE_RATE)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Frame:
        while not self._frames:
            self._arrived.clear()
            await self._arrived.wait()
        return self._frames.popleft()

    def receive(self, samples: bytes, channels: int, recorded_at: float) -> None:
        """Bring a block to the event loop, and do nothing else: this runs in a thread of its own."""
        self._blocks.append(_Block(samples, channels, recorded_at))
        if len(self._blocks) >= self._at_a_time:
            self._loop.call_soon_threadsafe(self._take)

    def rest(self, is_resting: bool) -> None:
        """Take RESTING_FRAMES blocks at a time, or each as it comes."""
        self._at_a_time = RESTING_FRAMES if is_resting else 1
        self._take()
        self.stream.gather(self._at_a_time)

    def open(self, rate: int) -> None:
        """Begin a new stream."""
        self._blocks.append(rate)
        self._loop.call_soon_threadsafe(self._take)

    def notice(self, code: str, message: str) -> None:
        """Pass a notice on; let silence stand in for a lost microphone."""
        if code == "microphone_lost":
            self._take()
            self._is_lost = True
            self.stand_in(True)
        self._on_notice(code, message)

    def stand_in(self, is_lost: bool) -> None:
        """Bring silence at the pace of the clock, or end that: whoever counts audio time must not be stopped."""
        if self._standing_in is not None:
            self._standing_in.cancel()
            self._standing_in = None
        if not is_lost:
            return
        while self._heard_until + FRAME_SECONDS <= self._loop.time():
            self._put(np.zeros(FRAME_SAMPLES, np.float32), self._heard_until + FRAME_SECONDS)
        self._standing_in = self._loop.call_at(self._heard_until + FRAME_SECONDS, self.stand_in, True)

    def _begin(self, rate: int) -> None:
        self._is_lost = False
        self._channel = LiveChannel()
        self._cutter = FrameCutter(rate)
        self._rate = rate
        self._received = 0
        self._frames_cut = 0
        self._times = StreamTime(SAMPLE_RATE)

    def _take(self) -> None:
        fresh: list[_Block] = []
        while self._blocks:
            block = self._blocks.popleft()
            if isinstance(block, int):
                self._cut(fresh)
                fresh = []
                self._begin(block)
            else:
                fresh.append(block)
        self._cut(fresh)

    def _cut(self, blocks: list[_Block]) -> None:
        """Cut blocks of one stream into frames."""
        if not blocks or self._is_lost:
            return
        self.stand_in(False)
        recorded = [block.samples for block in blocks]
        for samples, block in zip(recorded, blocks, strict=True):
            self._received += len(samples)
            self._times.note(round(self._received * SAMPLE_RATE / self._rate), block.recorded_at)
        for frame in self._cutter.add(self._channel.pick(np.concatenate(recorded))):
            self._frames_cut += 1
            self._put(frame, self._times.time_of(self._frames_cut * FRAME_SAMPLES))
            self._suspect(frame)

    def _put(self, samples: Samples, captured_at: float) -> None:
        if len(self._frames) == self._frames.maxlen:
            self.dropped += 1
            if self.dropped == 1:
                self._on_notice("overrun", "this machine is too slow for its settings: audio of the microphone is lost")
        self._frames.append(Frame(samples, self._count * FRAME_SECONDS, captured_at))
        self._count += 1
        self._heard_until = captured_at
        self._arrived.set()

    def _suspect(self, samples: Samples) -> None:
        """Tell of a microphone that is off, and leave one that is really our own loudspeaker."""
        self._zeros = 0 if samples.any() else self._zeros + 1
        if self._zeros == round(MUTED / FRAME_SECONDS) and not self._is_muting_told:
            self._is_muting_told = True
            self._on_notice("microphone_silent", f"the microphone {self.stream.name!r} is muted: it gives only zeros")
        if self._reference is None:
            return
        echo = self._path.add(samples, self._reference(self._heard_until - FRAME_SECONDS, FRAME_SAMPLES))
        if echo is not None and self._path.likeness(echo) > WIRED:
            is_told = self._heard_until < self._wired_at + TOLD_AGAIN  # then it was opened in vain, and will be again
            self._wired_at = self._heard_until
            self.stream.lose("" if is_told else "the sound server put the loudspeaker's own sound in its place")
