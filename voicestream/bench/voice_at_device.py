"""Measures a voice where it is heard: at the monitor of the loudspeaker, recorded through the sound system.

The recording's own delay is inside every figure. Wants devices vs_speaker and vs_monitor, as the tests' virtual
sound card has them.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from voicestream.backends.loudspeaker import Loudspeaker
from voicestream.backends.sound_streams import SoundStreams
from voicestream.bench.voice_figures import PAUSE, TWELVE_WORDS, Figure, spread
from voicestream.config import Speaking
from voicestream.parts import Voice
from voicestream.speaking.synthesis import SpeakingStyle, synthesize
from voicestream.vocabulary import Samples, Sentence
from voicestream.voice_choice import open_voice

MONITOR_RATE = 48_000
BLOCK = 480
AUDIBLE = 0.004


@dataclass(slots=True)
class Monitor:
    """What the loudspeaker played, with the time at which each block had been recorded."""

    blocks: list[tuple[float, Samples]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def heard(self, since: float, until: float = float("inf")) -> list[tuple[float, float]]:
        """Return first and last audible time of each block that has some, from `since` on."""
        with self.lock:
            blocks = [(end, samples) for end, samples in self.blocks if since < end <= until]
        times = []
        for end, samples in blocks:
            loud = np.flatnonzero(np.abs(samples) >= AUDIBLE)
            if loud.size:
                begin = end - len(samples) / MONITOR_RATE
                times.append((begin + float(loud[0]) / MONITOR_RATE, begin + float(loud[-1]) / MONITOR_RATE))
        return [(first, last) for first, last in times if last >= since]

    def sound(self, since: float) -> Samples:
        """Return all that was played from `since` on."""
        with self.lock:
            return np.concatenate([samples for end, samples in self.blocks if end > since])


@contextmanager
def monitoring() -> Iterator[Monitor]:
    """Record for the length of the block."""
    import sounddevice

    monitor = Monitor()

    def recorded(block: Any, frames: int, times: Any, status: Any) -> None:  # Any: sounddevice has no types
        with monitor.lock:
            monitor.blocks.append((time.monotonic(), block[:, 0].copy()))

    with sounddevice.InputStream(
        device="vs_monitor",
        samplerate=MONITOR_RATE,
        channels=1,
        blocksize=BLOCK,
        dtype="float32",
        latency="low",
        callback=recorded,
    ):
        yield monitor


async def measure_at_device(engine: str, count: int) -> list[Figure]:
    """Return the figures of an engine at the device; raise DeviceError or VoiceError."""
    async with AsyncExitStack() as stack:
        monitor = stack.enter_context(monitoring())
        speaker = await stack.enter_async_context(Loudspeaker(SoundStreams(), "vs_speaker"))
        speaking = Speaking(engine=engine)  # type: ignore[arg-type] # a wrong name is told by open_voice
        voice = await stack.enter_async_context(AsyncExitStack())
        opened = await open_voice(speaking, voice)
        await _play(speaker, opened, "Warm up.")
        return [
            await _first_sound(engine, monitor, speaker, opened, count),
            await _silence_after_stop(engine, monitor, speaker, opened, count),
            await _cut_off(engine, monitor, speaker, opened),
        ]


async def _play(speaker: Loudspeaker, voice: Voice, *texts: str) -> None:
    async def sentences() -> AsyncIterator[Sentence]:
        for index, text in enumerate(texts):
            yield Sentence(index, text, text)

    async for sound in synthesize(sentences(), voice, speaker.rate, SpeakingStyle(pause=PAUSE)):
        await speaker.play(sound)
    await speaker.drain()


async def _first_sound(engine: str, monitor: Monitor, speaker: Loudspeaker, voice: Voice, count: int) -> Figure:
    times = []
    for _ in range(count):
        await asyncio.sleep(0.3)
        begun = time.monotonic()
        await _play(speaker, voice, "Yes.")
        await asyncio.sleep(0.1)
        times.append(monitor.heard(begun)[0][0] - begun)
    return Figure(engine, "sentence to first sample at the sound card", spread(times), "≤ 60 ms median")


async def _silence_after_stop(engine: str, monitor: Monitor, speaker: Loudspeaker, voice: Voice, count: int) -> Figure:
    times = []
    for _ in range(count):
        begun = time.monotonic()
        playing = asyncio.create_task(_play(speaker, voice, TWELVE_WORDS))
        await asyncio.sleep(0.8)
        stopped = time.monotonic()
        speaker.stop()
        playing.cancel()
        await asyncio.wait([playing])
        await asyncio.sleep(0.4)
        times.append(max(0.0, monitor.heard(begun)[-1][1] - stopped))
    value = f"{spread(times)}; {round(max(times) * MONITOR_RATE)} samples"
    return Figure(engine, "cancel to silence at the sound card", value, "≤ 50 ms p95")


async def _cut_off(engine: str, monitor: Monitor, speaker: Loudspeaker, voice: Voice) -> Figure:
    """Compare the last sound of a sentence that is drained with the last sound that was made."""
    made = []

    async def sentences() -> AsyncIterator[Sentence]:
        yield Sentence(0, TWELVE_WORDS, TWELVE_WORDS)

    await asyncio.sleep(0.3)
    begun = time.monotonic()
    async for sound in synthesize(sentences(), voice, speaker.rate, SpeakingStyle(pause=0)):
        made.append(sound.samples)
        await speaker.play(sound)
    await speaker.drain()
    await asyncio.sleep(0.3)
    lost = _audible(np.concatenate(made), speaker.rate) - _audible(monitor.sound(begun), MONITOR_RATE)
    return Figure(engine, "end of speech cut off", f"{1000 * max(0.0, lost):.0f} ms", "0 ms")


def _audible(samples: Samples, rate: int) -> float:
    """Return the seconds from the first to the last audible sample."""
    loud = np.flatnonzero(np.abs(samples) >= AUDIBLE)
    return float(loud[-1] - loud[0]) / rate if loud.size else 0.0
