"""Finds the wake phrase in a transcript, forgiving a misheard letter or two."""

from __future__ import annotations

from difflib import SequenceMatcher

from voicestream.turns.words import bare_words

_ALIKE = 0.8
"""Similarity of letters from which a stretch of the transcript is the phrase; "hey computor" has 0.91."""
_ALIKE_UNSPLIT, _WORD_ALIKE = 0.9, 0.5
"""The same for a stretch of more or fewer words, and for each word: "a computer" is not "hey computer"."""
_FIRST_WORDS = 4
"""The phrase must begin within so many words: later it is talk about the assistant, not to it."""


def after_wake_phrase(text: str, phrase: str) -> str | None:
    """Return what follows the wake phrase ("" where nothing does), or None where the phrase is not there."""
    wanted = bare_words(phrase)
    shown = text.split()
    bare = ["".join(bare_words(word)) for word in shown]
    best, end = 0.0, -1
    for start in range(min(_FIRST_WORDS, len(shown))):
        for length in range(max(1, len(wanted) - 1), min(len(wanted) + 1, len(shown) - start) + 1):
            alike = _likeness(bare[start : start + length], wanted)
            if alike > best:
                best, end = alike, start + length
    return " ".join(shown[end:]) if end >= 0 else None


def _likeness(words: list[str], wanted: list[str]) -> float:
    """Return how alike the words and the phrase are, 0 where they are not the same."""
    alike = _letters_alike("".join(words), "".join(wanted))
    if len(words) != len(wanted):  # the recognizer joined or split a word: the letters must agree all the more
        return alike if alike >= _ALIKE_UNSPLIT else 0.0
    is_same = all(_letters_alike(word, other) >= _WORD_ALIKE for word, other in zip(words, wanted, strict=True))
    return alike if is_same and alike >= _ALIKE else 0.0


def _letters_alike(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()
