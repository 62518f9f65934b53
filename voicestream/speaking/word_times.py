"""Estimates when each word of a text sounds, for voices that do not tell."""

from __future__ import annotations

import re

from voicestream.vocabulary import WordTime

_WORD = re.compile(r"\w[\w'’.,-]*\w|\w")
_WIDE = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_PER_WORD = 2.2
"""Letters' worth of time that a word takes beside its letters."""

_PER_PAUSE = 6.0
"""Letters' worth of time of a comma or a stop inside the text."""

_DIGIT = 4.0
"""Letters that a digit is spoken with."""


def estimate_words(text: str, seconds: float) -> tuple[WordTime, ...]:
    """Return the words of `text` with times such that the whole takes `seconds`, each by its length."""
    words = [match.span() for match in _WORD.finditer(text)]
    if not words:
        return ()
    starts, at, end = [], 0.0, 0
    for start, stop in words:
        at += _PER_PAUSE if re.search(r"[,.;:!?。！？、—]", text[end:start]) else 0.0
        starts.append(at)
        at += _PER_WORD + sum(map(_weight, text[start:stop]))
        end = stop
    scale = seconds / at
    return tuple(WordTime(start, stop, weight * scale) for (start, stop), weight in zip(words, starts, strict=True))


def _weight(letter: str) -> float:
    if letter.isdigit():
        return _DIGIT
    return 4.0 if _WIDE.match(letter) else 1.0
