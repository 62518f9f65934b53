"""Reads the marks that lines begin with: headings, items, quotes, rules, tables, notes, blocks of code."""

from __future__ import annotations

import re

from voicestream.speaking.page import WAIT, Page

_RULE_HOLD = 200

_RULE = re.compile(r"([-*_=])[ \t]*(?:\1[ \t]*){2,}(?=[\n\r]|\Z)|==(?=[\n\r]|\Z)")
_RULE_PART = re.compile(r"(?:([-*_=])[ \t]*(?:\1[ \t]*)*)\Z")
_ROW_RULE = re.compile(r"[|:+\- \t]*-[|:+\- \t]*(?=[\n\r]|\Z)")
_ROW_RULE_PART = re.compile(r"[|:+\- \t]*\Z")
_HEADING = re.compile(r"#{1,6}[ \t]+|#{2,6}(?=[^\W\d_])")
_HEADING_PART = re.compile(r"#{1,6}[ \t]*\Z")
_ITEM = re.compile(r"[-+*–—•◦▪‣●○■·⁃][ \t]+|[•⁃]")
_NUMBER = re.compile(r"(\d{1,3}(?:[.)]|\.\)))[ \t]+")
_NUMBER_PART = re.compile(r"\d{1,3}[.)]{0,2}\Z")
_QUOTE = re.compile(r">(?=[\s>\w\"“'*#\[-])[ \t]?")
_DEFINITION = re.compile(r":[ \t]+")
_TASK = re.compile(r"\[[ xX]\][ \t]+")
_NOTE = re.compile(r"\[\^[^\]\n]{1,60}\]:[ \t]*")
_REFERENCE = re.compile(r"\[[^\]\n]{1,80}\]:[ \t]+(?:<|https?:|[./#])[^\n\r]*")
_BRACKET_PARTS = (
    re.compile(r"\[(?:[ xX](?:\][ \t]*)?)?\Z"),
    re.compile(r"\[(?:\^[^\]\n]{0,60}(?:\]:?)?)?\Z"),
    re.compile(r"\[[^\]\n]{0,80}(?:\](?::[ \t]*(?:h|ht|htt|http|https)?)?)?\Z"),
)
_FENCE = re.compile(r"(`{3,80}|~{3,80})[^`\n\r]{0,120}(?:[\n\r]|\Z)")
_FENCE_PART = re.compile(r"(?:`{1,80}|~{1,80}|(?:`{3,80}|~{3,80})[^`\n\r]{0,120})\Z")
_FENCE_END = re.compile(r"[ \t]{0,80}(`{3,80}|~{3,80})[ \t]{0,80}(?:[\n\r]|\Z)")
_FENCE_END_PART = re.compile(r"[ \t]{0,80}(?:`{0,80}|~{0,80})[ \t]{0,80}\Z")
_LINE_END = re.compile(r"(?=[\n\r])")
_NEWLINE = re.compile(r"[\n\r]")


def begin_line(page: Page, at: int) -> int:
    """Read a mark at the beginning of a line; return `at` where the line's text begins."""
    sign = page.held[at]
    if sign in " \t\u00a0":
        return page.put("opening", "", at, at + 1)
    if sign in "-*_=+:|":
        end = _read_rule(page, at)
        if end != at:
            return end
    if sign in "-+*–—•◦▪‣●○■·⁃":
        return _begin_item(page, at)
    if sign.isdecimal():
        return _begin_number(page, at)
    match sign:
        case "#":
            return _begin_heading(page, at)
        case "`" | "~":
            return begin_fence(page, at)
        case ">":
            quote = _QUOTE.match(page.held, at)
            return WAIT if page.lacks(at + 1) else page.drop(at, quote.end()) if quote else at
        case "|":
            page.is_row, page.is_line_start = True, False
            return page.put("opening", "", at, at + 1)
        case "[":
            return _begin_bracket(page, at)
        case ":":
            definition = _DEFINITION.match(page.held, at)
            return page.drop(at, definition.end()) if definition else at
    return at


def end_line(page: Page, at: int) -> int:
    """End the line, and the sentence with it."""
    page.is_line_start = True
    page.is_row = page.is_heading = False
    page.bullet = ""
    page.open_marks.clear()
    return page.drop(at, at + 1, "break", neighbour="")


def _read_rule(page: Page, at: int) -> int:
    """Leave out a rule, the line under a heading, the line between a table's head and body."""
    held = page.held
    is_row = held[at] in "-|:+"
    if page.may_become(_RULE_PART, at) or (is_row and page.may_become(_ROW_RULE_PART, at)):
        return WAIT if len(held) - at < _RULE_HOLD else at
    match = _RULE.match(held, at) or _ROW_RULE.match(held, at)
    if match and match.end() - at < _RULE_HOLD and match.group().strip() != "-":
        return page.drop(at, match.end())
    return at


def _begin_item(page: Page, at: int) -> int:
    sign = page.held[at]
    if page.lacks(at + 1) and sign not in "•⁃":
        return WAIT
    match = _ITEM.match(page.held, at)
    if not match:
        return at
    page.bullet = sign
    return page.put("opening", "", at, match.end())


def _begin_heading(page: Page, at: int) -> int:
    if page.may_become(_HEADING_PART, at):
        return WAIT
    match = _HEADING.match(page.held, at)
    page.is_heading = match is not None
    page.is_line_start = False
    return page.put("opening", "", at, match.end()) if match else at


def _begin_number(page: Page, at: int) -> int:
    """Say the number of an item; the full stop behind it ends no sentence."""
    if page.may_become(_NUMBER_PART, at):
        return WAIT
    match = _NUMBER.match(page.held, at)
    if not match:
        return at
    page.is_line_start = False
    if not page.policy.list_numbers:
        return page.put("opening", "", at, match.end())
    end = page.put("verbatim", match[1], at, match.end(1))
    return page.put("said", " ", end, match.end())


def _begin_bracket(page: Page, at: int) -> int:
    """Leave out the box of a task; hide notes and the addresses of links."""
    if any(page.may_become(part, at) for part in _BRACKET_PARTS):
        return WAIT
    if match := _TASK.match(page.held, at):
        page.is_line_start = False
        return page.put("opening", "", at, match.end())
    if match := _NOTE.match(page.held, at):
        is_read = page.policy.footnotes == "read"
        return page.drop(at, match.end()) if is_read else page.hide(at, match.end(), _LINE_END)
    if match := _REFERENCE.match(page.held, at):
        return page.hide(at, match.end(), _LINE_END)
    return at


def begin_fence(page: Page, at: int) -> int:
    """Begin a block of code; return `at` where there is none."""
    if page.may_become(_FENCE_PART, at):
        return WAIT
    match = _FENCE.match(page.held, at)
    if not match:
        return at
    page.fence = match[1]
    page.is_line_start = True
    page.put("break", "", at, at)
    if page.policy.code != "announce":
        return page.drop(at, match.end())
    page.put("said", page.policy.code_phrase, at, match.end())
    return page.put("break", "", match.end(), match.end())


def read_fence(page: Page, at: int) -> int:
    """Read one line of a block of code, or as much of it as there is."""
    held = page.held
    if page.is_line_start:
        match = _FENCE_END.match(held, at)
        if match and match[1].startswith(page.fence) and (held[match.end() - 1] in "\n\r" or page.is_all):
            page.fence = ""
            return page.drop(at, match.end(), "break", neighbour="")
        if page.may_become(_FENCE_END_PART, at):
            return WAIT
    newline = _NEWLINE.search(held, at)
    page.is_line_start = newline is not None
    end = newline.start() if newline else len(held)
    if page.policy.code != "read":
        return page.drop(at, newline.end() if newline else end)
    page.put("verbatim", held[at:end], at, end)
    return page.put("break", "", end, newline.end()) if newline else end
