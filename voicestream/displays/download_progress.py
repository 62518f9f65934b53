"""Shows how far a download is."""

from __future__ import annotations

import shutil
import time
from types import TracebackType
from typing import Self, TextIO

from voicestream.displays.lines import CLEAR_LINE
from voicestream.displays.wrapping import fitting

WIDTH = 20
"""Columns of the bar."""

REDRAW = 0.1
"""Seconds between two drawings at least."""


class ProgressBar:
    """Shows bytes done of a total, how fast they come, and how long the rest will take."""

    def __init__(self, out: TextIO, name: str) -> None:
        self._out = out
        self._name = name
        self._is_terminal = out.isatty()
        self._is_shown = False
        self._file = ""
        self._began = 0.0
        self._first = 0
        self._drawn = 0.0

    def __enter__(self) -> Self:
        return self

    def show(self, file: str, done: int, total: int) -> None:
        """Show how many bytes of a file are there, of `total` (0: not known)."""
        if not self._is_terminal:
            if not self._is_shown:
                self._out.write(f"fetching {self._name} …\n")
                self._out.flush()
            self._is_shown = True
            return
        now = time.monotonic()
        if file != self._file:  # what an earlier try brought does not count for the speed
            self._file, self._began, self._first, self._drawn = file, now, done, 0.0
        if now - self._drawn < REDRAW and done != total:
            return
        self._drawn, self._is_shown = now, True
        speed = (done - self._first) / max(now - self._began, 0.001)
        room = shutil.get_terminal_size().columns - 4  # the terminal echoes ^C where the line ends
        line = fitting(f"{self._name}  {_progress(done, total, speed)}  {file}", room)
        self._out.write(f"{CLEAR_LINE}{line}")
        self._out.flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_shown and self._is_terminal:
            self._out.write(CLEAR_LINE)
            self._out.flush()


def _progress(done: int, total: int, speed: float) -> str:
    if not total:
        return f"{done / 1e6:.1f} MB, {speed / 1e6:.1f} MB/s"
    share = min(1.0, done / total)
    told = f"[{'#' * int(share * WIDTH):.<{WIDTH}}] {share:4.0%} of {total / 1e6:.1f} MB"
    left = f", {_duration((total - done) / speed)} left" if speed > 0 else ""
    return f"{told}{left}, {speed / 1e6:.1f} MB/s"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
