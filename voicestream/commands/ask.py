"""Ask one typed question, and read and hear the answer."""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser, Namespace

from voicestream.commands.options import add_events, add_output, add_settings, add_verbose, read_config
from voicestream.errors import UsageError

EXAMPLES = """
voicestream ask "how far is the moon?"
git diff | voicestream ask --output none -
voicestream ask --json "what is two plus three"
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `voicestream ask`."""
    parser.add_argument("question", nargs="*", help="what to ask; - or nothing, with a pipe, reads standard input")
    add_output(parser)
    add_events(parser)
    add_settings(parser)
    add_verbose(parser)
    parser.add_argument("--json", action="store_true", help="print the whole result as one JSON object, without speech")


def run(arguments: Namespace) -> int:
    """Ask, and return the exit status of what failed."""
    question = " ".join(arguments.question)
    if question == "-" or (not question and not sys.stdin.isatty()):
        question = sys.stdin.read()
    if not question.strip():
        raise UsageError('ask what? voicestream ask "how far is the moon?"')
    if arguments.json:
        arguments.output = "none"
    config = read_config(arguments)

    async def ask() -> int:
        from voicestream.sessions.conversation import ask_once

        return await ask_once(question.strip(), config, arguments)

    return asyncio.run(ask())
