"""Finds the wake phrase in a transcript, forgiving a misheard letter or two."""

from __future__ import annotations

from difflib import SequenceMatcher

from voicestream.turns.words import bare_words

_ALIKE = 0.8
"""Similarity of letters from which a stretch of the transcript is the phrase; "hey computor" has 0.91."""
_FIRST_WORDS = 4
"""The phrase must begin within so many words: later it is talk about the assistant, not to it."""


def after_wake_phrase(text: str, phrase: str) -> str | None:
    """Return what follows the wake phrase ("" where nothing does), or None where the phrase is not there."""
    wanted = "".join(bare_words(phrase))
    count = len(bare_words(phrase))
    shown = text.split()
    bare = ["".join(bare_words(word)) for word in shown]
    best, end = _ALIKE, -1
    for start in range(min(_FIRST_WORDS, len(shown))):
        for length in range(max(1, count - 1), count + 2):
            letters = "".join(bare[start : start + length])
            alike = SequenceMatcher(None, letters, wanted, autojunk=False).ratio()
            if start + length <= len(shown) and alike > best:
                best, end = alike, start + length
    return " ".join(shown[end:]) if end >= 0 else None
