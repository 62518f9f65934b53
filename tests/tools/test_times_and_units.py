"""Durations, times of day, dates and units, read and said."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from fractions import Fraction

import pytest

from voicestream.thinking.clock_times import (
    ClockTime,
    next_moment,
    read_clock_time,
    say_date,
    say_day,
    say_time,
    shows,
)
from voicestream.thinking.durations import read_duration, say_duration
from voicestream.thinking.units import UnitError, convert_units, find_unit, list_unit_names, say_amount
from voicestream.thinking.words import split_words

DURATIONS = {
    "five minutes": 300,
    "an hour and a half": 5400,
    "one and a half hours": 5400,
    "two and a half minutes": 150,
    "a minute and a half": 90,
    "half an hour": 1800,
    "a quarter of an hour": 900,
    "three quarters of an hour": 2700,
    "an hour and a quarter": 4500,
    "two hours and forty five minutes": 9900,
    "1 hour 2 minutes and 3 seconds": 3723,
    "ninety seconds": 90,
    "a couple of minutes": 120,
    "one hour thirty": 5400,
    "five minutes thirty": 330,
    "1h30m": 5400,
    "90s": 90,
    "2.5 hours": 9000,
    "1:30": 90,
    "1:00:00": 3600,
    "two days": 172800,
    "for minutes": 240,
    "5 min": 300,
    "a second": 1,
}


@pytest.mark.parametrize(("said", "seconds"), DURATIONS.items())
def test_a_duration_is_read(said: str, seconds: int) -> None:
    words = split_words(said)
    assert read_duration(words, 0)[len(words)][1] == seconds


@pytest.mark.parametrize(
    "said", ["five", "minutes", "ten thirty", "five minutes an hour", "two seconds three minutes", ""]
)
def test_what_is_no_duration_is_not_read(said: str) -> None:
    words = split_words(said)
    assert len(words) not in read_duration(words, 0)


def test_every_duration_said_is_read_back() -> None:
    chance = random.Random(60)
    for _ in range(2000):
        seconds = chance.randrange(1, 10 ** chance.randrange(1, 7))
        words = split_words(say_duration(seconds))
        assert read_duration(words, 0)[len(words)][1] == seconds


NOW = datetime(2026, 11, 22, 22, 30)

MOMENTS = {
    "seven": "2026-11-23 07:00",
    "eleven": "2026-11-22 23:00",
    "ten thirty p m": "2026-11-23 22:30",
    "10:31 pm": "2026-11-22 22:31",
    "half past six": "2026-11-23 06:30",
    "a quarter to eight in the evening": "2026-11-23 19:45",
    "quarter past twelve": "2026-11-23 00:15",
    "twelve a.m.": "2026-11-23 00:00",
    "twelve p.m.": "2026-11-23 12:00",
    "noon": "2026-11-23 12:00",
    "midnight": "2026-11-23 00:00",
    "eighteen thirty": "2026-11-23 18:30",
    "07:15": "2026-11-23 07:15",
    "7:15": "2026-11-23 07:15",
    "six oh five am": "2026-11-23 06:05",
    "ten minutes to nine am": "2026-11-23 08:50",
    "five past ten": "2026-11-23 10:05",
    "seven o'clock": "2026-11-23 07:00",
    "tomorrow at seven pm": "2026-11-23 19:00",
    "seven thirty tomorrow evening": "2026-11-23 19:30",
    "friday at noon": "2026-11-27 12:00",
    "eight in the morning on saturday": "2026-11-28 08:00",
    "sunday morning at nine": "2026-11-29 09:00",
    "eleven pm today": "2026-11-22 23:00",
    "eleven tonight": "2026-11-22 23:00",
}


@pytest.mark.parametrize(("said", "moment"), MOMENTS.items())
def test_a_time_of_day_is_the_next_such_moment(said: str, moment: str) -> None:
    words = split_words(said)
    assert f"{next_moment(read_clock_time(words, 0)[len(words)][1], NOW):%Y-%m-%d %H:%M}" == moment


@pytest.mark.parametrize(
    "said", ["twenty five", "25:00", "7:99", "half past", "seven seven", "yesterday at seven", "five minutes"]
)
def test_what_is_no_time_of_day_is_not_read(said: str) -> None:
    words = split_words(said)
    assert len(words) not in read_clock_time(words, 0)


def test_every_time_said_is_read_back() -> None:
    for minutes in range(24 * 60):
        moment = datetime(2026, 1, 1) + timedelta(minutes=minutes)
        words = split_words(say_time(moment))
        read = read_clock_time(words, 0)[len(words)][1]
        assert shows(read, moment)
        assert next_moment(read, moment - timedelta(minutes=1)) == moment


def test_the_next_moment_always_lies_ahead_within_two_weeks() -> None:
    chance = random.Random(24)
    for _ in range(2000):
        now = datetime(2026, 1, 1) + timedelta(minutes=chance.randrange(600_000))
        said = ClockTime(
            chance.randrange(1, 13), chance.randrange(60), chance.choice(["am", "pm", "either"]),
            chance.choice(["", "today", "tomorrow", "monday", "sunday"]),
        )  # fmt: skip
        moment = next_moment(said, now)
        assert now < moment <= now + timedelta(days=14)
        assert shows(said, moment)


def test_days_are_said_from_today() -> None:
    sunday = date(2026, 11, 22)
    assert [say_day(sunday + timedelta(days), sunday) for days in (0, 1, 2, 6)] == [
        "today",
        "tomorrow",
        "Tuesday",
        "Saturday",
    ]
    assert say_day(date(2026, 11, 29), sunday) == say_date(date(2026, 11, 29)) == "Sunday, November 29, 2026"


@pytest.mark.parametrize(
    ("amount", "source", "target", "result"),
    [
        ("1", "mile", "kilometers", "about 1.6093 kilometers"),
        ("5", "km", "miles", "about 3.1069 miles"),
        ("1", "pound", "ounces", "16 ounces"),
        ("3", "feet", "yard", "1 yard"),
        ("100", "degrees celsius", "degrees fahrenheit", "212 degrees Fahrenheit"),
        ("0", "kelvin", "celsius", "-273.2 degrees Celsius"),
        ("2", "cups", "tablespoons", "32 tablespoons"),
        ("60", "mph", "kph", "about 96.5606 kilometers per hour"),
        ("1", "week", "hours", "168 hours"),
        ("1", "gigabyte", "megabytes", "1,000 megabytes"),
    ],
)
def test_amounts_are_converted(amount: str, source: str, target: str, result: str) -> None:
    unit = find_unit(target)
    assert say_amount(convert_units(Fraction(amount), find_unit(source), unit), unit) == result


def test_converting_there_and_back_changes_nothing() -> None:
    chance = random.Random(31)
    for kind in ("length", "weight", "volume", "speed", "area", "time", "data", "energy"):
        names = list_unit_names(kind)
        for _ in range(50):
            one, other = find_unit(chance.choice(names)), find_unit(chance.choice(names))
            amount = Fraction(chance.randrange(1, 10**6), chance.randrange(1, 100))
            assert convert_units(convert_units(amount, one, other), other, one) == amount


def test_different_kinds_are_not_converted() -> None:
    with pytest.raises(UnitError, match="one is length, the other weight"):
        convert_units(Fraction(1), find_unit("mile"), find_unit("gram"))
    with pytest.raises(UnitError, match="parsec"):
        find_unit("parsec")
