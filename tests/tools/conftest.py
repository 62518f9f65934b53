"""A conversation with the offline assistant at a clock that the test sets, and an event loop in virtual time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from offline_talk import OfflineTalk


@pytest.fixture
def talk() -> OfflineTalk:
    return OfflineTalk()


class _VirtualSelector(selectors.DefaultSelector):  # type: ignore[valid-type,misc]  # chosen by the system
    """Waits by moving the clock."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        assert timeout is not None, "the loop would wait for ever"
        self.now += max(timeout, 0.0)
        return super().select(0)


Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture
def run_virtually() -> Run:
    """Return a function that runs a coroutine at once, however long it sleeps."""

    def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
        selector = _VirtualSelector()
        loop = asyncio.SelectorEventLoop(selector)
        loop.time = lambda: selector.now  # type: ignore[method-assign]
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            return runner.run(asyncio.wait_for(coroutine, 1e6))

    return run
