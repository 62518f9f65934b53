"""Tells systemd that the conversation is ready, what it does, and that it is alive (sd_notify(3))."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress

from voicestream import events as told
from voicestream.events import Event, Events
from voicestream.stages import ended

SOCKET, WATCHDOG = "NOTIFY_SOCKET", "WATCHDOG_USEC"
"""Environment variables of systemd: where to tell, and within how many microseconds to tell again."""


def notify(message: str, environment: Mapping[str, str]) -> bool:
    """Send a message to systemd; return False where there is none, or where it does not take it."""
    address = environment.get(SOCKET, "")
    if not address or not hasattr(socket, "AF_UNIX"):
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]  # Linux's abstract sockets
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifying:
        notifying.setblocking(False)
        notifying.sendto(message.encode(), address)
        return True
    return False


@asynccontextmanager
async def watched(events: Events, environment: Mapping[str, str] = os.environ) -> AsyncGenerator[None, None]:
    """Be known to systemd as ready, and as alive, for the length of the block; without systemd nothing happens."""
    if not notify("READY=1\nSTATUS=listening", environment):
        yield
        return

    def show(event: Event) -> None:
        match event:
            case told.StateChanged(state=state):
                notify(f"STATUS={state}", environment)

    async def beat(period: float) -> None:
        while True:  # a heartbeat: that the loop gets round is what systemd is told
            notify("WATCHDOG=1", environment)
            await asyncio.sleep(period)

    events.show_on(show)
    limit = int(environment.get(WATCHDOG, "0") or "0") / 1e6
    beating = asyncio.create_task(beat(limit / 3), name="watchdog") if limit > 0 else None
    try:
        yield
    finally:
        if beating:
            await ended(beating)
        notify("STOPPING=1", environment)
