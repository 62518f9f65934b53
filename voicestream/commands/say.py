"""Speak text while it streams in, sentence by sentence."""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser, Namespace

from voicestream.commands.options import add_events, add_output, add_settings, open_events, read_config

EXAMPLES = """
voicestream say "Dinner is ready."
some-llm … | voicestream say
voicestream say --output book.wav --rate 200 < book.txt
some-llm … | voicestream say --dry-run
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `voicestream say`."""
    parser.add_argument("text", nargs="*", help="what to say; without it, standard input is read as it arrives")
    add_output(parser)
    add_events(parser)
    add_settings(parser)
    parser.add_argument("--voice", metavar="NAME", help="the voice (`voicestream voices` lists them)")
    parser.add_argument("--rate", metavar="WORDS", help="words a minute")
    parser.add_argument("--dry-run", action="store_true", help="print the sentences instead of speaking")
    parser.add_argument("--json", action="store_true", help="with --dry-run: one JSON object a sentence")


def run(arguments: Namespace) -> int:
    """Speak, or print what would be spoken."""
    for name in ("voice", "rate"):
        if getattr(arguments, name) is not None:
            arguments.set.append(f"speaking.{name}={getattr(arguments, name)}")
    config = read_config(arguments)
    from voicestream.sessions.say import print_sentences, say

    text = " ".join(arguments.text)
    if arguments.dry_run:
        return print_sentences(text, config, sys.stdout, is_json=arguments.json)
    return asyncio.run(say(text, config, open_events(arguments)))
