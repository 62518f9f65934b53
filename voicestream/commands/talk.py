"""Have a conversation: speak, or type a line; speak again to interrupt."""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser, Namespace

from voicestream.commands.options import add_events, add_input, add_output, add_settings, read_config


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `voicestream talk`."""
    add_input(parser)
    add_output(parser)
    add_events(parser)
    add_settings(parser)


def run(arguments: Namespace) -> int:
    """Talk until the input ends, Ctrl-C or SIGTERM."""
    from voicestream.config import Config

    async def talk(config: Config) -> None:
        from voicestream.backends.no_ears import NoEars
        from voicestream.errors import DeviceError
        from voicestream.events import Events, Notice
        from voicestream.sessions.conversation import open_assistant, show_events, typed_lines
        from voicestream.stages import ended

        events = Events()
        show_events(events, arguments)
        is_typed = sys.stdin.isatty() and config.audio.input != "-"
        try:
            async with open_assistant(config, events, is_fast=arguments.fast) as assistant:
                typing = asyncio.create_task(typed_lines(assistant)) if is_typed else None
                try:
                    await assistant.converse()
                finally:
                    if typing:
                        await ended(typing)
        except DeviceError as error:
            if not is_typed or config.audio.input != "mic":
                raise
            events.emit(Notice(code="no_microphone", message=f"No microphone, so type: {error}"))
            ears = NoEars()
            async with open_assistant(config, events, ears=ears) as assistant:
                typing = asyncio.create_task(typed_lines(assistant, ears.finished))
                try:
                    await assistant.converse()
                finally:
                    await ended(typing)

    async def talk_until_stopped(config: Config) -> None:
        from voicestream.sessions.conversation import run_until_stopped

        await run_until_stopped(talk(config))

    asyncio.run(talk_until_stopped(read_config(arguments)))
    return 0
