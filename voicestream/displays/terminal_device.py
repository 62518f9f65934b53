"""What the program finds at its standard streams: whether they are a terminal, and what libraries write there."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from voicestream.displays.lines import printable


def can_draw() -> bool:
    """Return whether standard input and output are a terminal that more than lines can be drawn on."""
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "") not in ("", "dumb")


@contextmanager
def kept_errors() -> Iterator[None]:
    """Keep what libraries write past everything to file descriptor 2, and show it when the screen is free again."""
    sys.stderr.flush()
    own = os.dup(2)
    with tempfile.TemporaryFile() as kept:
        os.dup2(kept.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(own, 2)
            os.close(own)
            kept.seek(0)
            sys.stderr.write(printable(kept.read().decode("utf-8", "replace")))
