"""An event loop whose clock stands still while anything is to be done, so that what happens can happen again exactly.

On an ordinary loop the clock runs on while callbacks run, and whether a timer or a message comes first is chance. Here
time moves in steps: to the moment of the earliest timer, or to that at which something arrived. At each step all that
follows is done, at one and the same time, and then the next step is taken. Everything from outside that is to be
repeated is handed over in an *arrival*: a step of its own, which no timer shares. A program that meets the same
arrivals at the same moments then does the same things, to the microsecond, on a loop that waits for nothing.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import selectors
import time
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, TypeVar, TypeVarTuple

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")

TICKS_PER_SECOND = 1_000_000
"""Timers go off at even ticks, arrivals come at odd ones: they never meet."""


class _Deadline(float):
    """A moment of a timer; of two that are the same, the one that was set first is the earlier."""

    number: int

    def __lt__(self, other: float) -> bool:
        if isinstance(other, _Deadline) and float.__eq__(self, other):
            return self.number < other.number
        return float.__lt__(self, other)


class _SteppingSelector(selectors.DefaultSelector):
    """Sees what has arrived only when nothing else is to be done, and moves the loop's clock."""

    def __init__(self, start: float | None) -> None:
        super().__init__()
        self.is_virtual = start is not None
        self.now = ticks_of(time.monotonic() if start is None else start)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            return []  # something is still to be done: nothing arrives meanwhile, and no time passes
        due = None if timeout is None else self.now + ticks_of(timeout)
        arrived = super().select(self._patience(due))
        latest = self._reading() if due is None else min(self._reading(), due - 1)
        if arrived and (latest > self.now or due is None):
            self.now = max(latest, self.now + 1)
            return arrived
        if due is not None and (self.is_virtual or self._reading() >= due or due - self.now <= 1):
            self.now = due
        return []

    def _patience(self, due: int | None) -> float | None:
        """Return the seconds for which arrivals may be waited for."""
        if self.is_virtual:
            return 0.0 if due is not None else None
        return None if due is None else max(0.0, (due - self._reading()) / TICKS_PER_SECOND)

    def _reading(self) -> int:
        return self.now + 1 if self.is_virtual else ticks_of(time.monotonic())


class SteppedLoop(asyncio.SelectorEventLoop):
    """A loop in stepped time: real, or virtual from a `start` in seconds; then it waits for nothing but for threads
    and sockets where no timer is set."""

    def __init__(self, start: float | None = None) -> None:
        self._steps = _SteppingSelector(start)
        self._numbers = itertools.count()
        self._last_arrival = 0
        super().__init__(self._steps)

    def time(self) -> float:
        """Return the seconds of the step."""
        return self._steps.now / TICKS_PER_SECOND

    def call_at(
        self,
        when: float,
        callback: Callable[[*Arguments], object],
        *args: *Arguments,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call back at the first even tick from `when` on; of two at one time, the first that was set is first."""
        tick = math.ceil(when * TICKS_PER_SECOND - 1e-3)
        return super().call_at(self._deadline(tick + tick % 2), callback, *args, context=context)

    def call_on_arrival(self, callback: Callable[[float], object], at: float | None = None) -> asyncio.TimerHandle:
        """Call back with the moment of an arrival: the next one, or `at`, a moment that another loop chose."""
        if at is None:
            following = max(self._steps.now + 1, self._last_arrival + 1)
            tick = following + 1 - following % 2
        else:
            tick = max(ticks_of(at), self._steps.now)
        self._last_arrival = max(tick, self._last_arrival)
        deadline = self._deadline(tick)
        return super().call_at(deadline, callback, float(deadline))

    async def arrival(self, at: float | None = None) -> float:
        """Go on in a step of its own, and return its moment."""
        arrived: asyncio.Future[float] = self.create_future()

        def arrive(moment: float) -> None:
            if not arrived.done():
                arrived.set_result(moment)

        timer = self.call_on_arrival(arrive, at)
        try:
            return await arrived
        finally:
            timer.cancel()

    def _deadline(self, tick: int) -> _Deadline:
        deadline = _Deadline(tick / TICKS_PER_SECOND)
        deadline.number = next(self._numbers)
        return deadline


def ticks_of(seconds: float) -> int:
    """Return the nearest tick."""
    return round(seconds * TICKS_PER_SECOND)


def run_in_virtual_time(coroutine: Coroutine[Any, Any, Result], start: float = 0.0) -> Result:
    """Run to the end without waiting."""
    with asyncio.Runner(loop_factory=lambda: SteppedLoop(start)) as runner:
        return runner.run(coroutine)
