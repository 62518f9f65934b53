"""`voicestream talk`: a conversation and what is around it, for as long as it lasts."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from collections.abc import Callable, Coroutine
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from voicestream.assemble import is_file
from voicestream.assistant import Assistant
from voicestream.backends.no_ears import NoEars
from voicestream.commands.options import open_events
from voicestream.config import Config
from voicestream.displays.json_lines import write_json_lines
from voicestream.displays.terminal_device import can_draw
from voicestream.errors import DeviceError
from voicestream.events import Events, Notice
from voicestream.sessions.control import controlled
from voicestream.sessions.controls import Controls
from voicestream.sessions.conversation import open_assistant, show_events, typed_lines
from voicestream.sessions.hooks import hooked
from voicestream.sessions.memory import give_memory_back, loaded_for_long
from voicestream.sessions.push_button import pressed_by_signal
from voicestream.sessions.record import hold, on_tape, recording
from voicestream.sessions.reload import reloaded_on_hangup
from voicestream.sessions.watchdog import watched
from voicestream.stages import ended

if TYPE_CHECKING:
    from voicestream.displays.terminal import Terminal
    from voicestream.tape.recorder import Recorder


async def talk(config: Config, arguments: Namespace, read: Callable[[], Config]) -> None:
    """Talk until the input ends or the user quits; type where there is no microphone.

    `read` gives the settings as they are now, for SIGHUP.
    """
    events = Events(asyncio.get_running_loop().time)
    give_memory_back(events)
    async with recording(arguments.record, config, events) as recorder:
        terminal = show(events, config, arguments)
        is_typed = terminal is not None or (not arguments.headless and sys.stdin.isatty() and config.audio.input != "-")
        assistant: Assistant | None = None
        async with (
            hooked(events, lambda: (assistant.config if assistant else config).hooks),
            open_assistant(config, events, is_fast=arguments.fast, tape=recorder) as assistant,  # noqa: F811 - the hooks
        ):
            finished = await type_without_microphone(assistant) if is_typed else None
            controls = Controls(assistant, recorder)
            with loaded_for_long():
                async with on_tape(assistant, recorder):
                    await converse(assistant, controls, terminal, read, recorder, is_typed=is_typed, finished=finished)


async def type_without_microphone(assistant: Assistant) -> asyncio.Event | None:
    """Where the usual microphone cannot be opened, say so and go on without; return what ends the conversation then."""
    if assistant.config.audio.input != "mic":
        return None
    try:
        async with assistant.parts.microphone.listen():
            return None
    except DeviceError as error:
        assistant.events.tell(Notice(code="no_microphone", message=f"Type what you want to say: {error}"))
        ears = NoEars()
        assistant.parts = replace(assistant.parts, microphone=ears)
        return ears.finished


def show(events: Events, config: Config, arguments: Namespace) -> Terminal | None:
    """Let the events be seen: on the whole terminal where there is one and nothing else is asked for, else as lines."""
    if is_plain(config, arguments):
        show_events(events, arguments, is_live=not (arguments.plain or arguments.headless))
        return None
    from voicestream.displays.terminal import Terminal  # late: with its library it is 8 MB, which a service spares

    if out := open_events(arguments):
        events.show_on(write_json_lines(out))
    sys.stdout.write("voicestream is getting ready …\n")  # models take seconds to load, and the screen comes after
    sys.stdout.flush()
    terminal = Terminal(is_verbose=arguments.verbose)
    events.show_on(terminal)
    return terminal


def is_plain(config: Config, arguments: Namespace) -> bool:
    """Return whether lines are wanted, or all that this terminal can show."""
    is_asked = arguments.plain or arguments.headless or arguments.events == "-"
    return is_asked or is_file(config.audio.input) or not can_draw()


async def converse(
    assistant: Assistant,
    controls: Controls,
    terminal: Terminal | None,
    read: Callable[[], Config],
    recorder: Recorder | None,
    *,
    is_typed: bool,
    finished: asyncio.Event | None = None,
) -> None:
    """Hold the conversation, with keys, control socket and service manager beside it."""
    events = assistant.events
    async with (
        controlled(controls, events, assistant.config.control),
        reloaded_on_hangup(assistant, read, recorder) if not is_typed else nullcontext(),  # else the terminal is gone
        pressed_by_signal(controls),
        watched(events),
    ):
        if terminal:
            await until_first_ends(hold(assistant, recorder), terminal.run(controls, controls.state))
        elif is_typed:
            await until_first_ends(hold(assistant, recorder), until_quit(controls, finished))
        else:
            await hold(assistant, recorder)


async def until_quit(controls: Controls, finished: asyncio.Event | None) -> None:
    """Take typed lines until one asks to quit; where only the typing ends, set `finished` and let the speech go on."""
    if await typed_lines(controls.take_line):
        return
    if finished:
        finished.set()
    await asyncio.Event().wait()


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
