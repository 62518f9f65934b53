"""Numbers as people say them and as recognizers write them, and numbers as they are written in an answer.

Readers take the words and a place in them, and return every place where a number may end, with the price of that
reading (0 is certain) and its value."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from voicestream.thinking.readings import Readings, add_reading

_ONES = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}

_SOUND_ALIKES = {"for": 4, "fore": 4, "to": 2, "too": 2, "won": 1, "ate": 8, "fourty": 40}
SOUND_ALIKE_PRICE = 3

_LARGEST_WRITTEN = Fraction(10**15)
"""From here on a number is said as a power of ten."""

_FRACTIONS = {
    "half": Fraction(1, 2),
    "third": Fraction(1, 3),
    "thirds": Fraction(1, 3),
    "quarter": Fraction(1, 4),
    "quarters": Fraction(1, 4),
    "fourth": Fraction(1, 4),
    "fifth": Fraction(1, 5),
    "fifths": Fraction(1, 5),
    "sixth": Fraction(1, 6),
    "eighth": Fraction(1, 8),
    "eighths": Fraction(1, 8),
    "tenth": Fraction(1, 10),
    "tenths": Fraction(1, 10),
}


def read_number(words: Sequence[str], at: int) -> Readings[Fraction]:
    """Return the readings of a number from `at` on: "twelve", "two and a half", "minus 3.5", "three quarters"."""
    readings: Readings[Fraction] = {}
    sign = 1
    if at < len(words) and words[at] in ("minus", "negative", "-"):
        sign, at = -1, at + 1
    for end, (price, value) in _read_unsigned(words, at).items():
        add_reading(readings, end, price, sign * value)
        for last, (more, part) in _read_and_fraction(words, end).items():
            if value.denominator == 1:
                add_reading(readings, last, price + more, sign * (value + part))
    for end, (price, value) in read_fraction(words, at).items():
        add_reading(readings, end, price, sign * value)
    return readings


def read_fraction(words: Sequence[str], at: int) -> Readings[Fraction]:
    """Return the readings of a fraction: "half", "a half", "a quarter", "three quarters", "2 thirds", "3/4"."""
    readings: Readings[Fraction] = {}
    if words[at : at + 1] and words[at] in ("half", "quarter"):
        add_reading(readings, at + 1, 0, _FRACTIONS[words[at]])
    if len(words) > at + 1 and words[at] in ("a", "an", "one") and words[at + 1] in _FRACTIONS:
        add_reading(readings, at + 2, 0, _FRACTIONS[words[at + 1]])
    for end, (price, count) in _read_whole(words, at).items():
        if end < len(words) and words[end] in _FRACTIONS and words[end].endswith("s"):
            add_reading(readings, end + 1, price, count * _FRACTIONS[words[end]])
    match list(words[at : at + 3]):
        case [top, "/", bottom] if top.isdigit() and bottom.isdigit() and int(bottom):
            add_reading(readings, at + 3, 0, Fraction(int(top), int(bottom)))
    return readings


def read_small_number(words: Sequence[str], at: int) -> Readings[int]:
    """Return the readings of a whole number from 0 to 99, one that stands in times and dates."""
    return {
        end: (price, int(value))
        for end, (price, value) in _read_whole(words, at).items()
        if value < 100 and "hundred" not in words[at:end]
    }


def _read_unsigned(words: Sequence[str], at: int) -> Readings[Fraction]:
    readings: Readings[Fraction] = {}
    for end, (price, value) in _read_whole(words, at).items():
        add_reading(readings, end, price, value)
        for last, digits in _read_decimals(words, end):
            add_reading(readings, last, price, value + Fraction(int(digits), 10 ** len(digits)))
    if at < len(words) and words[at] == "point":
        for last, digits in _read_decimals(words, at):
            add_reading(readings, last, 0, Fraction(int(digits), 10 ** len(digits)))
    return readings


def _read_and_fraction(words: Sequence[str], at: int) -> Readings[Fraction]:
    """Read the tail of "two and a half", "2 1/2", "five and three quarters"."""
    readings: Readings[Fraction] = {}
    if words[at : at + 1] == ["and"] or tuple(words[at : at + 1]) == ("and",):
        for end, (price, value) in read_fraction(words, at + 1).items():
            if value < 1 and words[at + 1] != "half":
                add_reading(readings, end, price, value)
    elif len(words) > at + 2 and words[at + 1] == "/":
        for end, (price, value) in read_fraction(words, at).items():
            if value < 1:
                add_reading(readings, end, price, value)
    return readings


def _read_whole(words: Sequence[str], at: int) -> Readings[Fraction]:
    """Read a whole number, or one in digits that may carry decimals ("3.5 million")."""
    readings: Readings[Fraction] = {}
    total, group, price = Fraction(0), Fraction(0), 0
    room = 10**15  # what the next part must be smaller than: "twenty five" yes, "five twenty" no
    place = at
    while place < len(words):
        word = words[place]
        value, more = _small_value(word, place == at)
        if value is not None and value < room and (value or place == at):
            group, price = group + value, price + more
            room = 10 if word in _TENS else 1
        elif word == "hundred" and 0 < group < 100 and room <= 10:
            group, room = group * 100, 100
        elif word in _SCALES and group and (not total or _SCALES[word] < total):
            if total and total % (_SCALES[word] * 1000):
                break
            total, group, room = total + group * _SCALES[word], Fraction(0), 1000
        elif word in ("a", "an") and place == at and len(words) > at + 1 and words[at + 1] in ("hundred", *_SCALES):
            group, room = Fraction(1), 1
            place += 1
            continue
        elif word == "and" and place > at and words[place - 1] in ("hundred", *_SCALES) and place + 1 < len(words):
            place += 1
            continue
        else:
            break
        place += 1
        add_reading(readings, place, price, total + group)
        if room >= 1000 and not _SCALES.get(word):
            break
    return readings


def _small_value(word: str, is_first: bool) -> tuple[Fraction | None, int]:
    if word in _ONES:
        return Fraction(_ONES[word]), 0
    if word in _TENS:
        return Fraction(_TENS[word]), 0
    if word[0].isdigit() or word[0] == ".":
        return (Fraction(word), 0) if ":" not in word and is_first else (None, 0)
    if word in _SOUND_ALIKES:
        return Fraction(_SOUND_ALIKES[word]), SOUND_ALIKE_PRICE
    return None, 0


def _read_decimals(words: Sequence[str], at: int) -> list[tuple[int, str]]:
    """Read "point one four": every place where it may end, and its digits."""
    found: list[tuple[int, str]] = []
    if at >= len(words) or words[at] != "point":
        return found
    digits = ""
    for place in range(at + 1, len(words)):
        word = words[place]
        if word.isdigit():
            digits += word
        elif word == "oh":
            digits += "0"
        elif word in _ONES or word in _TENS:
            digits += str(_ONES.get(word, _TENS.get(word)))
        else:
            break
        found.append((place + 1, digits))
    return found


def say_number(value: Fraction) -> str:
    """Return `value` as it stands in an answer: "84", "1,000,000", "2.5", "about 0.3333"."""
    if abs(value) >= _LARGEST_WRITTEN or 0 < abs(value) < 1 / _LARGEST_WRITTEN:
        return _say_power_of_ten(value)
    if value.denominator == 1:
        return f"{value.numerator:,}"
    places, size = 4, abs(value) * 10
    while size < 1:  # four digits that count, however small it is
        places, size = places + 1, size * 10
    rounded = round(value, places)
    whole, _, decimals = _as_decimal(rounded, places).partition(".")
    text = f"{whole}.{decimals}" if decimals else whole
    return text if rounded == value else f"about {text}"


def _say_power_of_ten(value: Fraction) -> str:
    exponent = len(str(abs(value.numerator))) - len(str(value.denominator))
    if abs(value) < Fraction(10) ** exponent:
        exponent -= 1
    digits = round(value / Fraction(10) ** exponent, 4)
    text = f"{_as_decimal(digits, 4)} times 10 to the power of {exponent}"
    return text if digits * Fraction(10) ** exponent == value else f"about {text}"


def _as_decimal(value: Fraction, places: int) -> str:
    scaled = abs(round(value * 10**places))
    whole, decimals = divmod(scaled, 10**places)
    text = f"{whole:,}.{decimals:0{places}d}".rstrip("0").rstrip(".")
    return f"-{text}" if value < 0 and scaled else text
