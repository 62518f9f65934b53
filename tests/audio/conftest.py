"""Fixtures of the audio tests: a loop with virtual time, a virtual sound card."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Iterator
from typing import TypeVar

import pytest
from sound_card import SoundCard, missing, virtual_sound_card

Result = TypeVar("Result")
RunVirtually = Callable[[Coroutine[object, object, Result]], Result]


class _Selector(selectors.SelectSelector):
    """Lets the waiting time pass at once where nothing is ready."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise AssertionError("everything waits for something that never comes")
        if not ready and timeout is not None:
            self.passed += timeout
        return ready


class _VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._clock = _Selector()
        super().__init__(self._clock)

    def time(self) -> float:
        return 1000.0 + self._clock.passed


@pytest.fixture
def run_virtually() -> Iterator[RunVirtually[object]]:
    """Run a coroutine on a loop whose time passes only while nothing can be done."""
    with asyncio.Runner(loop_factory=_VirtualLoop) as runner:
        yield runner.run


@pytest.fixture(scope="module")
def card() -> Iterator[SoundCard]:
    """A virtual sound card that PortAudio sees."""
    if reason := missing():
        pytest.skip(reason)
    with virtual_sound_card() as card:
        yield card
