"""Run a recorded session through today's program, without devices, network or waiting, and compare what happens."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

EXAMPLES = """
voicestream talk --record monday                        first keep a conversation
voicestream replay monday                               what differs today
voicestream replay monday --set turns.end_of_turn=0.8   what if
voicestream replay monday --until 20 --output monday.wav
"""


EXAMPLES = """
voicestream talk --record session
voicestream replay session                    the same events, or what differs
voicestream replay session --set turns.end_of_turn=0.8 --output what-if.wav
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `voicestream replay`."""
    parser.add_argument("folder", metavar="DIR", type=Path, help="what `talk --record DIR` wrote")
    parser.add_argument("--until", metavar="SECONDS", type=float, default=float("inf"), help="end there")
    parser.add_argument("--set", metavar="KEY=VALUE", action="append", default=[], help="what if: another setting")
    parser.add_argument("--events", metavar="FILE", help="write the events as JSON lines, - for standard output")
    parser.add_argument("--output", metavar="FILE.wav", default="", help="write what the loudspeaker would have played")


def run(arguments: Namespace) -> int:
    """Print what differs from the recording; 0 where nothing does, 1 where something does."""
    from voicestream.commands.options import open_events
    from voicestream.sessions.replay import Wish, differences, replay

    out = open_events(arguments)  # before the work: a wrong name is told at once
    replayed = replay(arguments.folder, Wish(arguments.set, arguments.until, arguments.output))
    if replayed.notice:
        print(f"voicestream: {replayed.notice}", file=sys.stderr)
    found = differences(replayed)
    if out:
        out.writelines(f"{line}\n" for line in replayed.lines)
    if out is not sys.stdout:
        sys.stdout.writelines(f"{line}\n" for line in found)
        if out:
            out.close()
    count = len(replayed.lines)
    told = f"{len(found)} differences in {count} events" if found else f"the same {count} events"
    print(f"voicestream: {told}", file=sys.stderr)
    return 1 if found else 0
