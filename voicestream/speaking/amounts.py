"""Reads what is written in figures: money, units, dates, times, phone numbers, ranges, fractions, ordinals, numbers.

Each function takes a match of its pattern and returns the words, or None where it does not apply after all."""

from __future__ import annotations

import re
import unicodedata

from voicestream.speaking.number_words import (
    read_roman,
    say_cardinal,
    say_digits,
    say_number,
    say_ordinal,
    say_year,
    split_number,
)
from voicestream.speaking.wording import Wording

Match = re.Match[str]

PHONE = re.compile(
    r"(?:\+\d{1,3}[ -]?)?\(?\d{2,5}\)?(?:[ /-]\(?\d{2,5}\)?){1,6}(?![\w-])|\+\d{7,15}(?!\w)|0\d{6,14}(?!\w)"
)
TIME = re.compile(r"(\d{1,2})[:.](\d{2})(?::(\d{2}))?(?![\w:]|[.,]\d)(?: ?(Uhr|h\b))?")
FRENCH_TIME = re.compile(r"(\d{1,2}) ?h(?: ?(\d{2}))?(?!\w)")
ISO_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?!\w)")
FIGURE_DATE = re.compile(r"(\d{1,2})([./])(\d{1,2})\2(\d{4}|\d{2})(?![\w/]|\.\d)")
VERSION = re.compile(r"v?\d{1,4}(?:\.\d{1,6}){2,}(?![\w])|v\d{1,4}(?:\.\d{1,6})*(?!\w)")
DECADE = re.compile(r"((?:1\d|20)?\d0)s(?!\w)")
RATIO = re.compile(r"(\d{1,4}(?:\.\d+)?):(\d{1,4}(?:\.\d+)?)(?![\w:])")
FRACTION = re.compile(r"(?:(\d{1,4}) ?)?([½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞])|(?:(\d{1,4}) )?(\d{1,3})/(\d{1,3})(?![\w/])")
ROMAN = re.compile(r"([^\W\d_]+) ([IVXLC]+)(?!\w)(\.(?= [^\W\d_]))?")
_DATIVE = frozenset(["am", "vom", "zum", "dem", "den", "im", "beim", "seit", "bis", "ab", "des", "ihrem", "seinem"])
_NOMINATIVE = frozenset(["der", "die", "das"])
_ADJACENT = frozenset(["A", "K", "T", "V", "W"])
"""Units that are mere letters when a blank stands before them."""


def read_phone(match: Match, wording: Wording) -> str | None:
    """Read `+1 555-0123` digit by digit."""
    written = match.group()
    count = sum(character.isdigit() for character in written)
    is_phone = written[0] in "+0(" or re.fullmatch(r"(?:1-)?(?:\d{3}-)?\d{3}-\d{4}", written)
    if not is_phone or not 7 <= count <= 15 or re.fullmatch(r"\d{2}/\d{2}/\d{4}", written):
        return None
    groups = [say_digits(group, wording) for group in re.findall(r"\d+", written)]
    return f"{wording.plus} " * (written[0] == "+") + ", ".join(groups)


def read_time(match: Match, wording: Wording) -> str | None:
    """Read `17:30`, `14.30 Uhr`, `8:05:10`."""
    hour, minute, seconds, word = match.groups()
    if int(hour) > 24 or int(minute) > 59 or (match.group()[len(hour)] == "." and not word):
        return None
    if int(minute) == 0 and not seconds:
        has_half = re.match(r" ?[ap]\.? ?m\b", match.string[match.end() :], re.I)
        hour = _say_hour(hour, wording)
        if wording.code == "en" and int(match[1]) > 12:
            return f"{hour} hundred"
        return hour if has_half else wording.whole_hour.format(hour=hour)
    minutes = say_cardinal(str(int(minute)), wording)
    if int(minute) < 10 and wording.code in ("en", "es"):
        minutes = f"{wording.zero} {minutes}"
    words = wording.hour_minute.format(hour=_say_hour(hour, wording), minute=minutes)
    return f"{words} {wording.and_} {say_cardinal(str(int(seconds)), wording)}" if seconds else words


def read_french_time(match: Match, wording: Wording) -> str | None:
    """Read `17 h 30`."""
    if wording.code != "fr" or int(match[1]) > 24:
        return None
    hours = f"{_say_hour(match[1], wording)} heure{'s' if int(match[1]) > 1 else ''}"
    return f"{hours} {say_cardinal(str(int(match[2])), wording)}" if match[2] and int(match[2]) else hours


def _say_hour(hour: str, wording: Wording) -> str:
    words = say_cardinal(str(int(hour)), wording)
    return {"eins": "ein", "un": "une", "uno": "una"}.get(words, words) if wording.code != "en" else words


def read_iso_date(match: Match, wording: Wording) -> str | None:
    """Read `2026-02-12`."""
    return _say_date(match[1], int(match[2]), match[3], wording, before="")


def read_figure_date(match: Match, wording: Wording) -> str | None:
    """Read `03.04.2026` and `4/3/2026`, the month first only in English and with slashes."""
    first, separator, second, year = match.groups()
    day, month = first, second
    if separator == "/" and wording.order == "mdy" and int(first) <= 12:
        day, month = second, first
    before = match.string[: match.start()].split()[-1:]
    return _say_date(year if len(year) == 4 else f"20{year}", int(month), day, wording, before="".join(before))


def _say_date(year: str, month: int, day: str, wording: Wording, before: str) -> str | None:
    if not 1 <= month <= 12 or not 1 <= int(day) <= 31:
        return None
    return wording.date_year.format(
        month=wording.months[month - 1], year=say_year(year, wording), **_say_day(day, wording, before)
    )


def _say_day(day: str, wording: Wording, before: str) -> dict[str, str]:
    """Return the day's number as a cardinal, and as an ordinal in the case that the word before it asks for."""
    number = str(int(day))
    if wording.code == "fr" and number == "1":
        return {"cardinal": "premier", "ordinal": "premier"}
    return {
        "cardinal": say_cardinal(number, wording),
        "ordinal": decline(say_ordinal(number, wording), wording, before),
    }


def decline(ordinal: str, wording: Wording, before: str) -> str:
    """Return a German ordinal with the ending that the word before it asks for; other languages' as they are."""
    if wording.code != "de" or before.lower() in _NOMINATIVE:
        return ordinal
    return ordinal + ("n" if before.lower() in _DATIVE else "r")


def month_date_pattern(wording: Wording) -> re.Pattern[str]:
    """Return the pattern of `Feb. 12, 2026`, `12 February`, `3. Oktober`, `3 octobre`."""
    names = "|".join(sorted([*wording.months, *wording.month_abbreviations], key=len, reverse=True))
    suffix = "(?:st|nd|rd|th)"
    if wording.code == "en":
        return re.compile(
            rf"(?P<month>{names})\b\.? (?P<day>\d{{1,2}}){suffix}?(?!\w|[.,:]\d)(?:,? (?P<year>[12]\d{{3}})(?!\w))?"
            rf"|(?P<day2>\d{{1,2}}){suffix}? (?:of )?(?P<month2>{names})\b\.?(?:,? (?P<year2>[12]\d{{3}})(?!\w))?"
        )
    dot = r"\." if wording.code == "de" else "(?:er)?"
    return re.compile(rf"(?P<day>\d{{1,2}}){dot} (?P<month>{names})\b\.?(?: (?P<year>[12]\d{{3}})(?!\w))?")


def read_month_date(match: Match, wording: Wording) -> str | None:
    """Read a date with the month's name."""
    found = {name.rstrip("2"): value for name, value in match.groupdict().items() if value}
    if not 1 <= int(found["day"]) <= 31:
        return None
    before = "".join(match.string[: match.start()].split()[-1:])
    day = _say_day(found["day"], wording, before)
    month = wording.month_abbreviations.get(found["month"], found["month"])
    if wording.code == "en" and match["day2"]:
        words = f"{'' if before.lower() == 'the' else 'the '}{day['ordinal']} of {month}"
    else:
        words = wording.date.format(month=month, **day)
    if "year" not in found:
        return words
    return f"{words}{',' if wording.code == 'en' else ''} {say_year(found['year'], wording)}"


def read_version(match: Match, wording: Wording) -> str | None:
    """Read `3.11.7`, `v2`, and addresses such as `192.168.1.20`."""
    written = match.group()
    if wording.thousands == "." and re.fullmatch(r"\d{1,3}(?:\.\d{3})+", written):
        return None
    parts = written.lstrip("v").split(".")
    if len(parts) == 4 and all(int(part) <= 255 for part in parts):  # an address in the internet
        return f" {wording.dot} ".join(say_digits(part, wording) for part in parts)
    dot = f" {wording.point if wording.code == 'en' else wording.dot} "
    numbers = dot.join(say_cardinal(part, wording) for part in parts)
    is_named = match.string[: match.start()].rstrip().lower().endswith(wording.version)
    return f"{wording.version} {numbers}" if written[0] == "v" and not is_named else numbers


def read_decade(match: Match, wording: Wording) -> str | None:
    """Read `1980s` and `90s`."""
    if wording.code != "en":
        return None
    words = say_year(match[1], wording) if len(match[1]) == 4 else say_cardinal(match[1], wording)
    return re.sub(r"y$", "ie", words) + "s"


def read_ratio(match: Match, wording: Wording) -> str | None:
    """Read `16:9`."""
    to = "zu" if wording.code == "de" else wording.to
    return f"{say_number(match[1], wording)} {to} {say_number(match[2], wording)}"


def read_fraction(match: Match, wording: Wording) -> str | None:
    """Read `½`, `1 1/2` and `2/3`."""
    whole = match[1] or match[3]
    key = unicodedata.normalize("NFKC", match[2]).replace("⁄", "/") if match[2] else f"{int(match[4])}/{int(match[5])}"
    words = wording.fractions.get(key)
    if words is None:
        words = (
            f"{say_cardinal(match[4], wording)} {wording.over} {say_cardinal(match[5], wording)}" if match[4] else key
        )
    if not whole:
        return words
    tail = re.sub(r"^one (half|quarter|third)", r"a \1", words)
    return f"{say_cardinal(whole, wording)} {wording.and_} {tail}"


def read_roman_numeral(match: Match, wording: Wording) -> str | None:
    """Read `Henry VIII` and `World War II`."""
    name, numeral = match[1], match[2]
    value = read_roman(numeral)
    if not value or (name not in wording.regnal and name not in wording.roman_after):
        return None
    if name not in wording.regnal:
        return f"{name} {say_cardinal(str(value), wording)}"
    if len(numeral) == 1 and not match[3] and numeral in "CL":
        return None
    if wording.code == "es" and value > 10:
        return f"{name} {say_cardinal(str(value), wording)}"
    if wording.code == "fr":
        return f"{name} {'premier' if value == 1 else say_cardinal(str(value), wording)}"
    return f"{name} {wording.regnal_article}{say_ordinal(str(value), wording)}"


def ordinal_pattern(wording: Wording) -> re.Pattern[str]:
    """Return the pattern of ordinal numbers: `21st`, `3. Platz`, `1.º`, `2e`."""
    if wording.code == "de":
        return re.compile(r"(\d{1,3})\.(?= [^\W\d_])")
    suffixes = "|".join(map(re.escape, sorted(wording.ordinal_suffixes, key=len, reverse=True)))
    return re.compile(rf"(\d{{1,6}})({suffixes})(?!\w)")


def read_ordinal(match: Match, wording: Wording) -> str | None:
    """Read an ordinal number."""
    words = say_ordinal(match[1], wording)
    if wording.code == "de":
        return decline(words, wording, "".join(match.string[: match.start()].split()[-1:]))
    if wording.code == "es":
        return words[:-1] + "a" if match[2].endswith("ª") else words
    if wording.code == "fr" and match[1] == "1":
        return "première" if match[2] == "re" else "premier"
    return words


def quantity_pattern(wording: Wording) -> re.Pattern[str]:
    """Return the pattern of a number with its sign, money, scale and unit, and of ranges of them."""

    def either(names: object) -> str:
        return "|".join(map(re.escape, sorted(map(str, names), key=len, reverse=True)))  # type: ignore[call-overload]

    thousands = "[ ]" if wording.thousands == " " else re.escape(wording.thousands)
    decimal = r"\." if wording.decimal == "." else "[,.]"
    number = rf"\d{{1,3}}(?:{thousands}\d{{3}}(?!\d))+(?:{re.escape(wording.decimal)}\d+)?|\d+(?:{decimal}\d+)?"
    units, coins = either(wording.units), either(wording.currencies)
    signs = [name for name in wording.currencies if not name[0].isalpha() or name == "US$"]
    return re.compile(
        rf"(?P<sign>[-−–+±~≈])? ?(?P<money>{either(signs)})? ?(?P<number>{number})"
        rf"(?: ?[-–—] ?(?:{either(signs)})?(?P<end>{number})(?![-\w]))?"
        rf"(?: ?(?P<scale>{either(wording.scales)})(?!\w))?"
        rf"(?:(?P<blank>[ -]?)(?:(?P<unit>{units})|(?P<coin>{coins}))(?!\w))?(?!\w)"
    )


def read_quantity(match: Match, wording: Wording) -> str | None:
    """Read `$1,234.56`, `-1.2`, `10–20 km`, `$5 million`, `30 °C`, `2024`."""
    coin, scale, unit = match["money"] or match["coin"], match["scale"], match["unit"]
    if scale and len(scale) == 1 and not coin:
        return None
    if unit and unit in _ADJACENT and match["blank"]:
        return None
    sign = {"-": wording.minus, "−": wording.minus, "–": wording.minus, None: ""}.get(match["sign"])
    sign = wording.symbols.get(match["sign"] or "", "") if sign is None else sign
    if coin and not scale and not match["end"]:
        words = _say_money(match["number"], wording.currencies[coin], wording)
        return f"{sign} {words}".strip()
    words, is_one = _say_span(match, wording, is_plain=not (coin or unit or scale or sign))
    if scale:
        words = "eine" if words == "eins" else words
        words, is_one = f"{words} {wording.scales[scale]}", False
    if coin:
        words = f"{words} {wording.currencies[coin][0 if is_one else 1]}"
    if unit:
        words = f"{_one(words, wording) if is_one else words} {wording.units[unit][0 if is_one else 1]}"
    return f"{sign} {words}".strip().replace("' ", "'")


def _say_span(match: Match, wording: Wording, *, is_plain: bool) -> tuple[str, bool]:
    """Return the number, or both ends of the range, and whether it is one."""
    number, end = match["number"], match["end"]
    if not end:
        return (_say_plain(number, wording) if is_plain else say_number(number, wording)), number == "1"
    both = [_say_plain(part, wording) if is_plain else say_number(part, wording) for part in (number, end)]
    return f" {wording.to} ".join(both), False


def _say_plain(number: str, wording: Wording) -> str:
    """Return a number that may be a year; English and German years have words of their own."""
    if re.fullmatch(r"1[1-9]\d\d|20[0-9]\d", number):
        return say_year(number, wording)
    return say_number(number, wording)


def _say_money(number: str, names: list[str], wording: Wording) -> str:
    """Return an amount of money: the whole, and the small money where there is some."""
    whole, decimals = split_number(number, wording)
    is_one = whole == "1"
    words = f"{_one(say_cardinal(whole, wording), wording) if is_one else say_cardinal(whole, wording)}"
    money = f"{words} {names[0 if is_one else 1]}"
    if len(decimals) not in (1, 2) or not int(decimals):
        return money if not decimals or not int(decimals) else f"{say_number(number, wording)} {names[1]}"
    cents = str(int(decimals.ljust(2, "0")))
    small = say_cardinal(cents, wording)
    if wording.cents_always or whole == "0":
        small = f"{_one(small, wording) if cents == '1' else small} {names[2 if cents == '1' else 3]}"
    return small if whole == "0" else f"{money}{wording.money_join}{small}"


def _one(words: str, wording: Wording) -> str:
    """Return the article for the number one, where the language says it before a noun."""
    return {"eins": "ein", "uno": "un"}.get(words, words)
