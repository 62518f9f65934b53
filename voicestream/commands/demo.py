"""Hear a whole turn without microphone, key, network or download: a question is spoken, heard, and answered aloud."""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser, Namespace

from voicestream.commands.options import add_events, add_settings, open_events, read_config

QUESTION = "What can you do?"

EXAMPLES = """
voicestream demo                       writes voicestream-demo.wav and voicestream-demo.svg
voicestream demo --output /tmp/demo.wav
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `voicestream demo`."""
    parser.add_argument("--output", metavar="FILE", default="voicestream-demo.wav", help="where the sound is written")
    add_events(parser)
    add_settings(parser)


def run(arguments: Namespace) -> int:
    """Play the turn and print its timeline; return 0 if it was heard and answered."""
    wav, arguments.output = arguments.output, None
    arguments.set = ["thinking.provider=offline", *arguments.set]
    config = read_config(arguments)

    async def show() -> bool:
        from voicestream.displays.json_lines import write_json_lines
        from voicestream.displays.lines import Lines
        from voicestream.events import Events
        from voicestream.sessions.demo import demonstrate

        events = Events()
        if out := open_events(arguments):
            events.show_on(write_json_lines(out))
        if out is not sys.stdout:
            events.show_on(Lines(sys.stdout, is_live=sys.stdout.isatty()))
        return await demonstrate(QUESTION, config, events, wav)

    return 0 if asyncio.run(show()) else 70
