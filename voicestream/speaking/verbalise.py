"""Writes numbers, signs and abbreviations as words, just before the voice, and keeps the way back to the spoken text.

Languages without a table pass through, but for the words of the pronunciation table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from voicestream.speaking import amounts, names
from voicestream.speaking.languages import guess_language
from voicestream.speaking.synthesis import VoicedSpan, VoicedText
from voicestream.speaking.wording import Wording, load_wording

Reader = Callable[[re.Match[str], Wording], str | None]

_WORD = re.compile(r"\w+(?:['’]\w+)*")
_BLANKS = re.compile(r"\s+")
_SMILEY = re.compile(r"(?:[:;=]-?[)(DPp/|]|[<]3|\^_?\^)(?!\w)")
_POWER = re.compile(r"\^\(?(-?\w+)\)?")
_NEAR = re.compile(r"[\d\s(]")
_BARE = frozenset("&@§№©®™°²³∞√×÷±≤≥≠≈→⇒←↔∑∫∂∈∀∃‰")
"""Signs that are always words."""
_BETWEEN = frozenset("+=<>*·~|#%")
"""Signs that are words where blanks or numbers stand on both sides."""
_SILENT = frozenset("*_`~^#<>|{}[]\\=")
"""Signs that a voice must not get: no word where they stand, or a command to it."""


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: re.Pattern[str]
    read: Reader


def verbalise(spoken: str, language: str, pronunciations: Mapping[str, str]) -> VoicedText:
    """Return the words for a voice, with the place in `spoken` of each.

    `language`: two letters, empty where it is to be found out. `pronunciations`: how single words are said.
    """
    wording = load_wording(language or guess_language(spoken))
    writing = _Writing(spoken)
    rules = _rules(wording.code) if wording else ()
    own = _own_words(frozenset(pronunciations))
    at = 0
    while at < len(spoken):
        at = _read_one(writing, at, wording, rules, own, pronunciations)
    return writing.voiced()


class _Writing:
    """The voiced text as it grows, with the place of every word of it."""

    def __init__(self, spoken: str) -> None:
        self.spoken = spoken
        self.text = ""
        self._spans: list[VoicedSpan] = []

    def copy(self, at: int, end: int) -> int:
        """Take the text over as it is."""
        return self.say(self.spoken[at:end], at, end)

    def say(self, words: str, at: int, end: int) -> int:
        """Say `words` for the spoken text between two places."""
        if self.text.endswith(" ") or not self.text:
            words = words.lstrip()
        elif words[:1].isalnum() and self.text[-1].isalnum():
            self.text += " "
        if words.strip():
            self._spans.append(VoicedSpan(len(self.text), len(self.text) + len(words), at, end))
        self.text += words
        return end

    def voiced(self) -> VoicedText:
        """Return the text, and the places of its words."""
        return VoicedText(self.text.rstrip(), tuple(self._spans))


def _read_one(
    writing: _Writing,
    at: int,
    wording: Wording | None,
    rules: tuple[_Rule, ...],
    own: re.Pattern[str] | None,
    pronunciations: Mapping[str, str],
) -> int:
    """Read one word, number or sign; return the place behind it."""
    spoken = writing.spoken
    blank = _BLANKS.match(spoken, at)
    if blank:
        return writing.say(" ", at, blank.end())
    if own and (match := own.match(spoken, at)):
        return writing.say(_own_way(match.group(), pronunciations), at, match.end())
    if wording:
        for rule in rules:
            if match := rule.pattern.match(spoken, at):
                words = rule.read(match, wording)
                if words is not None:
                    return writing.say(words, at, match.end())
    if match := _WORD.match(spoken, at):
        return _read_word(writing, match, wording)
    return _read_sign(writing, at, wording)


def _read_word(writing: _Writing, match: re.Match[str], wording: Wording | None) -> int:
    word = match.group()
    if wording and word in wording.greek:
        return writing.say(wording.greek[word], match.start(), match.end())
    if "_" in word:
        return writing.say(" ".join(filter(None, word.split("_"))), match.start(), match.end())
    return writing.copy(match.start(), match.end())


def _read_sign(writing: _Writing, at: int, wording: Wording | None) -> int:
    spoken, sign = writing.spoken, writing.spoken[at]
    before, after = spoken[at - 1 : at] or " ", spoken[at + 1 : at + 2] or " "
    if wording and sign in wording.symbols:
        between = bool(_NEAR.match(before) or before in ")²³") and bool(_NEAR.match(after) or after.isalpha())
        if sign in _BARE or (
            sign in _BETWEEN and between and not (sign == "*" and not before.strip() and after.isalpha())
        ):
            if sign == "°" and not before.isdigit():
                return writing.say("", at, at + 1)
            words = wording.symbols[sign]
            return writing.say(words if words == "," else f" {words} ", at, at + 1)
    if sign in _SILENT:
        return writing.say(" ", at, at + 1)
    return writing.copy(at, at + 1)


@cache
def _own_words(words: frozenset[str]) -> re.Pattern[str] | None:
    if not words:
        return None
    longest_first = sorted(words, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", re.I)


def _own_way(word: str, pronunciations: Mapping[str, str]) -> str:
    if word in pronunciations:
        return pronunciations[word]
    return next(way for name, way in pronunciations.items() if name.lower() == word.lower())


@cache
def _rules(code: str) -> tuple[_Rule, ...]:
    """Return the rules of a language; the first one that applies at a place is taken."""
    wording = load_wording(code)
    assert wording is not None
    at_number = r"(?<![\w.,])"
    return tuple(
        _Rule(_anchored(pattern, before), read)
        for pattern, before, read in (
            (_SMILEY, r"(?<!\w)", lambda match, wording: ""),
            (names.DOTNET, r"(?<!\w)", names.read_special_name),
            (names.EMAIL, r"(?<![\w.])", names.read_email),
            (names.WEB, r"(?<![\w./@-])", names.read_web),
            (names.PATH, r"(?<![\w.)/])", names.read_path),
            (names.FILE, r"(?<![\w./])", names.read_file),
            (_before_number_pattern(wording), r"(?<!\w)", _read_before_number),
            (_abbreviation_pattern(wording), r"(?<![\w.])", _read_abbreviation),
            (amounts.ISO_DATE, at_number, amounts.read_iso_date),
            (amounts.FIGURE_DATE, at_number, amounts.read_figure_date),
            (amounts.month_date_pattern(wording), at_number, amounts.read_month_date),
            (amounts.PHONE, r"(?<![\w.,-])", amounts.read_phone),
            (amounts.FRENCH_TIME, at_number, amounts.read_french_time),
            (amounts.TIME, at_number, amounts.read_time),
            (amounts.VERSION, r"(?<![\w.,])", amounts.read_version),
            (amounts.DECADE, at_number, amounts.read_decade),
            (amounts.FRACTION, at_number, amounts.read_fraction),
            (amounts.RATIO, at_number, amounts.read_ratio),
            (amounts.ordinal_pattern(wording), at_number, amounts.read_ordinal),
            (amounts.ROMAN, r"(?<!\w)", amounts.read_roman_numeral),
            (amounts.quantity_pattern(wording), r"(?<![\w])", amounts.read_quantity),
            (names.HASHTAG, r"(?<!\w)", names.read_hashtag),
            (names.MENTION, r"(?<!\w)", names.read_mention),
            (names.ACRONYM, r"(?<!\w)", names.read_acronym),
            (_POWER, "", _read_power),
        )
    )


def _anchored(pattern: re.Pattern[str], before: str) -> re.Pattern[str]:
    return re.compile(f"{before}(?:{pattern.pattern})", pattern.flags)


def _abbreviation_pattern(wording: Wording) -> re.Pattern[str]:
    written = sorted(wording.abbreviations, key=len, reverse=True)
    return re.compile("|".join(re.escape(name) + ("" if name.endswith((".", "/")) else r"(?!\w)") for name in written))


def _read_abbreviation(match: re.Match[str], wording: Wording) -> str | None:
    written, rest = match.group(), match.string[match.end() :]
    if not written.endswith("."):
        return wording.abbreviations[written]
    if rest[:1].isalnum():
        return None
    ends = not rest.strip("\"'”’)»")
    if written == "St." and wording.code == "en" and (ends or _is_street(match)):
        return "Street" + "." * ends
    return wording.abbreviations[written] + "." * ends


def _is_street(match: re.Match[str]) -> bool:
    """Tell `Main St. is` from `in St. Paul`."""
    before, after = match.string[: match.start()], match.string[match.end() :].lstrip()
    return re.search(r"(?:[A-Z]\w+|\d(?:st|nd|rd|th)) $", before) is not None and not after[:1].isupper()


def _before_number_pattern(wording: Wording) -> re.Pattern[str]:
    written = "|".join(map(re.escape, sorted(wording.before_number, key=len, reverse=True)))
    return re.compile(rf"({written}) ?(?=[\d#])")


def _read_before_number(match: re.Match[str], wording: Wording) -> str | None:
    return f"{wording.before_number[match[1]]} "


def _read_power(match: re.Match[str], wording: Wording) -> str | None:
    known = wording.symbols.get(f"^{match[1]}")
    return f" {known} " if known else f" {wording.symbols['^']} {match[1]} "
