"""A push-to-talk button where there is no terminal: a signal, which any program that watches a real button can send."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from voicestream.sessions.controls import Controls


@asynccontextmanager
async def pressed_by_signal(controls: Controls) -> AsyncGenerator[None, None]:
    """Press the button when SIGUSR1 comes, and let it go when it comes again, for the length of the block."""
    if not hasattr(signal, "SIGUSR1"):  # Windows
        yield
        return
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, controls.talk)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGUSR1)
