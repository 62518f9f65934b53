"""Times of day and days as people say them ("half past six tomorrow morning"), and back to words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Literal

from voicestream.thinking.readings import Readings, add_reading
from voicestream.thinking.spoken_numbers import read_small_number

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Half = Literal["am", "pm", "either", "exact"]
"""Half of the day; `either` where it was not said, `exact` on the clock of 24 hours."""


@dataclass(frozen=True, slots=True)
class ClockTime:
    """A time of day, as far as it was said."""

    hour: int
    minute: int = 0
    half: Half = "either"
    day: str = ""
    """today, tomorrow, a weekday in lower case, or empty."""


_PERIODS: dict[tuple[str, ...], Half] = {
    ("am",): "am",
    ("pm",): "pm",
    ("in", "the", "morning"): "am",
    ("in", "the", "afternoon"): "pm",
    ("in", "the", "evening"): "pm",
    ("at", "night"): "pm",
    ("tonight",): "pm",
    ("this", "morning"): "am",
    ("this", "afternoon"): "pm",
    ("this", "evening"): "pm",
}
_DAY_PARTS: dict[str, Half] = {"morning": "am", "afternoon": "pm", "evening": "pm", "night": "pm"}


def read_clock_time(words: Sequence[str], at: int) -> Readings[ClockTime]:
    """Return the readings of a time of day from `at` on, with the day where one is named before or after it."""
    readings: Readings[ClockTime] = {}
    for end, (price, value) in _read_with_half(words, at).items():
        add_reading(readings, end, price, value)
        following = end + 1 if tuple(words[end : end + 1]) == ("on",) else end
        for last, (more, (day, half)) in _read_day_and_part(words, following).items():
            add_reading(readings, last, price + more, _joined(value, day, half))
    for place, (price, (day, half)) in _read_day_and_part(words, at).items():
        following = place + 1 if tuple(words[place : place + 1]) == ("at",) else place
        for end, (more, value) in _read_with_half(words, following).items():
            add_reading(readings, end, price + more, _joined(value, day, half))
    return readings


def _joined(value: ClockTime, day: str, half: Half) -> ClockTime:
    return replace(value, day=day, half=half if value.half == "either" else value.half)


def read_day(words: Sequence[str], at: int) -> Readings[str]:
    """Return the readings of a day: today, tomorrow, yesterday, a weekday."""
    match list(words[at : at + 2]):
        case ["today" | "tomorrow" | "yesterday" as day, *_]:
            return {at + 1: (0, day)}
        case ["next" | "this", day] if day in WEEKDAYS:
            return {at + 2: (0, day)}
        case [day, *_] if day in WEEKDAYS:
            return {at + 1: (0, day)}
    return {}


def _read_day_and_part(words: Sequence[str], at: int) -> Readings[tuple[str, Half]]:
    days: Readings[tuple[str, Half]] = {}
    for end, (price, day) in read_day(words, at).items():
        if day == "yesterday":  # nothing rings then
            continue
        add_reading(days, end, price, (day, "either"))
        if end < len(words) and words[end] in _DAY_PARTS:
            add_reading(days, end + 1, price, (day, _DAY_PARTS[words[end]]))
    return days


def _read_with_half(words: Sequence[str], at: int) -> Readings[ClockTime]:
    readings: Readings[ClockTime] = {}
    for end, (price, value) in _read_bare(words, at).items():
        add_reading(readings, end, price, value)
        if value.hour > 12 or value.half == "exact":
            continue
        for length in (1, 2, 3):
            period = tuple(words[end : end + length])
            if period in _PERIODS:
                add_reading(readings, end + len(period), price, replace(value, half=_PERIODS[period]))
    return readings


def _read_bare(words: Sequence[str], at: int) -> Readings[ClockTime]:
    """Read a time without its half of the day: "seven", "ten thirty", "half past six", "quarter to eight", "noon"."""
    readings: Readings[ClockTime] = {}
    rest = list(words[at : at + 2])
    match rest:
        case ["noon" | "midday", *_]:
            return {at + 1: (0, ClockTime(12, 0, "exact"))}
        case ["midnight", *_]:
            return {at + 1: (0, ClockTime(0, 0, "exact"))}
        case [digits, *_] if digits.count(":") == 1:
            hour, minute = map(int, digits.split(":"))
            if hour < 24 and minute < 60:
                half: Half = "exact" if hour > 12 or digits[0] == "0" else "either"
                return {at + 1: (0, ClockTime(hour, minute, half))}
            return {}
    for end, (price, hour) in read_small_number(words, at).items():
        if hour > 23:
            continue
        add_reading(readings, end, price, _on_the_clock(hour, 0))
        if tuple(words[end : end + 1]) in (("o'clock",), ("hundred",)):
            add_reading(readings, end + 1, price, _on_the_clock(hour, 0))
        for last, (more, minute) in _read_minutes(words, end).items():
            add_reading(readings, last, price + more, _on_the_clock(hour, minute))
    for end, (price, shift) in _read_shift(words, at).items():
        for last, (more, hour) in read_small_number(words, end).items():
            if 1 <= hour <= 12:
                minutes = (hour % 12 * 60 + shift) % 720
                add_reading(readings, last, price + more, _on_the_clock(minutes // 60 or 12, minutes % 60))
                if tuple(words[last : last + 1]) == ("o'clock",):
                    add_reading(readings, last + 1, price + more, _on_the_clock(minutes // 60 or 12, minutes % 60))
    return readings


def _on_the_clock(hour: int, minute: int) -> ClockTime:
    return ClockTime(hour, minute, "either" if 1 <= hour <= 12 else "exact")


def _read_minutes(words: Sequence[str], at: int) -> Readings[int]:
    """Read the minutes of "ten thirty" and "ten oh five"; "ten five" is no time."""
    if tuple(words[at : at + 1]) in (("oh",), ("o",)):
        return {end: found for end, found in read_small_number(words, at + 1).items() if found[1] < 10}
    return {end: found for end, found in read_small_number(words, at).items() if 10 <= found[1] < 60}


def _read_shift(words: Sequence[str], at: int) -> Readings[int]:
    """Read "half past", "a quarter to", "ten minutes past" as minutes to add."""
    shifts: Readings[int] = {}
    if tuple(words[at : at + 1]) == ("a",):
        at += 1
    starts: Readings[int] = {}
    match list(words[at : at + 1]):
        case ["half"]:
            starts[at + 1] = (0, 30)
        case ["quarter"]:
            starts[at + 1] = (0, 15)
        case _:
            starts = {end: found for end, found in read_small_number(words, at).items() if 0 < found[1] < 60}
    for end, (price, minutes) in starts.items():
        following = end + 1 if words[end : end + 1] and words[end] in ("minutes", "minute") else end
        match list(words[following : following + 1]):
            case ["past" | "after"]:
                add_reading(shifts, following + 1, price, minutes)
            case ["to" | "before" | "till" | "two"] if minutes != 30:
                add_reading(shifts, following + 1, price, -minutes)
    return shifts


def next_moment(clock_time: ClockTime, now: datetime) -> datetime:
    """Return the next moment after `now` at which a clock shows `clock_time`."""
    hours = _hours(clock_time)
    first = day_of(clock_time.day, now.date()) if clock_time.day else now.date()
    step = 7 if clock_time.day in WEEKDAYS else 1
    for later in (0, step):
        for hour in hours:
            moment = datetime.combine(first + timedelta(later), time(hour, clock_time.minute), now.tzinfo)
            if moment > now:
                return moment
    raise AssertionError("one of the two days lies ahead")


def shows(clock_time: ClockTime, moment: datetime) -> bool:
    """Return whether a clock shows `clock_time` at `moment`, as far as it was said."""
    return moment.hour in _hours(clock_time) and moment.minute == clock_time.minute


def _hours(clock_time: ClockTime) -> tuple[int, ...]:
    morning = clock_time.hour % 12
    return {
        "exact": (clock_time.hour,),
        "am": (morning,),
        "pm": (morning + 12,),
        "either": (morning, morning + 12),
    }[clock_time.half]


def day_of(day: str, today: date) -> date:
    """Return the date of today, tomorrow, yesterday, or of the next such weekday, which may be today."""
    shifts = {"today": 0, "tomorrow": 1, "yesterday": -1}
    if day in shifts:
        return today + timedelta(shifts[day])
    return today + timedelta((WEEKDAYS.index(day) - today.weekday()) % 7)


def say_time(moment: datetime | time) -> str:
    """Return a time of day as it is said: "7 AM", "10:30 PM", "noon"."""
    if (moment.hour, moment.minute) in ((0, 0), (12, 0)):
        return "midnight" if moment.hour == 0 else "noon"
    minutes = f":{moment.minute:02d}" if moment.minute else ""
    return f"{moment.hour % 12 or 12}{minutes} {'AM' if moment.hour < 12 else 'PM'}"


def say_date(day: date) -> str:
    """Return a date as it is said: "Sunday, November 22, 2026"."""
    return f"{day:%A}, {day:%B} {day.day}, {day.year}"


def say_day(day: date, today: date) -> str:
    """Return a day as it is said from today: "today", "tomorrow", "Friday", or the date."""
    distance = (day - today).days
    if distance in (0, 1):
        return ("today", "tomorrow")[distance]
    return f"{day:%A}" if 0 < distance < 7 else say_date(day)
