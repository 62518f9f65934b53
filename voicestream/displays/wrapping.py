"""Breaks styled text into lines of a terminal's cells, at blanks where there are any. Pure; wide letters take two."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from wcwidth import wcwidth

TAB = "    "


@dataclass(frozen=True, slots=True)
class Piece:
    """A text in one style."""

    text: str
    style: str = ""


Line = list[Piece]


def cells(text: str) -> int:
    """Return how many cells of a terminal the text takes."""
    return sum(max(0, wcwidth(letter)) for letter in text)


def fitting(text: str, width: int) -> str:
    """Return the text, cut with an ellipsis where it is wider than `width` cells."""
    if cells(text) <= width:
        return text
    kept = ""
    for letter in text:
        if cells(kept + letter) > width - 1:
            break
        kept += letter
    return f"{kept}…" if width > 0 else ""


def wrap(pieces: Sequence[Piece], width: int) -> list[Line]:
    """Return the lines that the pieces make; a word that is wider than a line is broken. At least one line."""
    width = max(2, width)
    lines: list[Line] = [[]]
    used = 0
    word: list[Piece] = []

    def put_word() -> None:
        nonlocal used
        size = sum(cells(piece.text) for piece in word)
        if used and used + size > width:
            lines.append([])
            used = 0
        for piece in word:
            for part, new_line in _broken(piece.text, width, used):
                if new_line:
                    lines.append([])
                    used = 0
                _append(lines[-1], Piece(part, piece.style))
                used += cells(part)
        word.clear()

    for piece in pieces:
        for part in re.findall(r"\n|[ \t]+|[^ \t\n]+", piece.text):
            if part == "\n":
                put_word()
                lines.append([])
                used = 0
            elif part[0] in " \t":
                put_word()
                blank = part.replace("\t", TAB)
                if used and used + len(blank) <= width:
                    _append(lines[-1], Piece(blank, piece.style))
                    used += len(blank)
                elif used:
                    used = width  # the next word begins a line, and the blank stands on none
            else:
                word.append(Piece(part, piece.style))
    put_word()
    while len(lines) > 1 and not lines[-1]:
        lines.pop()  # a text may end with line breaks
    return lines


def _broken(text: str, width: int, used: int) -> list[tuple[str, bool]]:
    """Return the parts of a word that fit on lines, and whether each begins a new one."""
    parts: list[tuple[str, bool]] = []
    part, is_new = "", False
    for letter in text:
        if used + cells(part + letter) > width:
            parts.append((part, is_new))
            part, is_new, used = "", True, 0
        part += letter
    return [*parts, (part, is_new)]


def _append(line: Line, piece: Piece) -> None:
    if line and line[-1].style == piece.style:
        line[-1] = Piece(line[-1].text + piece.text, piece.style)
    elif piece.text:
        line.append(piece)
