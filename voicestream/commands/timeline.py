"""Draw each turn of a conversation as a picture (SVG), from the file that `talk --events FILE` wrote."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voicestream.events import Event

EXAMPLES = """
voicestream talk --events talk.jsonl
voicestream timeline talk.jsonl               writes talk.svg
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `voicestream timeline`."""
    parser.add_argument("events", metavar="FILE.jsonl", type=Path, help="the events")
    parser.add_argument(
        "--to", metavar="FILE.svg", help="where to draw (default: beside the events; - : standard output)"
    )


def run(arguments: Namespace) -> int:
    """Write the picture; raise InputError where the file holds no events."""
    from voicestream.displays.timeline_picture import timeline_picture
    from voicestream.errors import InputError

    picture = timeline_picture(_read(arguments.events))
    if arguments.to == "-":
        sys.stdout.write(picture)
        return 0
    path = Path(arguments.to) if arguments.to else arguments.events.with_suffix(".svg")
    try:
        path.write_text(picture, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from error
    print(path)
    return 0


def _read(path: Path) -> list[Event]:
    from voicestream.errors import InputError
    from voicestream.events import from_json

    found: list[Event] = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as events: {error}") from error
    for number, line in enumerate(lines, 1):
        try:
            event = from_json(line)
        except ValueError as error:
            raise InputError(f"{path}: line {number} is no event: {error}") from error
        if event:
            found.append(event)
    return found
