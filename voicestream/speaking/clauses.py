"""Finds places inside a sentence where a voice may pause: clauses, conjunctions, items of a list on one line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from voicestream.speaking.full_stops import NO, WAIT
from voicestream.speaking.languages import Language

CLAUSE_MARKS = ",;:—–，；：、،؛"
_MARK = re.compile(f"[{CLAUSE_MARKS}]")
_WIDE = "，；：、"
_SHORTEST = 12
"""Characters of the shortest clause that is released in a hurry."""
_SHORTEST_LIMB = 36
"""Characters before a conjunction at which a sentence without commas is cut."""
_CLOSING = " \"'”’»)]」』）"
_PAIRS = (("“", "”"), ("„", "“"), ("«", "»"), ("(", ")"), ("[", "]"), ("「", "」"), ("『", "』"))
_ITEM = re.compile(r"(?:(\d{1,3})|([a-y]))([.)]{1,2}) ")
_ITEM_MARKS = frozenset(".)")
_BLANK = re.compile(r"(?<=[^\W\d_A-Z]) (?=[^\W\d_A-Z])")
_WORDS = re.compile(r"(?<= )(\w+)(?= (\S+) )")


def clause_ends(text: str, at: int, shortest: int, is_all: bool) -> tuple[int, int]:
    """Decide whether the first clause ends at the mark `text[at]`, and is `shortest` characters long at least.

    Returns the verdict (WAIT, NO or the index behind the clause) and the index from which to look on.
    """
    end, mark = at + 1, text[at]
    if end < shortest or not text[:at].rstrip(_CLOSING)[-1:].isalnum() or is_enclosed(text, at):
        return NO, end
    needed = 1 if mark in _WIDE + "—–" else 2
    if len(text) < end + needed:
        certain_no = is_all or (end < len(text) and text[end] != " ")
        return (NO, end) if certain_no else (WAIT, at)
    if mark in _WIDE:
        return end, end
    if mark in "—–":
        is_spaced = text[at - 1] == " "
        is_dash = is_spaced == (text[end] == " ") and (is_spaced or mark == "—")
        return (end, end) if is_dash else (NO, end)
    return (NO, end) if text[end] != " " or (mark == "," and _joins(text, at)) else (end, end)


def _joins(text: str, at: int) -> bool:
    """Say whether a comma stands inside a date, a number or a name: `Feb. 12, 2026`, `Paris, France`."""
    following, before = text[at + 2], text[:at].split()[-1]
    return (following.isdigit() and text[at - 1].isdigit()) or (following.isupper() and before[0].isupper())


def is_enclosed(text: str, at: int) -> bool:
    """Say whether a place lies inside a quotation or brackets."""
    before = text[:at]
    if before.count('"') % 2:
        return True
    if "„" in before:  # German closes with the mark that opens in English
        return before.count("„") > before.count("“") + before.count("”")
    return any(before.count(opening) > before.count(closing) for opening, closing in _PAIRS)


def find_clause(text: str, limit: int, language: Language, verbatim: Sequence[tuple[int, int]]) -> int:
    """Return the index behind the best clause before `limit`, 0 where there is none."""
    limit = min(limit, len(text))

    def is_free(at: int) -> bool:
        return not any(begin <= at < end for begin, end in verbatim)

    for match in reversed(list(_MARK.finditer(text, 0, limit))):
        end, _ = clause_ends(text[:limit], match.start(), _SHORTEST, False)
        if end > 0 and is_free(match.start()):
            return end
    for match in reversed(list(_WORDS.finditer(text, _SHORTEST_LIMB, limit))):
        word, following = match[1].lower(), match[2].lower()
        is_clause = word in language.clauses and (word not in language.joining or following in language.subjects)
        if is_clause and is_free(match.start()) and not is_enclosed(text, match.start()):
            before = text[: match.start()].split()[-1]  # "and when": the clause begins at "and"
            return match.start() - (len(before) + 1 if before in language.joining else 0)
    return 0


def find_blank(text: str, limit: int) -> int:
    """Return the last blank before `limit` that lies between two words without capitals, else of any, else -1."""
    blanks = [match.start() for match in _BLANK.finditer(text, 1, limit)]
    return blanks[-1] if blanks else text.rfind(" ", 1, limit)


def may_be_item(text: str) -> bool:
    """Say whether a text may be an item of a list on one line, by its first characters."""
    return text[1:2] in _ITEM_MARKS or text[:1].isdigit()


def find_item(text: str, begin: int, until: int) -> int:
    """Return where the next item begins, if the text is an item of a list on one line (`1. One 2. Two`), else 0."""
    item = _ITEM.match(text) if may_be_item(text) else None
    if not item:
        return 0
    following = str(int(item[1]) + 1) if item[1] else chr(ord(item[2]) + 1)
    at = text.find(f" {following}{item[3]} ", max(item.end(), begin - 8), until + 8)
    return at if item.end() <= at < until else 0
