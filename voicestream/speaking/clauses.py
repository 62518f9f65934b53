"""Finds places inside a sentence where a voice may pause: clauses, conjunctions, items of a list on one line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from voicestream.speaking.full_stops import NO, WAIT
from voicestream.speaking.languages import Language

CLAUSE_MARKS = ",;:—–，；：、،؛"
_WIDE = "，；：、"
_SHORTEST = 12
"""Characters of the shortest clause that is released in a hurry."""
_SHORTEST_LIMB = 36
"""Characters before a conjunction at which a sentence without commas is cut."""
_ITEM = re.compile(r"\s*(?:(\d{1,3})|([a-y]))([.)]{1,2}) ")
_WORD = re.compile(r"[^\s]+")


def clause_ends(text: str, at: int, shortest: int, is_all: bool) -> tuple[int, int]:
    """Decide whether the first clause ends at the mark `text[at]`.

    Returns the verdict (WAIT, NO or the index behind the clause) and the index from which to look on.
    """
    end = at + 1
    bare = text[:at].rstrip(" \"'”’»)]」』）")
    if end < shortest or not bare[-1:].isalnum() or _is_enclosed(text, at):
        return NO, end
    if text[at] in _WIDE:
        return (WAIT, at) if end == len(text) and not is_all else (NO, end) if end == len(text) else (end, end)
    if text[at] in "—–":
        spaced = text[at - 1 : at] == " "
        if end == len(text):
            return (NO, end) if is_all else (WAIT, at)
        if spaced != (text[end] == " ") or (text[at] == "–" and not spaced):
            return NO, end
        return end, end
    if end + 1 >= len(text):
        blank = text[end : end + 1]
        return (NO, end) if is_all or (blank and blank != " ") else (WAIT, at)
    if text[end] != " ":
        return NO, end
    following, before = text[end + 1], text[:at].split()[-1:]
    if text[at] == ",":
        if following.isdigit() and text[at - 1].isdigit():
            return NO, end
        if following.isupper() and before and before[0][:1].isupper():
            return NO, end
    return end, end


def _is_enclosed(text: str, at: int) -> bool:
    """Say whether a place lies inside a quotation or brackets."""
    before = text[:at]
    return (
        before.count('"') % 2 == 1
        or before.count("“") + before.count("„") > before.count("”") + (before.count("“") if "„" in before else 0)
        or before.count("«") > before.count("»")
        or before.count("(") > before.count(")")
        or before.count("[") > before.count("]")
        or before.count("「") > before.count("」")
        or before.count("『") > before.count("』")
    )


def find_clause(text: str, limit: int, language: Language, verbatim: Sequence[tuple[int, int]]) -> int:
    """Return the index behind the best clause before `limit`, 0 where there is none."""
    for at in range(min(limit, len(text)) - 2, _SHORTEST, -1):
        if text[at] not in CLAUSE_MARKS or any(begin <= at < end for begin, end in verbatim):
            continue
        end, _ = clause_ends(text[: limit + 1], at, _SHORTEST, False)
        if end > 0:
            return end
    best = 0
    for word in _WORD.finditer(text, 0, min(limit, len(text))):
        if word.start() >= _SHORTEST_LIMB and word.end() < min(limit, len(text)) and word.group().lower() in language.clauses:
            if not _is_enclosed(text, word.start()) and not any(begin <= word.start() < end for begin, end in verbatim):
                best = word.start()
    return best


def find_item(text: str, begin: int, until: int) -> tuple[int, int] | None:
    """Return where the next item begins, if the sentence is an item of a list on one line (`1. First 2. Second`)."""
    item = _ITEM.match(text)
    if not item:
        return None
    following = str(int(item[1]) + 1) if item[1] else chr(ord(item[2]) + 1)
    at = text.find(f" {following}{item[3]} ", max(item.end(), begin - 8), until + 8)
    return (at, at + 1) if item.end() <= at < until else None
