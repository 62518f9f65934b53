"""A headless conversation in a process of its own, for benches: its events are read, and its ears are fed by a pipe."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import numpy as np

from voicestream.errors import UsageError
from voicestream.vocabulary import SAMPLE_RATE, Samples

SILENCE = (3e-4 * np.random.default_rng(1).standard_normal(SAMPLE_RATE)).astype(np.float32)
"""A second of a quiet room, at -70 dB: no microphone that is on brings exact zeros, which cost the detector less."""


class RunningTalk:
    """A running `talk --headless`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._began = time.monotonic()

    @property
    def number(self) -> int:
        """Of its process."""
        return self._process.pid

    async def until(self, name: str, limit: float) -> float:
        """Return the seconds since the start when an event of that name comes; raise UsageError if it does not."""
        try:
            async with asyncio.timeout(limit):
                async for event in self.events():
                    if event["event"] == name:
                        return time.monotonic() - self._began
        except TimeoutError as error:
            raise UsageError(f"the conversation gave no {name} within {limit:g} s") from error
        raise UsageError(f"the conversation ended before {name}")

    async def events(self) -> AsyncGenerator[dict[str, object], None]:
        """Yield the events as they come."""
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            yield json.loads(line)

    async def feed(self, samples: Samples) -> None:
        """Bring samples at SAMPLE_RATE to its ears, as fast as it takes them."""
        assert self._process.stdin is not None
        self._process.stdin.write((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
        await self._process.stdin.drain()

    def end_feed(self) -> None:
        """Tell it that nothing more comes."""
        assert self._process.stdin is not None
        self._process.stdin.close()


async def feed_silence(talk: RunningTalk) -> None:
    """Bring silence until cancelled."""
    while True:
        await talk.feed(SILENCE)


@asynccontextmanager
async def talking(*arguments: str, settings: Sequence[str]) -> AsyncGenerator[RunningTalk, None]:
    """Run a headless conversation for the length of the block, from the built-in settings and these."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "voicestream", "talk", "--headless", "--events", "-", "--config", os.devnull),
        *arguments,
        *(word for setting in (*settings, "control.socket=none") for word in ("--set", setting)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield RunningTalk(process)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()
