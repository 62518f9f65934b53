"""Draw each turn of a conversation as a picture, SVG or PNG, from what `talk --record` or `talk --events` wrote."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voicestream.events import Event

EXAMPLES = """
voicestream talk --record session
voicestream timeline session                  writes session/timeline.svg
voicestream timeline session --output a.png   needs the extra timeline
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `voicestream timeline`."""
    parser.add_argument("session", metavar="DIR|FILE.jsonl", type=Path, help="a recorded session, or a file of events")
    parser.add_argument(
        "--output", metavar="FILE", help="FILE.svg, FILE.png, or - for SVG on standard output (default: beside it)"
    )


def run(arguments: Namespace) -> int:
    """Write the picture; raise InputError where there are no events, UsageError where PNG is not possible."""
    from voicestream.errors import InputError

    is_folder = arguments.session.is_dir()
    events = _read(arguments.session / "events.jsonl" if is_folder else arguments.session)
    if arguments.output == "-":
        sys.stdout.write(_draw(events, ".svg").decode())
        return 0
    beside = arguments.session / "timeline.svg" if is_folder else arguments.session.with_suffix(".svg")
    path = Path(arguments.output) if arguments.output else beside
    picture = _draw(events, path.suffix.lower())
    try:
        path.write_bytes(picture)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from error
    print(path)
    return 0


def _draw(events: list[Event], suffix: str) -> bytes:
    from voicestream.displays.timeline_picture import timeline_picture, timeline_png
    from voicestream.errors import UsageError

    if suffix == ".svg":
        return timeline_picture(events).encode()
    if suffix != ".png":
        raise UsageError(f"a timeline is drawn as .svg or .png, not as {suffix or 'a file without an ending'}")
    try:
        return timeline_png(events)
    except ImportError as error:
        raise UsageError("PNG needs matplotlib: pip install matplotlib; SVG needs nothing") from error


def _read(path: Path) -> list[Event]:
    from voicestream.errors import InputError
    from voicestream.events import from_json

    found: list[Event] = []
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is no file of events, as `--events FILE` writes one") from error
    for number, line in enumerate(lines, 1):
        if not line or (number == len(lines) > 1):
            continue  # the last is empty, or was cut off when the program was killed
        try:
            event = from_json(line)
        except ValueError as error:
            raise InputError(f"{path}: line {number} is no event: {error}") from error
        if event:
            found.append(event)
    return found
