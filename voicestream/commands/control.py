"""Steer the conversation that runs on this machine."""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser, Namespace

from voicestream.commands.options import add_settings, read_config

EXAMPLES = """
voicestream control status                  its state and how loud it speaks
voicestream control mute                    the microphone does not count, until unmute
voicestream control unmute
voicestream control listen                  as if the wake word had been said
voicestream control talk                    press the push-to-talk button, or let it go
voicestream control stop                    fall silent
voicestream control repeat                  say the last answer again
voicestream control ask "what time is it"   a typed turn
voicestream control say "Dinner is ready."  say it as soon as nobody else speaks
voicestream control volume 40               from the next sentence on
voicestream control events                  what happens, as JSON lines, until Ctrl-C
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `voicestream control`."""
    parser.add_argument("action", metavar="ACTION", help="one of those below")
    parser.add_argument("words", metavar="WORD", nargs="*", help="the text of ask and say; the volume, 0 to 100")
    add_settings(parser)


def run(arguments: Namespace) -> int:
    """Send one command; exit 69 where no conversation runs, 64 where it does not understand."""
    from voicestream.errors import UsageError
    from voicestream.sessions.control import call

    request: dict[str, object] = {"command": arguments.action}
    text = " ".join(arguments.words)
    if arguments.action == "volume":
        request["value"] = _number(text)
    elif text and arguments.action not in ("ask", "say"):
        raise UsageError(f"control {arguments.action} takes nothing more, not {text!r}")
    elif text:
        request["text"] = text
    return asyncio.run(call(read_config(arguments).control, request, sys.stdout))


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
