"""`voicestream talk`: a conversation and what is around it, for as long as it lasts."""

from __future__ import annotations

import asyncio
import gc
import sys
from argparse import Namespace
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from voicestream.assemble import is_file
from voicestream.assistant import Assistant
from voicestream.backends.no_ears import NoEars
from voicestream.commands.options import open_events
from voicestream.config import Config
from voicestream.displays.json_lines import write_json_lines
from voicestream.errors import DeviceError
from voicestream.events import Events, Notice
from voicestream.sessions.control import controlled
from voicestream.sessions.controls import Controls
from voicestream.sessions.conversation import open_assistant, show_events, typed_lines
from voicestream.sessions.hooks import hooked
from voicestream.sessions.memory import give_memory_back
from voicestream.sessions.record import record_events, recorded
from voicestream.sessions.reload import reloaded_on_hangup
from voicestream.sessions.watchdog import watched
from voicestream.stages import ended

if TYPE_CHECKING:
    from voicestream.displays.terminal import Terminal


async def talk(config: Config, arguments: Namespace, read: Callable[[], Config]) -> None:
    """Talk until the input ends or the user quits; type where there is no microphone.

    `read` gives the settings as they are now, for SIGHUP.
    """
    with ExitStack() as stack:
        events = Events()
        give_memory_back(events)
        if arguments.record:
            record_events(events, arguments.record, stack)
        terminal = show(events, config, arguments)
        is_typed = terminal is not None or (not arguments.headless and sys.stdin.isatty() and config.audio.input != "-")
        assistant: Assistant | None = None
        async with (
            hooked(events, lambda: (assistant.config if assistant else config).hooks),
            open_assistant(config, events, is_fast=arguments.fast) as assistant,  # noqa: F811 - the hooks look at it
            recorded(assistant, arguments.record),
        ):
            gc.freeze()  # what is loaded stays: looking through it again and again would only cost time and pages
            stack.callback(gc.unfreeze)
            finished = await type_without_microphone(assistant) if is_typed else None
            await converse(assistant, terminal, read, is_typed=is_typed, finished=finished)


async def type_without_microphone(assistant: Assistant) -> asyncio.Event | None:
    """Where the usual microphone cannot be opened, say so and go on without; return what ends the conversation then."""
    if assistant.config.audio.input != "mic":
        return None
    try:
        async with assistant.parts.microphone.listen():
            return None
    except DeviceError as error:
        assistant.events.emit(Notice(code="no_microphone", message=f"No microphone, so type: {error}"))
        ears = NoEars()
        assistant.parts = replace(assistant.parts, microphone=ears)
        return ears.finished


def show(events: Events, config: Config, arguments: Namespace) -> Terminal | None:
    """Let the events be seen: on the whole terminal where there is one and nothing else is asked for, else as lines."""
    if is_plain(config, arguments):
        show_events(events, arguments)
        return None
    from voicestream.displays.terminal import Terminal

    if out := open_events(arguments):
        events.show_on(write_json_lines(out))
    terminal = Terminal()
    events.show_on(terminal)
    return terminal


def is_plain(config: Config, arguments: Namespace) -> bool:
    """Return whether lines are wanted, or all that this terminal can show."""
    if arguments.plain or arguments.headless or arguments.events == "-" or is_file(config.audio.input):
        return True
    from voicestream.displays.terminal import can_draw  # late: with its library it is 8 MB, which a service spares

    return not can_draw()


async def converse(
    assistant: Assistant,
    terminal: Terminal | None,
    read: Callable[[], Config],
    *,
    is_typed: bool,
    finished: asyncio.Event | None = None,
) -> None:
    """Hold the conversation, with keys, control socket and service manager beside it."""
    controls = Controls(assistant)
    events = assistant.events
    async with (
        controlled(controls, events, assistant.config.control),
        reloaded_on_hangup(assistant, read),
        watched(events),
    ):
        if terminal:
            await until_first_ends(assistant.converse(), terminal.run(controls, controls.state))
            return
        typing = asyncio.create_task(typed_lines(assistant, finished), name="typing") if is_typed else None
        try:
            await assistant.converse()
        finally:
            if typing:
                await ended(typing)


async def until_first_ends(*works: Coroutine[Any, Any, None]) -> None:
    """Run all side by side until one is over, end the others, and raise the error of the one."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            await ended(task)
