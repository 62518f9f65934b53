"""The bell of timers and alarms: waits until the next one rings, and says which."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncGenerator
from datetime import datetime

from voicestream.thinking.timer_tools import Now
from voicestream.thinking.timers import Announcement, Moment, Timers

LONGEST_WAIT = 30.0
"""Seconds: while we wait the wall clock may be set or the machine may sleep, and nothing tells of it."""


def read_clocks() -> Moment:
    """Return the present; the steady clock runs on while the machine sleeps."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)  # Linux only
    if sys.platform == "darwin":
        clock = time.CLOCK_MONOTONIC  # unlike time.monotonic() there: clock_gettime(3)
    steady = time.monotonic() if clock is None else time.clock_gettime(clock)
    return Moment(steady, datetime.now())


async def ring(timers: Timers, now: Now) -> AsyncGenerator[Announcement, None]:
    """Yield an announcement at the moment when a timer or alarm rings, for ever."""
    while True:
        for announcement in timers.due(now()):
            yield announcement
        timers.changed.clear()
        wait = timers.wait(now())
        try:
            async with asyncio.timeout(None if wait is None else min(wait, LONGEST_WAIT)):
                await timers.changed.wait()
        except TimeoutError:
            continue
