"""Watchers of the answer: they see each piece as it comes, and may end the request early, saving time and tokens.

Pure. A watcher decides on the whole text so far, so that the borders between the pieces change nothing but how much
of the last one was let through.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

CHARACTERS_PER_SECOND = 15.0
"""Of speech: about 175 English words a minute."""


@dataclass(frozen=True, slots=True)
class EarlyStop:
    """The answer is to end here."""

    code: str
    """repetition, too_long, language or pattern"""
    note: str
    """One line for a person."""
    keep: int
    """How many characters of the last piece still belong to the answer."""
    spoken: str = ""
    """What is said in place of the rest."""


class Watcher(Protocol):
    """Sees an answer as it is written."""

    def add(self, text: str) -> EarlyStop | None:
        """Take the next piece; say whether the answer is to end."""
        ...


class RepetitionWatcher:
    """Stops a model that is caught in a loop: the same words three times in a row, and over a fair length."""

    _SEEN = 1600
    _SHORTEST = 60
    _LONGEST_PERIOD = 500

    def __init__(self) -> None:
        self._tail = ""
        self._unchecked = 0

    def add(self, text: str) -> EarlyStop | None:
        """Take the next piece; say whether the answer runs in circles."""
        self._tail = (self._tail + text)[-self._SEEN :]
        self._unchecked += len(text)
        if self._unchecked < 24:  # the check costs 50 µs: not for every token
            return None
        self._unchecked = 0
        tail = self._tail
        for period in range(1, min(self._LONGEST_PERIOD, len(tail) // 3) + 1):
            same = max(2 * period, self._SHORTEST)
            if tail[-1] != tail[-1 - period] or len(tail) < same + period:
                continue
            if tail[-same:] == tail[-same - period : -period] and _has_words(tail[-period:]):
                return EarlyStop("repetition", "the answer ran in circles", len(text))
        return None


class LengthWatcher:
    """Stops an answer that is too long to be listened to, at the end of a sentence, and offers to go on."""

    _GRACE = 240

    def __init__(self, seconds: float) -> None:
        self._limit = int(seconds * CHARACTERS_PER_SECOND)
        self._length = 0
        self._beyond = ""
        self._seconds = seconds

    def add(self, text: str) -> EarlyStop | None:
        """Take the next piece; say whether it is enough."""
        before, self._length = self._length, self._length + len(text)
        if self._length <= self._limit:
            return None
        start = max(0, self._limit - before)
        seen = len(self._beyond)
        self._beyond += text[start:]
        end = re.search(r"[.!?…]['\"”’)]*(?=\s)|[。！？]|\n", self._beyond)
        if end is None and self._length < self._limit + self._GRACE:
            return None
        keep = start + max(0, end.end() - seen) if end is not None else len(text)
        note = f"the answer would take more than {self._seconds:g} seconds to say"
        return EarlyStop("too_long", note, keep, " Shall I go on?")


class PatternWatcher:
    """Stops at configured words; they are not spoken, save for what of them came in earlier pieces."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = [pattern for pattern in patterns if pattern]
        self._tail = ""

    def add(self, text: str) -> EarlyStop | None:
        """Take the next piece; say whether a pattern is in it."""
        seen = self._tail + text
        for pattern in self._patterns:
            place = seen.find(pattern)
            if place >= 0:
                keep = max(0, place - len(self._tail))
                return EarlyStop("pattern", f"the answer came to {pattern!r}", keep)
        longest = max(map(len, self._patterns), default=1)
        self._tail = seen[-(longest - 1) :] if longest > 1 else ""
        return None


_SCRIPTS = {
    "ar": "ARABIC", "bg": "CYRILLIC", "el": "GREEK", "fa": "ARABIC", "he": "HEBREW", "hi": "DEVANAGARI", "ja": "CJK",
    "ko": "HANGUL", "mr": "DEVANAGARI", "ru": "CYRILLIC", "sr": "CYRILLIC", "th": "THAI", "uk": "CYRILLIC",
    "ur": "ARABIC", "zh": "CJK",
}  # fmt: skip
_SAME_SCRIPT = {"HIRAGANA": "CJK", "KATAKANA": "CJK", "KATAKANA-HIRAGANA": "CJK", "IDEOGRAPHIC": "CJK"}

_COMMON_WORDS = {
    "de": "der die das und ist nicht ein eine zu mit für auf ich sie es den von dem wie auch",
    "en": "the and is of to in it you that for are with this on be as was have not your",
    "es": "el la los las que de es en y un una por con para no se lo su más como",
    "fr": "le la les des est et un une que pour dans qui vous il ce pas sur avec en je",
    "it": "il che di è e un una per non con sono la gli del si come più anche le questo",
    "nl": "de het een en van is dat niet te in op voor met zijn er aan ook je maar bij",
    "pl": "i w na nie się z do to że jest jak o ale po tak za co od dla przez",
    "pt": "o a os as que de é em um uma para com não por mais se como do da no",
    "sv": "och att det som en på är av för med till den inte har jag ett om de så var",
    "tr": "ve bir bu da için ile de çok ne ama gibi daha var olarak en ben değil o mi kadar",
}
_WORDS = {language: frozenset(words.split()) for language, words in _COMMON_WORDS.items()}


class LanguageWatcher:
    """Stops an answer in a language that the user does not speak, once enough of it has come to be sure."""

    _LETTERS = 40
    _WORDS_NEEDED = 14

    def __init__(self, languages: Sequence[str]) -> None:
        self._languages = {language.strip().lower()[:2] for language in languages if language.strip()}
        self._text = ""
        self._is_decided = not self._languages

    def add(self, text: str) -> EarlyStop | None:
        """Take the next piece; say whether it is in a foreign language."""
        if self._is_decided:
            return None
        self._text += text
        words = re.findall(r"[^\W\d_]+", self._text.lower())
        letters = "".join(words)
        if len(letters) < self._LETTERS:
            return None
        script = _script_of(letters)
        known = {_SCRIPTS.get(language, "LATIN") for language in self._languages}
        found = f"the {script.title()} script" if script and script not in known else ""
        if not found and script == "LATIN":
            if len(words) < self._WORDS_NEEDED:
                return None
            found = self._foreign(words[:-1])
        self._is_decided = True
        self._text = ""
        if not found:
            return None
        note = f"the answer is in {found}, and the user speaks {', '.join(sorted(self._languages))}"
        return EarlyStop("language", note, 0, "Sorry, I answered in the wrong language. Please ask again.")

    def _foreign(self, words: Sequence[str]) -> str:
        """Return the language of `words` where it is surely none of the user's, by the commonest words of each."""
        counts = {language: sum(word in common for word in words) for language, common in _WORDS.items()}
        best = max(counts, key=lambda language: counts[language])
        unknown = self._languages - _WORDS.keys()
        own = max((counts[language] for language in self._languages & _WORDS.keys()), default=0)
        has_latin = any(_SCRIPTS.get(language, "LATIN") == "LATIN" for language in unknown)
        is_sure = counts[best] >= 4 and counts[best] >= 3 * own and counts[best] >= len(words) / 6
        return best if is_sure and not has_latin and best not in self._languages else ""


def _script_of(letters: str) -> str:
    """Return the script that most of `letters` are written in, or nothing where there is no majority."""
    counts: dict[str, int] = {}
    for letter in letters:
        first = unicodedata.name(letter, "").split(" ")[0]
        script = _SAME_SCRIPT.get(first, first)
        counts[script] = counts.get(script, 0) + 1
    best = max(counts, key=lambda script: counts[script])
    return best if counts[best] * 2 > len(letters) else ""


def _has_words(text: str) -> bool:
    return any(sign.isalpha() for sign in text)
