"""Shows how far something long is: a download, a text that is read aloud."""

from __future__ import annotations

from types import TracebackType
from typing import Self, TextIO

WIDTH = 30

LONG_TEXT = 2_000
"""Characters from which a text is long: two minutes."""


class ProgressBar:
    """Shows bytes done of a total."""

    def __init__(self, out: TextIO, name: str) -> None:
        self._out = out
        self._name = name
        self._is_shown = False

    def __enter__(self) -> Self:
        return self

    def show(self, done: int, total: int) -> None:
        """Show how many bytes are there, of `total` (0: not known)."""
        if not self._out.isatty():
            if not self._is_shown:
                self._out.write(f"fetching {self._name} …\n")
        elif total:
            filled = round(WIDTH * done / total)
            self._out.write(
                f"\r{self._name} [{'#' * filled}{'.' * (WIDTH - filled)}] {done / 1e6:.0f} of {total / 1e6:.0f} MB"
            )
        else:
            self._out.write(f"\r{self._name} {done / 1e6:.0f} MB")
        self._is_shown = True
        self._out.flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_shown and self._out.isatty():
            self._out.write("\n")


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
