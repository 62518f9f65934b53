"""Runs a person's commands when something happens: a lamp, a relay, a call of home automation. Speech never waits."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress

from voicestream import events as told
from voicestream.config import Hooks
from voicestream.events import Event, Events, as_json
from voicestream.stages import ended

WAITING = 16
"""Commands that wait for the one before them; of more, the oldest are forgotten: a lamp shows the present."""


@asynccontextmanager
async def hooked(events: Events, hooks: Callable[[], Hooks]) -> AsyncGenerator[None, None]:
    """Run the commands of the settings, one after the other, for the length of the block.

    `hooks` is asked at every event, so that changed settings count at once.
    """
    waiting: deque[tuple[str, str, Event]] = deque(maxlen=WAITING)
    arrived = asyncio.Event()

    def take(event: Event) -> None:
        for key in _keys_of(event):
            if command := hooks().run.get(key):
                waiting.append((key, command, event))
                arrived.set()

    async def run_all() -> None:
        while True:
            await arrived.wait()
            arrived.clear()
            while waiting:
                key, command, event = waiting.popleft()
                if fault := await run_hook(command, as_json(event), hooks().limit):
                    events.tell(told.Notice(code="hook", message=f"hooks.run.{key}: {fault}"))

    events.show_on(take)
    running = asyncio.create_task(run_all(), name="hooks")
    try:
        yield
    finally:
        await ended(running)


async def run_hook(command: str, record: str, limit: float) -> str:
    """Run a command with `record` on its standard input; return what went wrong, or an empty text.

    The words of the command come from the settings alone: no text of a model or of a speaker is ever among them.
    """
    try:
        program, *words = shlex.split(command)
        process = await asyncio.create_subprocess_exec(
            program,
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # so that what it starts can be ended with it
        )
    except (OSError, ValueError) as error:  # ValueError: an open quote, or no word at all
        return f"cannot be run: {error.strerror if isinstance(error, OSError) else error}"
    try:
        async with asyncio.timeout(limit):
            await process.communicate(record.encode() + b"\n")
    except TimeoutError:
        return f"took longer than {limit:g} s and was ended"
    finally:
        if process.returncode is None:
            _end(process)
            await process.wait()
    return f"ended with status {process.returncode}" if process.returncode else ""


def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _keys_of(event: Event) -> tuple[str, ...]:
    if isinstance(event, told.StateChanged):
        return (event.name, f"{event.name}.{event.state}")
    if isinstance(event, told.Level | told.Notice):
        return ()  # ten levels a second are no work for commands, and a notice may be about a hook
    return (event.name,)
