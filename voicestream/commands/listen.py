"""Write down what is said, live: partial and final lines. The final ones go to standard output."""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser, Namespace

from voicestream.commands.options import add_events, add_input, add_settings, open_events, read_config


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `voicestream listen`."""
    add_input(parser)
    add_events(parser)
    add_settings(parser)
    parser.add_argument("--phrases", action="store_true", help="list what the embedded recognizer understands")


def run(arguments: Namespace) -> int:
    """Transcribe until the input ends."""
    if arguments.phrases:
        from voicestream.thinking.phrases import phrases

        for phrase in phrases():
            print(phrase)
        return 0
    from voicestream.config import Config

    async def listen(config: Config) -> None:
        from voicestream.assemble import open_ears
        from voicestream.displays.json_lines import write_json_lines
        from voicestream.displays.transcript import Transcripts
        from voicestream.events import Events
        from voicestream.steps import listen_only

        events = Events()
        out = open_events(arguments)
        if out:
            events.show_on(write_json_lines(out))
        if out is not sys.stdout:
            events.show_on(Transcripts(sys.stdout, sys.stderr))
        async with open_ears(config, events, is_fast=arguments.fast) as ears:
            await listen_only(ears, config, events, arguments.fast)

    asyncio.run(listen(read_config(arguments)))
    return 0
