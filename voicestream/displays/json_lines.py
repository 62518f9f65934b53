"""Events as JSON lines, to a file or to standard output."""

from __future__ import annotations

from typing import TextIO

from voicestream.events import Display, Event, Level, as_json


def write_json_lines(stream: TextIO) -> Display:
    """Return a display that writes each event to `stream` as one line, at once; levels are left out."""

    def show(event: Event) -> None:
        if not isinstance(event, Level):
            stream.write(as_json(event) + "\n")
            stream.flush()

    return show
