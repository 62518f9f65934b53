"""Takes the written answer apart into what is said and what is only markup, while it is still being written.

Knows nothing of sentences, and nothing of how numbers are read."""

from __future__ import annotations

import re
from collections.abc import Callable

from voicestream.speaking.emphasis import read_code, read_hash, read_mark, read_rare, read_separator
from voicestream.speaking.formulas import read_backslash, read_dollar
from voicestream.speaking.lines import begin_line, end_line, read_fence
from voicestream.speaking.links import read_bracket, read_bracket_end, read_exclamation, read_plain, read_source
from voicestream.speaking.page import WAIT, Page, Piece, Policy
from voicestream.speaking.signs import CONTROLS, EMOJI, INVISIBLE, NEWLINES, SUPERSCRIPTS, WIDE_BLANKS
from voicestream.speaking.tags import read_entity, read_kimi_tag, read_tag

_match_plain = re.compile(
    rf"[^{NEWLINES}\t\\`*_~=\[\]!<&$|#【◁•⁃†‡{SUPERSCRIPTS}{EMOJI}{INVISIBLE}{CONTROLS}{WIDE_BLANKS}]+"
).match
"""Matches a run of characters that need no thought."""

_READERS: dict[str, Callable[[Page, int], int]] = {
    **dict.fromkeys("*_~=", read_mark),
    **dict.fromkeys("|•⁃", read_separator),
    **dict.fromkeys("\n\r\x85\u2028\u2029", end_line),
    "`": read_code,
    "#": read_hash,
    "[": read_bracket,
    "]": read_bracket_end,
    "!": read_exclamation,
    "【": read_source,
    "<": read_tag,
    "&": read_entity,
    "◁": read_kimi_tag,
    "\\": read_backslash,
    "$": read_dollar,
}
"""What reads the construct that begins with a sign; all others are rare signs that are mostly not said."""


class SpokenText:
    """Reads the written text piece by piece."""

    def __init__(self, policy: Policy | None = None) -> None:
        self._page = Page(policy or Policy())

    def add(self, text: str) -> list[Piece]:
        """Read on; return what is decided."""
        self._page.held += text
        return self._read()

    def finish(self) -> list[Piece]:
        """Return the rest: the text is complete."""
        self._page.is_all = True
        return self._read()

    def pause(self) -> list[Piece]:
        """Return an exclamation mark that was held back because an image could begin with it."""
        if self._page.held != "!":
            return []
        return self._page.take(self._page.say(0, 1))

    def _read(self) -> list[Piece]:
        page, at, held = self._page, 0, self._page.held
        while at < len(held):
            is_inside = page.is_line_start or page.hidden or page.fence
            plain = None if is_inside else _match_plain(held, at)
            step = read_plain(page, at, plain.end()) if plain else self._step(at)
            if step == WAIT:
                break
            at = step
        return page.take(at)

    def _step(self, at: int) -> int:
        page = self._page
        if page.fence:
            return read_fence(page, at)
        if page.hidden:
            return page.skip_hidden(at)
        if page.is_line_start:
            step = begin_line(page, at)
            page.is_line_start = page.is_line_start and step != at
            return step
        return _READERS.get(page.held[at], read_rare)(page, at)
