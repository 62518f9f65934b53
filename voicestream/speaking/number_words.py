"""Numbers in words, with num2words."""

from __future__ import annotations

import re

from voicestream.speaking.wording import Wording

_LONGEST = 15
"""Digits of the largest number that is said as one; longer ones are said digit by digit."""


def say_cardinal(digits: str, wording: Wording) -> str:
    """Return a whole number in words; numbers with leading zeros and endless ones digit by digit."""
    if len(digits) > _LONGEST or (len(digits) > 1 and digits[0] == "0"):
        return say_digits(digits, wording)
    return _convert(int(digits), wording, "cardinal")


def say_digits(digits: str, wording: Wording) -> str:
    """Return digits one by one."""
    return " ".join(_convert(int(digit), wording, "cardinal") for digit in digits)


def say_ordinal(digits: str, wording: Wording) -> str:
    """Return the ordinal number in its plain form: third, dritte, tercero, troisième."""
    if len(digits) > _LONGEST:
        return say_digits(digits, wording)
    return _convert(int(digits), wording, "ordinal")


def say_year(digits: str, wording: Wording) -> str:
    """Return a year: nineteen thirty-seven."""
    return _convert(int(digits), wording, "year")


def say_number(number: str, wording: Wording) -> str:
    """Return a number as it is written in the language, with its decimals, in words."""
    whole, decimals = split_number(number, wording)
    words = say_cardinal(whole, wording)
    if not decimals:
        return words
    as_one = wording.code in ("es", "fr") and len(decimals) <= 2 and decimals[0] != "0"
    after = say_cardinal(decimals, wording) if as_one else say_digits(decimals, wording)
    return f"{words} {wording.point} {after}"


def split_number(number: str, wording: Wording) -> tuple[str, str]:
    """Return the digits before and behind the decimal sign."""
    number = re.sub(r"[\s'’]", "", number)
    groups = re.fullmatch(
        rf"\d{{1,3}}(?:{re.escape(wording.thousands)}\d{{3}})+(?:{re.escape(wording.decimal)}\d+)?", number
    )
    if groups and wording.thousands.strip():
        number = number.replace(wording.thousands, "")
    elif wording.decimal != ".":
        number = number.replace(".", ",")
    whole, _, decimals = number.replace(wording.decimal, " ", 1).partition(" ")
    return whole.replace(",", ""), decimals.replace(",", "")


def read_roman(numeral: str) -> int:
    """Return the value of a Roman numeral, 0 where it is none."""
    values = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
    if not re.fullmatch(r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})", numeral):
        return 0
    figures = [values[letter] for letter in numeral]
    pairs = zip(figures, [*figures[1:], 0], strict=True)
    return sum(-figure if figure < following else figure for figure, following in pairs)


def _convert(number: int, wording: Wording, form: str) -> str:
    from num2words import num2words  # late: it loads fifty languages, a tenth of a second

    words: str = num2words(number, lang=wording.code, to=form)
    return words.replace(",", "")
