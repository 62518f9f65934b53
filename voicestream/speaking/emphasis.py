"""Reads the marks within a line: emphasis, code, the bars of tables; and the signs that nobody says."""

from __future__ import annotations

import re

from voicestream.speaking.lines import begin_fence
from voicestream.speaking.page import WAIT, Page
from voicestream.speaking.signs import (
    CONTROLS,
    INVISIBLE,
    JOINERS,
    KEPT_SIGNS,
    NEWLINES,
    match_terminal_sequence,
    needs_joiner,
)

_RUN_HOLD = 80
"""Marks of one kind in a row."""
_CODE_HOLD = 160
"""Characters of the longest code within a sentence."""
_CODE_ENDS = re.compile(rf"`+|[{NEWLINES}]|''")
_UNSAID = re.compile(rf"[{INVISIBLE}{CONTROLS}]")
_HEADING_END = re.compile(r"#+[ \t]*(?=[\n\r]|\Z)")
_HEADING_END_PART = re.compile(r"#+[ \t]*\Z")
_BEFORE_NOTE = frozenset('.,;:!?"”’»)…。！？') | {"", "\0"}
"""What stands before a raised figure that is a note, and no power."""


def read_mark(page: Page, at: int) -> int:
    """Read * _ ~ = : emphasis by its neighbours (CommonMark 0.31, 6.2: flanking), else signs."""
    held, sign = page.held, page.held[at]
    end = _end_of_run(page, at)
    if end - at == _RUN_HOLD:
        return page.drop(at, end)
    if page.lacks(end):
        return WAIT
    before, after, length = page.previous or " ", held[end : end + 1] or " ", end - at
    opens, closes = not after.isspace(), not before.isspace()
    is_open = sign in page.open_marks
    if sign == "~":
        is_emphasis = length > 1
    elif sign == "=":
        opens = opens and not before.isalnum()
        is_emphasis = length > 3 or (length == 2 and (opens or (closes and is_open)))
    elif not opens and not closes:
        is_emphasis = length > 2
    elif sign == "*":
        is_product = before in "0123456789)" and after in "0123456789(" and length < 3
        is_emphasis, opens = not is_product, opens and not (closes and is_open)
    else:
        opens = opens and not before.isalnum()
        is_emphasis = opens or (not (before.isalnum() and after.isalnum()) and (length > 2 or (closes and is_open)))
    return _drop_mark(page, at, end, opens=opens) if is_emphasis else page.say(at, end)


def _end_of_run(page: Page, at: int) -> int:
    end = at + 1
    while end < len(page.held) and page.held[end] == page.held[at] and end - at < _RUN_HOLD:
        end += 1
    return end


def _drop_mark(page: Page, at: int, end: int, *, opens: bool) -> int:
    sign, previous = page.held[at], page.previous
    if not opens:
        page.open_marks.discard(sign)
        return page.drop(at, end)
    page.open_marks.add(sign)
    return page.drop(at, end, "opening", neighbour=previous if previous.isspace() or not previous else "(")


def read_code(page: Page, at: int) -> int:
    """Say a code span as it is; marks that nobody closes on their line are left out."""
    end = _end_of_run(page, at)
    if end - at == _RUN_HOLD:
        return page.drop(at, end)
    if page.lacks(end):
        return WAIT
    if end - at >= 3:
        step = begin_fence(page, at)
        if step != at:
            return step
    return _read_code_span(page, at, end)


def _read_code_span(page: Page, at: int, begin: int) -> int:
    held, ticks = page.held, begin - at
    limit = begin + _CODE_HOLD
    for match in _CODE_ENDS.finditer(held, begin, limit):
        if match.end() == len(held) < limit and not page.is_all:
            return WAIT
        mark, following = match.group(), held[match.end() : match.end() + 1]
        opens_quote = ticks == 2 and held[match.start() - 1].isspace() and following.isalnum()
        if mark == "`" * ticks and not opens_quote:
            page.put("opening", "", at, begin)
            page.put("verbatim", _UNSAID.sub("", held[begin : match.start()]).strip(), begin, match.start())
            return page.drop(match.start(), match.end(), neighbour="`")
        if mark in NEWLINES or (mark == "''" and ticks == 2):  # ``quoted'' as TeX has it
            return _drop_mark(page, at, begin, opens=True)
    if len(held) < limit and not page.is_all:
        return WAIT
    return _drop_mark(page, at, begin, opens=True)


def read_separator(page: Page, at: int) -> int:
    """Read | between cells, and • between items on one line."""
    sign = page.held[at]
    if page.is_row or (sign != "|" and sign != page.bullet):
        return page.put("pause", "", at, at + 1)
    if sign != "|":
        return page.put("break", "", at, at + 1)
    if page.lacks(at + 1):
        return WAIT
    is_alone = page.previous.isspace() and (page.held[at + 1 : at + 2] or " ").isspace()
    return page.put("pause", "", at, at + 1) if is_alone else page.say(at, at + 1)


def read_hash(page: Page, at: int) -> int:
    """Leave out the marks that close a heading."""
    if not page.is_heading:
        return page.say(at, at + 1)
    if page.may_become(_HEADING_END_PART, at):
        return WAIT
    match = _HEADING_END.match(page.held, at)
    return page.drop(at, match.end()) if match else page.say(at, at + 1)


def read_rare(page: Page, at: int) -> int:
    """Leave out emoji, controls, invisible marks and the signs of notes; say blanks of odd widths as blanks."""
    held, sign = page.held, page.held[at]
    if sign in "\x1b\x9b":
        length = match_terminal_sequence(held, at)
        return WAIT if length < 0 and not page.is_all else page.drop(at, at + max(length, 1))
    if sign.isspace() and sign not in "\x0b\x0c\x1c\x1d\x1e\x1f":
        return page.put("said", " ", at, at + 1)
    if sign in KEPT_SIGNS:
        if page.lacks(at + 1):
            return WAIT
        return page.drop(at, at + 2) if held[at + 1 : at + 2] == "\ufe0f" else page.say(at, at + 1)
    is_joiner = sign in JOINERS and page.previous != "" and needs_joiner(page.previous)
    is_power = sign.isdigit() and page.previous not in _BEFORE_NOTE
    return page.say(at, at + 1) if is_joiner or is_power else page.drop(at, at + 1)
