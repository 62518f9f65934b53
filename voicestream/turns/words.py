"""Words of a text, bared of case and punctuation, so that two spellings of the same speech compare equal."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"\w+(?:['’\-]\w+)*")


def bare_words(text: str) -> list[str]:
    """Return the words in lower case without punctuation; hyphens and apostrophes inside a word are dropped."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return [word.replace("'", "").replace("’", "").replace("-", "") for word in _WORD.findall(folded)]


def are_equivalent(one: str, other: str) -> bool:
    """Tell whether two texts say the same words."""
    return bare_words(one) == bare_words(other)


def word_set(words: str) -> frozenset[str]:
    """Return the words that stand between spaces."""
    return frozenset(words.split())


def phrase_set(phrases: str) -> frozenset[str]:
    """Return the phrases that stand between bars."""
    return frozenset(" ".join(phrase.split()) for phrase in phrases.split("|"))


NUMBERS = word_set(
    """
    zero oh one two three four five six seven eight nine null eins zwei drei vier fünf sechs sieben acht neun
    """
)
"""Digits as words, of English and German."""
