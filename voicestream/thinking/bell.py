"""The bell of timers and alarms: waits until the next one rings, and says which."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from voicestream.thinking.timer_tools import Now
from voicestream.thinking.timers import Announcement, Timers

LONGEST_WAIT = 30.0
"""Seconds: the wall clock that alarms follow may be set while we wait, and nothing tells of it."""


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
