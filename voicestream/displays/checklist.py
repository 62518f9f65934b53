"""Lines of a checklist for a terminal or a pipe: the state, what was looked at, what was found, what to do about it."""

from __future__ import annotations

import os
import re
import shutil
import textwrap
from typing import Literal, TextIO

from voicestream.displays.lines import CLEAR_LINE, printable

State = Literal["ok", "warning", "problem"]

COLOURS: dict[State, str] = {"ok": "32", "warning": "33", "problem": "1;31"}
"""ECMA-48, 8.3.117: green, yellow, bold red."""

STATE_WIDTH, NAME_WIDTH, INDENT = 9, 13, 22
NARROW = 50
"""Columns below which a finding begins on a line of its own."""

PIPE_WIDTH = 10_000
"""Columns where the output is no terminal: a line for each finding, as grep likes it."""


class Checklist:
    """Writes a line for each check as soon as it is done, and meanwhile what is being done."""

    def __init__(self, out: TextIO, *, is_coloured: bool) -> None:
        self._out = out
        self._is_terminal = out.isatty() and os.environ.get("TERM") != "dumb"
        self._is_coloured = is_coloured and self._is_terminal

    def doing(self, what: str) -> None:
        """Say what the next check does, on a terminal, until it is done."""
        if self._is_terminal:
            self._out.write(f"{CLEAR_LINE}{self._paint('2', f'… {what}')}")
            self._out.flush()

    def done(self, state: State, name: str, message: str, fix: str = "") -> None:
        """Write what was found."""
        width = self._width()
        head = self._paint(COLOURS[state], f"{state:<{STATE_WIDTH}}") + f"{name:<{NAME_WIDTH}}"
        indent = 4 if width < NARROW else INDENT
        remedy = _folded(fix, width - indent - 2)
        lines = _folded(message, width - indent) + [f"{'  ' if row else '→ '}{line}" for row, line in enumerate(remedy)]
        text = f"\n{' ' * indent}".join(lines)
        self._out.write(f"{CLEAR_LINE if self._is_terminal else ''}{head}")
        self._out.write(f"\n{' ' * indent}{text}\n" if width < NARROW else f"{text}\n")
        self._out.flush()

    def end(self, state: State, verdict: str) -> None:
        """Write the last line."""
        text = "\n".join(_folded(verdict, self._width()))
        self._out.write(f"{CLEAR_LINE if self._is_terminal else ''}\n{self._paint(COLOURS[state], text)}\n")

    def _width(self) -> int:
        return max(30, shutil.get_terminal_size().columns) if self._is_terminal else PIPE_WIDTH

    def _paint(self, colour: str, text: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._is_coloured else text


def _folded(text: str, width: int) -> list[str]:
    """Return the text in lines; a command in backquotes is not torn where it fits on one."""
    whole = re.sub("`[^`]*`", lambda command: command[0].replace(" ", "\xa0"), printable(text))
    return [line.replace("\xa0", " ") for line in textwrap.wrap(whole, width, break_on_hyphens=False)]
