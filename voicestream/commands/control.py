"""Steer the conversation that runs: status, mute, unmute, listen, talk, stop, repeat, ask TEXT, say TEXT, volume N or
events."""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser, Namespace

from voicestream.commands.options import add_settings, read_config


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `voicestream control`."""
    parser.add_argument("action", metavar="ACTION", help="what to do")
    parser.add_argument("words", metavar="WORD", nargs="*", help="the text of ask and say; the volume, 0 to 100")
    add_settings(parser)


def run(arguments: Namespace) -> int:
    """Send one command; exit 64 where no conversation runs, or it does not understand."""
    from voicestream.sessions.control import call

    request: dict[str, object] = {"command": arguments.action}
    text = " ".join(arguments.words)
    if arguments.action == "volume":
        request["value"] = _number(text)
    elif text:
        request["text"] = text
    return asyncio.run(call(read_config(arguments).control, request, sys.stdout))


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
