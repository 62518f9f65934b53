"""The README's pictures of a terminal show each letter where it stood, in its look."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as xml
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "script"))

from terminal_picture import BRIGHT, CELL, COLOURS, EDGE, TEXT, draw_terminal

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*lines: str) -> list[tuple[str, dict[str, str]]]:
    """Return the texts of the picture, but for the window's title."""
    picture = xml.fromstring(draw_terminal(lines, 40, "a <title>"))
    return [(element.text or "", element.attrib) for element in picture.iter(f"{SVG}text")][1:]


def test_each_text_stands_at_its_cells() -> None:
    texts = drawn("one  two", "日本 three")
    assert [text for text, _ in texts] == ["one", "two", "日本 three"]
    columns = [(float(look["x"]) - EDGE) / CELL for _, look in texts]
    assert columns == pytest.approx([0, 5, 0], abs=0.02)
    assert float(texts[2][1]["textLength"]) == pytest.approx(10 * CELL, abs=0.1)


def test_looks_are_those_that_the_terminal_was_sent() -> None:
    looks = dict(drawn("\x1b[1;36mbold\x1b[0m  plain  \x1b[90m\x1b[49mgrey", "\x1b[3mstill grey"))
    assert (looks["bold"]["fill"], looks["bold"]["font-weight"]) == (COLOURS[6], "bold")
    assert looks["plain"]["fill"] == TEXT
    assert looks["grey"]["fill"] == looks["still grey"]["fill"] == BRIGHT[0]
    assert looks["still grey"]["font-style"] == "italic"


def test_letters_of_xml_are_letters() -> None:
    assert drawn("<a> & b")[0][0] == "<a> & b"


def test_what_it_cannot_show_is_said() -> None:
    with pytest.raises(ValueError, match="48"):
        draw_terminal(["\x1b[48;5;1mx"], 10, "")
