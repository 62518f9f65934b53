"""How a language says what is written in digits and signs: its words for units, money, months, signs.

The tables lie in tables/NAME.voiced.json; a language without one is not verbalised."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

KNOWN = ("en", "de", "es", "fr")


@dataclass(frozen=True, slots=True)
class Wording:
    """One language's words; the keys of the tables are what is written."""

    code: str
    point: str
    """Between the whole number and its decimals."""
    minus: str
    to: str
    """Between the ends of a range."""
    dot: str
    """In addresses and names of files."""
    at: str
    slash: str
    backslash: str
    hyphen: str
    underscore: str
    colon: str
    tilde: str
    plus: str
    hashtag: str
    over: str
    zero: str
    """Before the minutes of 8:05."""
    number: str
    version: str
    and_: str
    half: str
    decimal: str
    thousands: str
    date: str
    """With {month}, and {ordinal} or {cardinal} of the day."""
    date_year: str
    order: str
    """Of a date in figures: mdy or dmy."""
    hour_minute: str
    whole_hour: str
    money_join: str
    """Between the large and the small money."""
    cents_always: bool
    """Whether the small money is named."""
    regnal_article: str
    months: tuple[str, ...]
    regnal: frozenset[str]
    """Names of kings and popes, before Roman numerals."""
    roman_after: frozenset[str]
    """Words before Roman numerals that are plain numbers."""
    ordinal_suffixes: tuple[str, ...]
    spelled: frozenset[str]
    """Acronyms that are said letter by letter although they have vowels."""
    month_abbreviations: dict[str, str]
    symbols: dict[str, str]
    greek: dict[str, str]
    units: dict[str, list[str]]
    """One, and several."""
    currencies: dict[str, list[str]]
    """One, several, one of the small money, several of it."""
    scales: dict[str, str]
    """Thousand, million, …"""
    fractions: dict[str, str]
    abbreviations: dict[str, str]
    before_number: dict[str, str]
    """Abbreviations that are said so only before a number: No. 5."""


@cache
def load_wording(language: str) -> Wording | None:
    """Return the wording of a language (two letters, a region after a dash is ignored), or None."""
    code = language.lower().replace("_", "-").partition("-")[0]
    if code not in KNOWN:
        return None
    path = resources.files("voicestream.speaking").joinpath("tables", f"{code}.voiced.json")
    table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for name in ("months", "ordinal_suffixes"):
        table[name] = tuple(table[name].split())
    for name in ("regnal", "roman_after", "spelled"):
        table[name] = frozenset(table[name].split())
    return Wording(code=code, **table)
