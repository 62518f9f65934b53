"""Shows how far a text is read aloud."""

from __future__ import annotations

from typing import TextIO

LONG_TEXT = 2_000
"""Characters from which a text is long: two minutes."""


class ReadingProgress:
    """Shows on a terminal how far a long text has been read aloud; elsewhere, nothing."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._shown = ""

    def show(self, seconds: float, spoken: int, total: float) -> None:
        """Show that `spoken` characters of `total` (0: not known) have taken so many seconds."""
        if not self._out.isatty() or max(spoken, total) < LONG_TEXT:
            return
        line = _clock(seconds)
        if total and spoken:
            share = min(1.0, spoken / total)
            line = f"{100 * share:3.0f} %  {line}, about {_clock(seconds / share - seconds)} left"
        if line != self._shown:
            self._write(line)

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            self._write("")
            self._out.write("\r")
            self._out.flush()

    def _write(self, line: str) -> None:
        self._out.write("\r" + line.ljust(len(self._shown)))
        self._out.flush()
        self._shown = line


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"
