"""What the splitter must know of a language: abbreviations, words that begin sentences, conjunctions.

The tables lie in tables/, one file a language; a language without one is read with the English table. Which of them
fits is told by their commonest words: at once, without a library, and wrong only in where a sentence ends or how a
number is said. Which *voice* speaks a sentence is another question, asked of a model (backends/language_guess.py) and
only where `speaking.voices` names several: a wrong voice is heard at the first word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

KNOWN = ("en", "de", "es", "fr", "it", "nl", "pt", "da", "pl", "ru", "hi")

_NEIGHBOURS = {
    "no": "da",
    "nb": "da",
    "nn": "da",
    "sv": "da",
    "kk": "ru",
    "uk": "ru",
    "bg": "ru",
    "cs": "pl",
    "sk": "pl",
}
"""Languages that are read with the table of a neighbour."""

_SCRIPTS = {"ru": re.compile(r"[\u0400-\u04ff]"), "hi": re.compile(r"[\u0900-\u097f]")}
_ENGLISH_TITLES = frozenset({"mr", "mrs", "ms", "dr", "prof", "st"})
_ENGLISH_STARTERS = frozenset({"the", "it", "they", "he", "she", "we", "how"})
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Language:
    """One language's table; all words in lower case, abbreviations without their last full stop."""

    code: str
    titles: frozenset[str] = frozenset()
    """Stand before a name and never end a sentence: Dr., Mrs."""
    never: frozenset[str] = frozenset()
    """Never end a sentence: e.g., z. B."""
    before_number: frozenset[str] = frozenset()
    """End no sentence where a number follows: No. 5, p. 12."""
    may_end: frozenset[str] = frozenset()
    """May end a sentence; the next word tells: etc., U.S., p.m."""
    starters: frozenset[str] = frozenset()
    """Words that begin sentences and are no names."""
    after_time: frozenset[str] = frozenset()
    """Words that go on after p.m."""
    labels: frozenset[str] = frozenset()
    """Words before a single letter that is no initial: plan B."""
    speech: frozenset[str] = frozenset()
    """Verbs after a quotation: "Really?" Tom asked."""
    months: frozenset[str] = frozenset()
    """Words after an ordinal number."""
    before_ordinal: frozenset[str] = frozenset()
    """Words before an ordinal number: am 3. Oktober."""
    clauses: frozenset[str] = frozenset()
    """Conjunctions before which a long sentence may be cut."""
    joining: frozenset[str] = frozenset()
    """Of these, the ones that may join mere words: a clause begins only where one of `subjects` follows."""
    subjects: frozenset[str] = frozenset()
    common: frozenset[str] = frozenset()
    """Words by which the language is known."""
    number_endings: tuple[str, ...] = ()
    """Endings of words that are abbreviations before a number: Hauptstr. 5."""
    ordinals: bool = False
    """Whether a number with a full stop is an ordinal."""


@cache
def load_language(code: str) -> Language:
    """Return the table of a language (two letters, a region after a dash is ignored)."""
    code = code.lower().partition("-")[0].partition("_")[0]
    name = _NEIGHBOURS.get(code, code)
    table = _read_table(name if name in KNOWN else "en")
    english = _read_table("en")
    words = {key: frozenset(value.split()) for key, value in table.items() if isinstance(value, str)}
    endings = tuple(sorted(words.pop("number_endings", ())))
    if name != "en":  # foreign texts quote English abbreviations: Inc., U.S., Jr.
        none: frozenset[str] = frozenset()
        words["titles"] = words.get("titles", none) | _ENGLISH_TITLES
        words["starters"] = words.get("starters", none) | _ENGLISH_STARTERS
        own = words.get("never", none) | words["titles"] | words["starters"] | words.get("common", none)
        words["may_end"] = words.get("may_end", none) | (frozenset(str(english["may_end"]).split()) - own)
    return Language(code=code, number_endings=endings, ordinals=bool(table.get("ordinals", False)), **words)


class CommonWords:
    """Knows the language of a text by its commonest words; what was read last counts most."""

    def __init__(self) -> None:
        self._counts = dict.fromkeys(KNOWN, 0.0)
        self.length = 0
        """Characters read."""

    def read(self, text: str) -> None:
        """Learn from a piece of the text."""
        self.length += len(text)
        for code, count in _count_common(text).items():
            self._counts[code] = self._counts[code] / 2 + count

    def best(self, text: str = "", default: str = "en") -> str:
        """Return the language of what was read and of a text behind it; `default` where nothing tells."""
        counts = dict(self._counts)
        for code, count in _count_common(text).items() if text else ():
            counts[code] += count
        best = max(counts, key=counts.__getitem__)
        return best if counts[best] > counts[default] + 1 else default


def guess_language(text: str) -> str:
    """Return the language of a text, as two letters."""
    return CommonWords().best(text)


def _count_common(text: str) -> dict[str, int]:
    counts = dict.fromkeys(KNOWN, 0)
    languages = _common_words()
    for word in _WORD.findall(text.lower()):
        for code in languages.get(word, ()):
            counts[code] += 1
    for code, script in _SCRIPTS.items():
        if script.search(text):
            counts[code] += 2
    return counts


@cache
def _common_words() -> Mapping[str, tuple[str, ...]]:
    """Return the languages that each common word belongs to."""
    words = {word for code in KNOWN for word in load_language(code).common}
    return {word: tuple(code for code in KNOWN if word in load_language(code).common) for word in words}


def _read_table(name: str) -> Mapping[str, str | bool]:
    path = resources.files("voicestream.speaking").joinpath("tables", f"{name}.json")
    table: Mapping[str, str | bool] = json.loads(path.read_text(encoding="utf-8"))
    return table
