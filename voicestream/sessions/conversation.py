"""Runs a conversation from the settings: opens the parts, shows the events, and ends in good order."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from argparse import Namespace
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicestream import events as told
from voicestream.assemble import open_parts
from voicestream.assistant import Assistant
from voicestream.backends.no_ears import NoEars
from voicestream.commands.options import open_events
from voicestream.config import Config
from voicestream.displays.json_lines import write_json_lines
from voicestream.displays.lines import Lines, printable
from voicestream.errors import LOST_OUTPUT, ModelError
from voicestream.events import Events
from voicestream.parts import Microphone
from voicestream.stages import Channel, ended
from voicestream.thinking.bell import read_clocks, ring
from voicestream.thinking.history import History
from voicestream.thinking.system_prompt import write_system_prompt
from voicestream.thinking.timers import Moment, Timers
from voicestream.vocabulary import Message
from voicestream.voice_choice import choose_language_guess, make_style

if TYPE_CHECKING:
    from voicestream.tape.recorder import Recorder


LEAVE_AFTER = 0.3
"""Seconds that threads have for what they are doing when all else has ended; with the rest it stays within one."""


def show_events(events: Events, arguments: Namespace, *, is_live: bool = True) -> None:
    """Let the events be seen as the command line asks: JSON lines where --events says, else lines of text.

    `is_live`: words appear while they are said, where the output is a terminal.
    """
    out = open_events(arguments)
    if out:
        events.show_on(write_json_lines(out))
    if out is not sys.stdout:
        events.show_on(Lines(sys.stdout, is_live=is_live and sys.stdout.isatty(), is_verbose=arguments.verbose))


@asynccontextmanager
async def open_assistant(
    config: Config,
    events: Events,
    *,
    is_fast: bool = False,
    ears: NoEars | None = None,
    microphone: Microphone | None = None,
    tape: Recorder | None = None,
) -> AsyncGenerator[Assistant, None]:
    """Open the parts and put the assistant together; its timers ring while the block lasts."""
    async with (
        open_parts(config, events, is_fast=is_fast, ears=ears, microphone=microphone, tape=tape) as opened,
        open_history(config, events) as history,
    ):
        parts, mind, ready = opened
        guess = await asyncio.to_thread(choose_language_guess, config.speaking)
        style = make_style(config, guess, lambda error, sentence: None)
        assistant = Assistant(parts, events, config, history, style=style, is_fast=is_fast, ready=ready)
        async with ringing(assistant, mind.timers, tape.moment if tape else read_clocks):
            yield assistant


@asynccontextmanager
async def ringing(assistant: Assistant, timers: Timers, moment: Callable[[], Moment]) -> AsyncGenerator[None, None]:
    """Let timers ring while the block lasts, and fall silent once the user has spoken."""

    async def announce() -> None:
        async for announcement in ring(timers, moment):
            assistant.announce(announcement.text)

    assistant.events.show_on(lambda event: _stop_ringing(event, timers))
    bell = asyncio.create_task(announce(), name="bell")
    try:
        yield
    finally:
        await ended(bell)


@asynccontextmanager
async def open_history(config: Config, events: Events) -> AsyncGenerator[History, None]:
    """Begin the conversation, or go on with the one that is kept; each answer is kept as soon as it is over."""
    memory = config.memory
    prompt = write_system_prompt(memory.about_you, config.thinking.system_prompt)
    if not memory.keep:
        yield History(prompt, memory.max_tokens)
        return
    from voicestream.backends.conversation_file import ConversationFile, ConversationFileError

    file = ConversationFile(conversation_path(config))
    earlier: tuple[Message, ...] = ()
    summary = ""
    try:
        earlier, summary = file.load()
    except ConversationFileError as error:
        events.tell(told.ErrorEvent(stage=error.stage, code=error.code, message=str(error)))
    history = History(prompt, memory.max_tokens, earlier)
    history.summarize(summary)
    saves: set[asyncio.Task[None]] = set()

    async def save() -> None:
        try:
            await file.save(history.messages(), history.summary())
        except ConversationFileError as error:
            events.tell(told.ErrorEvent(stage=error.stage, code=error.code, message=str(error)))

    def keep(event: told.Event) -> None:
        if isinstance(event, told.Answer):
            task = asyncio.create_task(save(), name="save")
            saves.add(task)
            task.add_done_callback(saves.discard)

    events.show_on(keep)
    try:
        yield history
    finally:
        if saves:
            await asyncio.wait(saves)


def conversation_path(config: Config) -> Path:
    """Return where the conversation is kept."""
    if config.memory.file:
        return Path(config.memory.file).expanduser()
    from platformdirs import user_data_path

    return user_data_path("voicestream") / "conversation.json"


def _stop_ringing(event: told.Event, timers: Timers) -> None:
    """Let a timer that rings be silent once the user has spoken, but for "snooze", which needs it still."""
    if isinstance(event, (told.Answer, told.Interrupted)) and event.turn:
        timers.acknowledge()


async def run_until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Run until it is over, SIGTERM comes or the terminal is closed; then end all in order, and the program soon."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    with suppress(NotImplementedError, AttributeError):  # Windows has no such signals
        loop.add_signal_handler(signal.SIGTERM, task.cancel)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup does
            loop.add_signal_handler(signal.SIGHUP, task.cancel)
    try:
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()
    finally:
        await ended(task)
    if task.cancelled():  # a thread that loads a model cannot be called off, and Python would wait for it
        leaving = threading.Timer(LEAVE_AFTER, os._exit, (0,))
        leaving.daemon = True
        leaving.start()


async def typed_lines(take: Callable[[str], bool]) -> bool:
    """Hand over every line that is typed on the terminal; return whether one asked to quit, or the typing ended."""
    loop = asyncio.get_running_loop()
    lines: Channel[str] = Channel(ahead=16)

    def read() -> None:  # runs in a thread of its own that nobody waits for: a terminal's line cannot be given up
        for line in sys.stdin:
            loop.call_soon_threadsafe(lines.put_now, line)
        loop.call_soon_threadsafe(lines.end)

    threading.Thread(target=read, name="typing", daemon=True).start()
    async for line in lines:
        if line.strip() and not take(line.strip()):
            return True
    return False


async def ask_once(question: str, config: Config, arguments: Namespace) -> int:
    """Answer one typed question; return the exit status."""
    events = Events()
    failures: list[told.ErrorEvent] = []
    answers: list[told.Answer] = []

    def watch(event: told.Event) -> None:
        if isinstance(event, told.ErrorEvent) and event.stage == "model":
            failures.append(event)
        if isinstance(event, told.Answer):
            answers.append(event)

    events.show_on(watch)
    if not arguments.json:
        show_events(events, arguments)
    ears = NoEars()
    async with open_assistant(config, events, ears=ears, is_fast=arguments.json) as assistant:
        assistant.type(question)
        ears.finished.set()
        await assistant.converse()
    if arguments.json:
        for answer in answers:
            sys.stdout.write(told.as_json(answer) + "\n")
        for failure in failures:
            sys.stderr.write(f"voicestream: {printable(failure.message)}\n")
    return ModelError.exit_status if failures else LOST_OUTPUT if events.is_lost else 0
