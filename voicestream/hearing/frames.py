"""Audio of any rate, in pieces of any length, cut into frames; frames held back to the pace of the clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import numpy as np

from voicestream.vocabulary import FRAME_SAMPLES, FRAME_SECONDS, SAMPLE_RATE, Frame, Samples

PIECE = 0.128
"""Seconds that a file is read at a time: four frames."""


class FrameCutter:
    """Resamples a stream to SAMPLE_RATE and cuts it into frames' samples."""

    def __init__(self, rate: int) -> None:
        import soxr

        self._resampler = None if rate == SAMPLE_RATE else soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32")
        self._rest = np.zeros(0, np.float32)

    def add(self, samples: Samples) -> list[Samples]:
        """Take samples at the stream's rate; return the frames that are complete, each of shape (FRAME_SAMPLES,)."""
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples)
        if not len(self._rest) and len(samples) == FRAME_SAMPLES:
            return [samples]
        self._rest = np.concatenate((self._rest, samples))
        whole = len(self._rest) // FRAME_SAMPLES * FRAME_SAMPLES
        frames = [frame.copy() for frame in self._rest[:whole].reshape(-1, FRAME_SAMPLES)]
        self._rest = self._rest[whole:]
        return frames

    def finish(self) -> list[Samples]:
        """Return what is left, the last frame filled up with zeros."""
        frames = []
        if self._resampler is not None:
            rest = self._resampler.resample_chunk(np.zeros(0, np.float32), last=True)
            self._resampler = None
            frames = self.add(rest)
        if not len(self._rest):
            return frames
        return frames + self.add(np.zeros(FRAME_SAMPLES - len(self._rest), np.float32))


async def cut_frames(pieces: AsyncGenerator[Samples, None], rate: int) -> AsyncGenerator[Frame, None]:
    """Yield the frames of a stream at `rate`, numbered by audio time."""
    cutter = FrameCutter(rate)
    count = 0
    async with aclosing(pieces):
        async for piece in pieces:
            for samples in cutter.add(piece):
                yield Frame(samples, count * FRAME_SECONDS)
                count += 1
    for samples in cutter.finish():
        yield Frame(samples, count * FRAME_SECONDS)
        count += 1


async def pace_frames(
    frames: AsyncGenerator[Frame, None], is_fast: bool, quicker: float = 1.0
) -> AsyncGenerator[Frame, None]:
    """Hold each frame back until it would have been recorded, unless `is_fast`, and stamp it with that time."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    async with aclosing(frames):
        async for frame in frames:
            due = due + FRAME_SECONDS / quicker
            if not is_fast:
                await asyncio.sleep(due - loop.time())
                if quicker > 1:
                    due = max(due, loop.time())
            yield Frame(frame.samples, frame.time, due)
