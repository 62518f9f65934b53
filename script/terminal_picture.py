"""Draws what stands on a terminal as SVG: a small text, sharp at any size, without a font that must be fetched.

Takes the lines of `tmux capture-pane -e`: letters, and SGR sequences (ECMA-48, 8.3.117) that colour them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from xml.sax.saxutils import escape

from wcwidth import wcswidth

CELL, LINE, SIZE = 8.4, 19, 14
"""Pixels: the width of a letter, the height of a line, the font's size."""

EDGE, BAR = 18, 34
"""Pixels: the space around the text, the height of the window's bar."""

TEXT, GROUND, FRAME = "#d5dae3", "#1b2028", "#272e39"

COLOURS = ("#4b5565", "#e46b74", "#92c47d", "#e2b562", "#76a5e0", "#b990c9", "#6cc7d4", "#d5dae3")
BRIGHT = ("#838d9e", "#ee929a", "#b0d89f", "#edcb8c", "#9bbfee", "#cfaedb", "#98dbe4", "#ffffff")
"""What the terminal's eight colours look like, plain and bright."""

STYLE = (
    "text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;"
    f"font-size:{SIZE}px;white-space:pre}}"
)


@dataclass(frozen=True, slots=True)
class Pen:
    """How the letters that follow are drawn."""

    colour: str = TEXT
    is_bold: bool = False
    is_italic: bool = False
    is_underlined: bool = False
    is_reversed: bool = False


def draw_terminal(lines: Sequence[str], columns: int, title: str) -> str:
    """Return the lines as the picture of a window."""
    width, height = round(columns * CELL + 2 * EDGE), round(len(lines) * LINE + BAR + 2 * EDGE)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(title)}" fill="{TEXT}"><style>{STYLE}</style>',
        f'<rect width="{width}" height="{height}" rx="10" fill="{GROUND}"/>',
        f'<path d="M0 {BAR}V10Q0 0 10 0H{width - 10}Q{width} 0 {width} 10V{BAR}Z" fill="{FRAME}"/>',
        f'<text x="{width / 2}" y="{BAR / 2 + 5}" text-anchor="middle" fill-opacity=".6">{escape(title)}</text>',
    ]
    for number, colour in enumerate((COLOURS[1], COLOURS[3], COLOURS[2])):
        parts.append(f'<circle cx="{EDGE + 4 + 20 * number}" cy="{BAR / 2}" r="6" fill="{colour}"/>')
    pen = Pen()
    for row, line in enumerate(lines):
        column = 0
        for codes, text in re.findall(r"((?:\x1b\[[\d;]*m)*)([^\x1b]*)", line):
            pen = _turn(pen, [int(code or 0) for code in re.findall(r"\d+|(?<=\[)(?=m)", codes)])
            parts += _write(text, pen, column, row)
            column += wcswidth(text)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _turn(pen: Pen, codes: Sequence[int]) -> Pen:
    for code in codes:
        match code:
            case 0:
                pen = Pen()
            case 1 | 22:
                pen = replace(pen, is_bold=code == 1)
            case 3 | 23:
                pen = replace(pen, is_italic=code == 3)
            case 4 | 24:
                pen = replace(pen, is_underlined=code == 4)
            case 7 | 27:
                pen = replace(pen, is_reversed=code == 7)
            case 39:
                pen = replace(pen, colour=TEXT)
            case 49:
                pass  # the usual ground
            case _ if 30 <= code < 38:
                pen = replace(pen, colour=COLOURS[code - 30])
            case _ if 90 <= code < 98:
                pen = replace(pen, colour=BRIGHT[code - 90])
            case _:
                raise ValueError(f"the terminal sent {code}, which this picture cannot show")
    return pen


def _write(text: str, pen: Pen, column: int, row: int) -> Iterator[str]:
    """Draw a text in one style, each part between wide gaps at its own cells, whatever the font's width."""
    top = BAR + EDGE + row * LINE
    if pen.is_reversed and text:
        box = f'x="{_x(column)}" y="{top}" width="{wcswidth(text) * CELL:.1f}" height="{LINE - 1}" rx="3"'
        yield f'<rect {box} fill="{pen.colour}"/>'
    look = f' fill="{GROUND if pen.is_reversed else pen.colour}"'
    look += ' font-weight="bold"' * pen.is_bold + ' font-style="italic"' * pen.is_italic
    look += ' text-decoration="underline"' * pen.is_underlined
    for part in re.finditer(r"\S+(?: \S+)*", text):
        begin, size = column + wcswidth(text[: part.start()]), wcswidth(part.group())
        place = f'x="{_x(begin)}" y="{top + SIZE}" textLength="{size * CELL:.1f}"'
        yield f"<text {place}{look}>{escape(part.group())}</text>"


def _x(column: int) -> str:
    return f"{EDGE + column * CELL:.1f}"
