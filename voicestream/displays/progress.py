"""A bar that shows how far a download is, on a terminal; elsewhere one line."""

from __future__ import annotations

from types import TracebackType
from typing import Self, TextIO

WIDTH = 30


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
