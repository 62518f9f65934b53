"""Write down what is said, live: partial and final lines. The final ones go to standard output."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, Namespace

from voicestream.commands.options import add_events, add_fast, add_input, add_settings, open_events, read_config

EXAMPLES = """
voicestream listen                        from the microphone
voicestream listen --input talk.flac --fast > talk.txt
voicestream listen --set hearing.model=small --set hearing.language=de
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `voicestream listen`."""
    add_input(parser)
    add_fast(parser)
    add_events(parser)
    add_settings(parser)
    parser.add_argument("--phrases", action="store_true", help="list what the embedded recognizer understands")


def run(arguments: Namespace) -> int:
    """Transcribe until the input ends."""
    if arguments.phrases:
        from voicestream.thinking.phrases import list_phrases

        for phrase in list_phrases():
            print(phrase)
        return 0
    from voicestream.sessions.listen import listen

    asyncio.run(listen(read_config(arguments), open_events(arguments), is_fast=arguments.fast))
    return 0
