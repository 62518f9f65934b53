"""What stands in the places of the phrases: what the embedded recognizer listens for there, and how it is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from voicestream.thinking.clock_times import ClockTime, read_clock_time
from voicestream.thinking.durations import read_duration
from voicestream.thinking.readings import Readings, add_reading
from voicestream.thinking.spoken_numbers import read_number
from voicestream.thinking.units import Unit, read_unit

HEARD_RULES = {
    "what": "what is | what's",
    "make": "set | start | create | make | put | put on | begin | add | give me | do | get | set up | new",
    "end": "cancel | stop | delete | clear | remove | end | kill | dismiss | disable | turn off | switch off | "
    "shut off | get rid of | reset | abort",
    "loudest": "maximum | max | full | highest | loudest | hundred percent",
    "kind": "timer | alarm",
    "plural_kind": "timers | alarms",
    "all": "all | every | everything | both",
    "part_of_date": "year | month | week",
    "timer_name": "pizza | pasta | coffee | laundry | kitchen | chicken",
    "ones": "one | two | three | four | five | six | seven | eight | nine",
    "teens": "ten | eleven | twelve | thirteen | fourteen | fifteen | sixteen | seventeen | eighteen | nineteen",
    "below_sixty": "<ones> | <teens> | (twenty | thirty | forty | fifty) [<ones>]",
    "tens": "twenty | thirty | forty | fifty | sixty | seventy | eighty | ninety",
    "below_hundred": "<ones> | <teens> | <tens> [<ones>]",
    "hundreds": "<ones> hundred [[and] <below_hundred>]",
    "operand": "<below_hundred> | a hundred | <hundreds> | (a | <ones>) thousand",
    "percent": "(<below_hundred> | (a | one) hundred) percent",
    "hours": "(an | one) hour | (<ones> | <teens> | twenty [<ones>]) hours",
    "minutes": "(a | one) minute | <below_hundred> minutes",
    "minutes_too": "[and] (one minute | <below_sixty> minutes)",
    "seconds": "(a | one) second | <below_hundred> seconds",
    "seconds_too": "[and] (one second | <below_sixty> seconds)",
    "duration": "<hours> [<minutes_too> [<seconds_too>]] | <minutes> [<seconds_too>] | <seconds> | half an hour | "
    "an hour and a half | a minute and a half | <ones> and a half (hours | minutes) | "
    "(a quarter | three quarters) of an hour",
    "duration_whole": "<below_sixty> (minute | hour | second)",
    "day": "today | tomorrow",
    "hour": "<ones> | ten | eleven | twelve",
    "minute": "oh <ones> | <teens> | (twenty | thirty | forty | fifty) [<ones>]",
    "half_of_day": "a m | p m | in the (morning | afternoon | evening)",
    "clock_time": "(<hour> [<minute>] | <hour> o'clock | half past <hour> | [a] quarter (past | to) <hour>) "
    "[<half_of_day>] [tomorrow] | noon | midnight",
    "calculation": "<operand> (plus | minus | times | divided by) <operand> | <below_hundred> percent of <operand> | "
    "[the] square root of <operand> | <below_hundred> squared",
    "conversion": "<operand> (miles (to | in) kilometers | kilometers (to | in) miles | feet (to | in) meters | "
    "meters (to | in) feet | inches (to | in) centimeters | centimeters (to | in) inches | "
    "pounds (to | in) kilograms | kilograms (to | in) pounds | ounces (to | in) grams | grams (to | in) ounces | "
    "gallons (to | in) liters | liters (to | in) gallons | cups (to | in) milliliters | "
    "[degrees] fahrenheit (to | in) celsius | [degrees] celsius (to | in) fahrenheit)",
    "parts_of": "inches are in a (foot | yard) | feet are in a (yard | mile) | centimeters are in an inch | "
    "ounces are in a pound | pounds are in a kilogram | teaspoons are in a tablespoon | "
    "cups are in a (quart | gallon) | minutes are in (an hour | a day) | "
    "seconds are in (a minute | an hour | a day) | hours are in a (day | week) | (days | weeks) are in a year",
}
"""In the notation of thinking/grammar.py."""

_KNOWN_NAMES = frozenset(HEARD_RULES["timer_name"].replace("|", "").split())

_NO_NAMES = frozenset((
    "a", "an", "the", "my", "for", "of", "in", "at", "to", "on", "and", "this", "that", "new", "another", "both",
    "timer", "timers", "alarm", "alarms", "all", "every", "is", "are", "left", "status", "what", "how", "much",
    "long", "time", "pause", "hold", "freeze", "suspend", "resume", "continue", "unpause", "restart", "unfreeze",
    "add", "extend", "snooze", "hour", "hours", "minute", "minutes", "second", "seconds", "reminder", "reminders",
    *HEARD_RULES["make"].replace("|", "").split(), *HEARD_RULES["end"].replace("|", "").split(),
))  # fmt: skip

_KINDS = {
    **dict.fromkeys(("timer", "timers", "countdown", "countdowns"), (0, "timer")),
    **dict.fromkeys(("alarm", "alarms"), (0, "alarm")),
    **dict.fromkeys(("reminder", "reminders"), (0, "")),
    **dict.fromkeys(("time", "times", "timer's", "tamer"), (2, "timer")),  # as recognizers mishear it
}

_LONGEST_LABEL = 8

Quantity = tuple[tuple[Fraction, Unit], ...]
"""Amounts with their units, the largest unit first: ((6, foot), (2, inch))."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """What is to be converted, and to what."""

    quantity: Quantity
    target: Unit


def read_more_time(words: Sequence[str], at: int) -> Readings[Fraction]:
    """Return the readings of a duration to be added, in seconds: "five more minutes", "another minute"."""
    readings: Readings[Fraction] = {}
    if tuple(words[at : at + 1]) == ("another",):
        readings = read_duration((*words[:at], "a", *words[at + 1 :]), at)
        for end, (price, seconds) in read_duration(words, at + 1).items():
            add_reading(readings, end, price, seconds)
    for place in range(at + 1, min(at + 4, len(words))):
        if words[place] == "more":
            for end, (price, seconds) in read_duration((*words[:place], *words[place + 1 :]), at).items():
                if end > place:
                    add_reading(readings, end + 1, price, seconds)
    return readings


def read_timer_name(words: Sequence[str], at: int) -> Readings[str]:
    """Return the readings of the name before "timer": one to three words, the usual ones without a price."""
    readings: Readings[str] = {}
    price = 0
    for end in range(at + 1, min(at + 3, len(words)) + 1):
        word = words[end - 1]
        if word in _NO_NAMES or not word[0].isalpha() or read_number(words, end - 1):
            break
        price += 0 if word in _KNOWN_NAMES else 1
        add_reading(readings, end, price, " ".join(words[at:end]))
    return readings


def read_kind(words: Sequence[str], at: int) -> Readings[str]:
    """Return the readings of the word for a timer or an alarm: "timer", "alarm", or empty where it may be either."""
    return {at + 1: _KINDS[words[at]]} if at < len(words) and words[at] in _KINDS else {}


def read_label(words: Sequence[str], at: int) -> Readings[str]:
    """Return the readings of free text, such as what to be reminded of."""
    readings: Readings[str] = {}
    for end in range(at + 1, min(at + _LONGEST_LABEL, len(words)) + 1):
        add_reading(readings, end, 1 + end - at, " ".join(words[at:end]))
    return readings


def read_time_said_whole(words: Sequence[str], at: int) -> Readings[ClockTime]:
    """Return the readings of a time of day; at a price where it may as well be a duration, as "1:30"."""
    return {
        end: (price + 3 if said.half == "either" else price, said)
        for end, (price, said) in read_clock_time(words, at).items()
    }


def read_percent(words: Sequence[str], at: int) -> Readings[Fraction]:
    """Return the readings of a percentage, as a number from 0 on."""
    return {
        end + 1: found for end, found in read_number(words, at).items() if tuple(words[end : end + 1]) == ("percent",)
    }


def read_quantity(words: Sequence[str], at: int) -> Readings[Quantity]:
    """Return the readings of an amount with its unit, or two: "5 miles", "a pound", "six feet two inches"."""
    readings: Readings[Quantity] = {}
    for end, (price, first) in _read_single(words, at).items():
        add_reading(readings, end, price, (first,))
        following = end + 1 if tuple(words[end : end + 1]) == ("and",) else end
        for last, (more, second) in _read_single(words, following).items():
            if second[1].kind == first[1].kind and second[1].factor < first[1].factor:
                add_reading(readings, last, price + more, (first, second))
    return readings


def read_conversion(words: Sequence[str], at: int) -> Readings[Conversion]:
    """Return the readings of what is to be converted: "5 miles to kilometers", "a pound in grams"."""
    readings: Readings[Conversion] = {}
    for place, (price, parts) in read_quantity(words, at).items():
        if place < len(words) and words[place] in ("to", "in", "into", "as"):
            for end, (_, unit) in read_unit(words, place + 1).items():
                add_reading(readings, end, price, Conversion(parts, unit))
    return readings


def read_parts_of(words: Sequence[str], at: int) -> Readings[Conversion]:
    """Return the readings of what "how many" may ask for: "feet are in a mile", "cups in two liters"."""
    readings: Readings[Conversion] = {}
    for place, (_, unit) in read_unit(words, at).items():
        while place < len(words) and words[place] in ("is", "are", "there", "go", "fit", "make", "makes"):
            place += 1
        if place < len(words) and words[place] in ("in", "into", "to"):
            place += 1
        for end, (price, parts) in read_quantity(words, place).items():
            add_reading(readings, end, price, Conversion(parts, unit))
    return readings


def _read_single(words: Sequence[str], at: int) -> Readings[tuple[Fraction, Unit]]:
    amounts = dict(read_number(words, at))
    if at < len(words) and words[at] in ("a", "an"):
        add_reading(amounts, at + 1, 0, Fraction(1))
    readings: Readings[tuple[Fraction, Unit]] = {}
    for place, (price, amount) in amounts.items():
        following = place + 1 if tuple(words[place : place + 1]) in (("a",), ("of",)) else place
        if tuple(words[place : place + 2]) == ("of", "a"):
            following = place + 2
        for end, (_, unit) in read_unit(words, following).items():
            add_reading(readings, end, price, (amount, unit))
    return readings
