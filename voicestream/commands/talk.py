"""Have a conversation: speak, or type a line; speak again to interrupt."""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from voicestream.commands.options import (
    add_events,
    add_fast,
    add_input,
    add_output,
    add_settings,
    add_verbose,
    read_config,
)

EXAMPLES = """
voicestream talk                                            to a person at the microphone
voicestream talk --set turns.listening=push_to_talk         /talk, or the key F2, begins and ends
voicestream talk --input question.wav --output answer.wav   from a file, into a file
voicestream talk --events talk.jsonl                        then: voicestream timeline talk.jsonl
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `voicestream talk`."""
    add_input(parser)
    add_fast(parser)
    add_output(parser)
    add_events(parser)
    add_settings(parser)
    add_verbose(parser)
    parser.add_argument("--headless", action="store_true", help="without a terminal: whole lines, for the journal")
    parser.add_argument("--record", metavar="DIR", type=Path, help="keep the session there, for replay and timeline")
    parser.add_argument("--plain", action="store_true", help="whole lines only, as a screen reader likes them")


def run(arguments: Namespace) -> int:
    """Talk until the input ends, the user quits, Ctrl-C or SIGTERM."""
    from voicestream.sessions.conversation import run_until_stopped
    from voicestream.sessions.talk import talk

    config = read_config(arguments)
    with asyncio.Runner(loop_factory=_loop if arguments.record else None) as runner:
        runner.run(run_until_stopped(talk(config, arguments, lambda: read_config(arguments))))
    return 0


def _loop() -> asyncio.AbstractEventLoop:
    """Return a loop on which a session can be recorded; on Windows, where such a loop starts no voices, another."""
    from voicestream.stepped_time import SteppedLoop

    return asyncio.new_event_loop() if sys.platform == "win32" else SteppedLoop()
