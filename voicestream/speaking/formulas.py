"""Reads formulas between $ or behind a backslash, and tells them from money and escaped signs."""

from __future__ import annotations

import re

from voicestream.speaking.latex import write_formula
from voicestream.speaking.page import WAIT, Page
from voicestream.speaking.signs import NEWLINES

_INLINE_HOLD = 160
_DISPLAY_HOLD = 1500
_ESCAPED = frozenset("!\"#$%&')*+,-./:;<=>?@]^_`{|}~\\")
_ENVIRONMENT = "\\begin{"
_ENVIRONMENT_END = re.compile(r"\\end\{[^}\n]{0,30}\}")
_NEWLINE = re.compile(r"[\n\r]")
_FIGURES = re.compile(r"[^\s$]{0,40}")
_NAME = re.compile(r"[^\W\d_]{2,}(?:[\s.,;:!?/)]|\Z)")
_OPERATORS = re.compile(r"[\\^_]")
_IS_FORMULA = re.compile(r"[\\^_={}<>+*/|]|^[^\W\d_]$|^-?\d+$")


def read_backslash(page: Page, at: int) -> int:
    r"""Read `\`: a formula `\(…\)` or `\[…\]`, an environment, an escaped sign, or just the sign."""
    if page.lacks(at + 1):
        return WAIT
    following = page.held[at + 1 : at + 2]
    if following == "(":
        return _read_formula(page, at, "\\)")
    if following == "[":
        return _read_display(page, at, "\\]")
    if page.held.startswith(_ENVIRONMENT, at):
        return page.hide(at, at + len(_ENVIRONMENT), _ENVIRONMENT_END)
    if not page.is_all and _ENVIRONMENT.startswith(page.held[at:]):
        return WAIT
    if following in _ESCAPED:
        return page.put("said", following, at, at + 2)
    return page.drop(at, at + 1) if following and following in NEWLINES else page.say(at, at + 1)


def read_dollar(page: Page, at: int) -> int:
    """Read `$`: a formula where it closes and looks like one, else money, a name such as $HOME, or just the sign."""
    held = page.held
    if page.lacks(at + 1) or (page.lacks(at + 2) and held[at + 1] == "$"):
        return WAIT
    following = held[at + 1 : at + 2]
    if following == "$":
        return page.say(at, at + 3) if held.startswith("$$$", at) else _read_display(page, at, "$$")
    if not following or following.isspace() or following in ".,;:!?)":
        return page.say(at, at + 1)
    if following.isdigit():
        figures = _FIGURES.match(held, at + 1)
        assert figures is not None
        if page.lacks(figures.end()):
            return WAIT
        if not _OPERATORS.search(figures.group()) and held[figures.end() : figures.end() + 1] != "$":
            return page.say(at, at + 1)
    elif name := _NAME.match(held, at + 1):
        return WAIT if page.lacks(name.end()) and name.group()[-1].isalpha() else page.say(at, at + 1)
    return _read_formula(page, at, "$")


def _read_formula(page: Page, at: int, closing: str) -> int:
    """Say a formula within a sentence; it lies on one line."""
    held, limit, begin = page.held, at + _INLINE_HOLD, at + len(closing)
    end = held.find(closing, begin, limit)
    while closing == "$" and end >= 0 and (held[end - 1].isspace() or held[end + 1 : end + 2].isdigit()):
        end = held.find(closing, end + 1, limit)
    newline = _NEWLINE.search(held, at, limit)
    if end < 0 or (newline and newline.start() < end):
        if not newline and not page.is_all and len(held) < limit:
            return WAIT
        return page.say(begin - 1, begin)
    if closing == "$" and page.lacks(end + 1):
        return WAIT
    page.put("verbatim", write_formula(held[begin:end]), at, end + len(closing))
    page.previous = "$"
    return end + len(closing)


def _read_display(page: Page, at: int, closing: str) -> int:
    """Leave out a formula on lines of its own, or say it; `[` where it is none."""
    held, limit, begin = page.held, at + _DISPLAY_HOLD, at + 2
    end = held.find(closing, begin, limit)
    if end < 0:
        if page.is_all:
            return page.drop(at, len(held))
        return WAIT if len(held) < limit else page.say(begin - 1, begin)
    content = held[begin:end]
    if closing == "\\]" and not _IS_FORMULA.search(content):
        return page.put("said", "[", at, begin)
    if page.policy.math == "skip":
        return page.drop(at, end + 2, "break", neighbour="$")
    page.put("verbatim", write_formula(content), at, end + 2)
    return end + 2
