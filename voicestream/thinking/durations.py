"""Lengths of time as people say them ("an hour and a half", "2 min 30"), and back to words."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from voicestream.thinking.readings import Readings, add_reading
from voicestream.thinking.spoken_numbers import read_fraction, read_number, read_small_number

_UNITS = {
    "second": 1, "seconds": 1, "sec": 1, "secs": 1, "s": 1,
    "minute": 60, "minutes": 60, "min": 60, "mins": 60, "m": 60,
    "hour": 3600, "hours": 3600, "hr": 3600, "hrs": 3600, "h": 3600,
    "day": 86400, "days": 86400,
    "week": 604800, "weeks": 604800,
}  # fmt: skip

_GUESS_PRICE = 2
"""Of "one hour thirty", in which the minutes are left to be understood."""


def read_duration(words: Sequence[str], at: int) -> Readings[Fraction]:
    """Return the readings of a duration in seconds from `at` on; the largest unit comes first, each once."""
    readings: Readings[Fraction] = {}
    _add_terms(readings, words, at, 10**9, 0, Fraction(0))
    for end, seconds in _read_digits(words, at):
        add_reading(readings, end, _GUESS_PRICE, seconds)
    return readings


def _add_terms(
    readings: Readings[Fraction], words: Sequence[str], at: int, limit: int, price: int, before: Fraction
) -> None:
    for end, (more, (seconds, unit)) in _read_term(words, at, limit).items():
        total = before + seconds
        add_reading(readings, end, price + more, total)
        following = end + 1 if tuple(words[end : end + 1]) == ("and",) else end
        _add_terms(readings, words, following, unit, price + more, total)
        if unit in (3600, 60):
            for last, (extra, count) in read_small_number(words, following).items():
                if count < 60 and following == end:
                    add_reading(readings, last, price + more + extra + _GUESS_PRICE, total + count * unit // 60)


def _read_term(words: Sequence[str], at: int, limit: int) -> Readings[tuple[Fraction, int]]:
    """Read one amount with its unit, which is below `limit` seconds: (seconds, the unit's seconds)."""
    terms: Readings[tuple[Fraction, int]] = {}
    for place, (price, amount) in _read_amount(words, at).items():
        unit = _UNITS.get(words[place], 0) if place < len(words) else 0
        if not 0 < unit < limit:
            continue
        add_reading(terms, place + 1, price, (amount * unit, unit))
        if tuple(words[place + 1 : place + 2]) == ("and",) and amount.denominator == 1:
            for end, (more, part) in read_fraction(words, place + 2).items():
                if part < 1 and _UNITS.get("".join(words[end : end + 1])) is None and words[place + 2] != "half":
                    add_reading(terms, end, price + more, ((amount + part) * unit, unit))
    return terms


def _read_amount(words: Sequence[str], at: int) -> Readings[Fraction]:
    """Read what may stand before a unit: a number, "a", "half an", "a quarter of an", "a couple of"."""
    amounts = dict(read_number(words, at))
    for end, (price, value) in read_fraction(words, at).items():
        following = end + 1 if tuple(words[end : end + 1]) == ("of",) else end
        if following < len(words) and words[following] in ("a", "an"):
            following += 1
        add_reading(amounts, following, price, value)
    match list(words[at : at + 3]):
        case ["a" | "an", "couple", "of"]:
            add_reading(amounts, at + 3, 0, Fraction(2))
        case ["a" | "an", "couple", *_]:
            add_reading(amounts, at + 2, 0, Fraction(2))
        case ["a" | "an", *_]:
            add_reading(amounts, at + 1, 0, Fraction(1))
    return amounts


def _read_digits(words: Sequence[str], at: int) -> list[tuple[int, Fraction]]:
    """Read "1:30" as minutes and seconds, "1:30:00" with hours, as recognizers write them."""
    if at >= len(words) or ":" not in words[at]:
        return []
    seconds = Fraction(0)
    for part in words[at].split(":"):
        seconds = seconds * 60 + int(part)
    return [(at + 1, seconds)]


def say_duration(seconds: float) -> str:
    """Return a duration in words, to the second: "1 hour, 2 minutes and 3 seconds"."""
    rest = round(seconds)
    parts: list[str] = []
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, rest = divmod(rest, length)
        if count:
            parts.append(f"{count} {unit}{'' if count == 1 else 's'}")
    if len(parts) > 1:
        return f"{', '.join(parts[:-1])} and {parts[-1]}"
    return parts[0] if parts else "0 seconds"
