"""What the tests of real streams on a virtual sound card share."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Callable, Coroutine
from typing import ParamSpec

import numpy as np
from sound_card import RATE

from voicestream.backends.microphone import Microphone
from voicestream.vocabulary import Frame, Samples, Sentence, Sound

Given = ParamSpec("Given")

LONG = 8.0
"""Seconds within which a lost device must be noticed or found; 2 are promised, and a busy test machine gets more."""


def noise(seconds: float, seed: int = 0) -> Samples:
    return (0.1 * np.random.default_rng(seed).standard_normal(round(seconds * RATE))).astype(np.float32)


def sound(index: int, samples: Samples) -> Sound:
    return Sound(Sentence(index, f"{index} ", f"{index}"), samples, is_last=True)


class Notices:
    """What was told, and a way to wait for it."""

    def __init__(self) -> None:
        self.codes: list[str] = []
        self._changed = asyncio.Event()

    def __call__(self, code: str, message: str) -> None:
        assert "\n" not in message
        self.codes.append(code)
        self._changed.set()

    async def until(self, code: str) -> None:
        async with asyncio.timeout(LONG):
            while code not in self.codes:
                self._changed.clear()
                await self._changed.wait()


def run(work: Coroutine[object, object, None]) -> None:
    asyncio.run(work)


def found_at(recording: Samples, played: Samples) -> tuple[int, float]:
    """Return where `played` stands in the recording, and how like it is there."""
    size = 1 << (len(recording) + len(played)).bit_length()
    cross = np.fft.irfft(np.fft.rfft(recording, size) * np.conj(np.fft.rfft(played, size)), size)
    place = int(np.argmax(cross[: max(1, len(recording) - len(played) + 1)]))
    there = recording[place : place + len(played)]
    return place, float(cross[place] / (np.linalg.norm(there) * np.linalg.norm(played) + 1e-9))


def on_a_busy_machine(test: Callable[Given, None]) -> Callable[Given, None]:
    """Let a test try three times: without permission to take precedence, other programs make holes in the sound."""

    @functools.wraps(test)
    def tried(*given: Given.args, **named: Given.kwargs) -> None:
        for _ in range(2):
            with contextlib.suppress(AssertionError, TimeoutError):
                return test(*given, **named)
        return test(*given, **named)

    return tried


async def collect(microphone: Microphone, got: list[Frame]) -> None:
    async with microphone.listen() as frames:
        async for frame in frames:
            got.append(frame)
