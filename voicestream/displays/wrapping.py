"""Breaks a growing text into lines of a terminal's cells, and cuts styled pieces out of it. Pure.

Only the end of a text that grew is broken anew, so that an answer of ten thousand words costs no more to show than a
short one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wcwidth import wcwidth

TAB = "    "

CLOSING = "、。，．！？：；）」』】》…"
"""Wide signs that do not begin a line."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A text in one style."""

    text: str
    style: str = ""


Line = list[Piece]

Change = tuple[int, str]
"""Where in a text a style begins, and its name."""


def cells(text: str) -> int:
    """Return how many cells of a terminal the text takes."""
    return sum(max(0, wcwidth(letter)) for letter in text)


def steady(text: str) -> str:
    """Return the text with letters only whose width all terminals agree on, whatever stands beside it.

    They differ on emoji that are joined, coloured or asked for by a selector, and would draw the line crooked.
    """
    return text.translate(_UNSTEADY)


_UNSTEADY: dict[int, str | None] = {
    ord("\t"): TAB,
    0x2028: "\n",
    0x2029: "\n",
    0x200D: None,
    0xFE0F: None,
    **dict.fromkeys(range(0x1F3FB, 0x1F400)),
}
"""Line separators; the joiner, the selector and the skin colours of emoji."""


def fitting(text: str, width: int) -> str:
    """Return the text, cut with an ellipsis where it is wider than `width` cells."""
    if cells(text) <= width:
        return text
    kept, used = "", 0
    for letter in text:
        used += cells(letter)
        if used > width - 1:
            break
        kept += letter
    return f"{kept}…" if width > 0 else ""


def ending(text: str, width: int) -> str:
    """Return the text on one line, or as much of its end as fits `width` cells, after an ellipsis."""
    text = " ".join(text.split())
    if cells(text) <= width:
        return text
    used, begin = 1, len(text)
    while begin and used + cells(text[begin - 1]) <= width:
        begin -= 1
        used += cells(text[begin])
    return f"…{text[begin:]}"


class Wrapped:
    """A text and the lines that it makes."""

    def __init__(self, text: str = "") -> None:
        self.text = text
        self._width = 0
        self._lines: list[range] = []
        """Of all lines but the last, which may still grow."""
        self._next = 0
        """Where the last line begins."""

    def put(self, place: int, text: str) -> None:
        """Put more text in, at its end or before."""
        if place < len(self.text):
            self._lines, self._next = [], 0
        self.text = self.text[:place] + text + self.text[place:]

    def lines(self, width: int) -> list[range]:
        """Return where in the text each line stands, without the blanks at its end; at least one."""
        if width != self._width:
            self._lines, self._next, self._width = [], 0, width
        while True:
            stop, after = _break(self.text, self._next, max(2, width))
            if after >= len(self.text):
                break
            self._lines.append(range(self._next, stop))
            self._next = after
        lines = [*self._lines, range(self._next, stop)]
        while len(lines) > 1 and not lines[-1]:
            lines.pop()  # a text may end with line breaks
        return lines

    def cut(self, line: range, changes: Sequence[Change]) -> Line:
        """Return a line in its styles; `changes` are in order, the first at 0."""
        ends = [begin for begin, _ in changes[1:]] + [len(self.text)]
        pieces = []
        for (begin, style), end in zip(changes, ends, strict=True):
            if part := self.text[max(begin, line.start) : min(end, line.stop)]:
                pieces.append(Piece(part, style))
        return pieces


def _break(text: str, begin: int, width: int) -> tuple[int, int]:
    """Return where the line that begins at `begin` ends, and where the next one begins."""
    used, last = 0, None
    place = begin
    while place < len(text):
        letter = text[place]
        if letter == "\n":
            return _without_blanks(text, begin, place), place + 1
        size = max(0, wcwidth(letter))
        if size == 2 and place > begin and letter not in CLOSING:
            last = place
        if used + size > width and letter != " ":
            stop = last if last is not None else max(place, begin + 1)
            return _without_blanks(text, begin, stop), stop
        used += size
        place += 1
        if letter == " " and text[begin:place].strip(" "):
            last = place
    return _without_blanks(text, begin, place), place


def _without_blanks(text: str, begin: int, stop: int) -> int:
    while stop > begin and text[stop - 1] == " ":
        stop -= 1
    return stop
