"""The tools for timers, alarms and reminders: what is called, with which arguments, and what is said of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from voicestream.thinking.clock_times import (
    WEEKDAYS,
    ClockTime,
    Half,
    next_moment,
    read_clock_time,
    say_day,
    say_time,
    shows,
)
from voicestream.thinking.durations import say_duration
from voicestream.thinking.timers import SNOOZE, Moment, Timer, TimerProblem, Timers, name_timer, tell_left
from voicestream.thinking.tools import Arguments, Tool, ToolProblem
from voicestream.thinking.words import split_words
from voicestream.vocabulary import ToolDescription

Now = Callable[[], Moment]

_WRITTEN_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")

WHICH_ONE = "Which one do you mean?"

_NAME = {"type": "string", "maxLength": 60, "description": "What it is called, such as pizza. Leave out if unnamed."}
_NOTE = {"type": "string", "maxLength": 200, "description": "For a reminder: what to do, such as call the dentist."}
_HALF = {
    "type": "string",
    "enum": ["am", "pm", "either"],
    "description": "Only where the time is on the clock of 12 hours; either: the next of both.",
}
_KIND = {"type": "string", "enum": ["timer", "alarm"]}


def confirm_timer(length: str, name: str = "") -> str:
    """Return what is said when a timer was set."""
    return f"{name.capitalize()} timer set for {length}." if name else f"Timer set for {length}."


def timer_tools(timers: Timers, now: Now) -> tuple[Tool, ...]:
    """Return the tools that set, change and tell `timers`."""

    async def set_timer(arguments: Arguments) -> str:
        name, note = _clean(arguments, "name"), _clean(arguments, "note")
        try:
            timer = timers.start(float(arguments["seconds"]), now(), name, note)
        except TimerProblem as problem:
            raise ToolProblem(str(problem)) from None
        length = say_duration(timer.length)
        if note:
            return f"I'll remind you to {note} in {length}."
        return confirm_timer(length, name)

    async def set_alarm(arguments: Arguments) -> str:
        name, note = _clean(arguments, "name"), _clean(arguments, "note")
        wall = now().wall.replace(tzinfo=None)
        at = next_moment(_read_time(arguments), wall)
        try:
            timers.set_alarm(at, name, note)
        except TimerProblem as problem:
            raise ToolProblem(str(problem)) from None
        when = f"{say_time(at)} {_on_day(at.date(), wall.date())}"
        if note:
            return f"I'll remind you to {note} at {when}."
        return f"{name.capitalize()} alarm set for {when}." if name else f"Alarm set for {when}."

    async def list_timers(arguments: Arguments) -> str:
        kind, name = arguments.get("kind", ""), arguments.get("name", "")
        found = timers.find(name, kind)
        if not found:
            return _tell_none(timers, name, kind)
        return ". ".join(tell_left(timer, now()) for timer in found) + "."

    async def change_timers(arguments: Arguments) -> str:
        try:
            return _change(timers, arguments, now())
        except TimerProblem as problem:
            raise ToolProblem(str(problem)) from None

    return (
        Tool(_SET_TIMER, set_timer, has_effects=True),
        Tool(_SET_ALARM, set_alarm, has_effects=True),
        Tool(_LIST_TIMERS, list_timers),
        Tool(_CHANGE_TIMERS, change_timers, has_effects=True),
    )


def _clean(arguments: Arguments, key: str) -> str:
    """Return a text that a model wrote without line ends and control characters: it is spoken and shown later."""
    return "".join(sign for sign in arguments.get(key, "") if sign.isprintable()).strip()


def _read_time(arguments: Arguments) -> ClockTime:
    half: Half = arguments.get("half", "exact")
    time, day = arguments["time"], arguments.get("day", "")
    if written := _WRITTEN_TIME.fullmatch(time.strip()):
        hour, minute = int(written[1]), int(written[2])
        return ClockTime(hour, minute, half if 1 <= hour <= 12 else "exact", day)
    words = split_words(time)
    found = read_clock_time(words, 0).get(len(words))
    if found is None:
        raise ToolProblem(f"{time} is no time of day. Write it like 19:30.")
    said = found[1]
    return replace(said, half=half if said.half == "either" and half != "exact" else said.half, day=day or said.day)


def _on_day(day: date, today: date) -> str:
    said = say_day(day, today)
    return said if said in ("today", "tomorrow") else f"on {said}"


def _tell_none(timers: Timers, name: str, kind: str) -> str:
    if name and timers.find(kind=kind):
        return f"There is no {name} {kind or 'timer'}."
    return f"There is no {kind or 'timer'} set."


def _change(timers: Timers, arguments: Arguments, now: Moment) -> str:
    action = arguments["action"]
    kind = arguments.get("kind", "timer" if action == "extend" else "")
    name, seconds = arguments.get("name", ""), float(arguments.get("seconds", 0))
    if action == "snooze":
        return _snooze(timers, seconds or SNOOZE, now)
    found = timers.find(name, kind, float(arguments.get("length", 0)))
    if "time" in arguments:
        said = _read_time(arguments)
        found = [timer for timer in found if timer.at is not None and shows(said, timer.at)]
    found = _fitting(found, action)
    if not found:
        if action in ("pause", "resume") and timers.find(name, kind):
            return "Nothing is paused." if action == "resume" else "Nothing is running that could be paused."
        return _tell_none(timers, name, kind)
    if len(found) > 1 and not arguments.get("all", False):
        return f"You have {_join([_with_article(timer) for timer in found])}. {WHICH_ONE}"
    for timer in found if action != "cancel" else ():
        match action:
            case "pause":
                timers.pause(timer, now)
            case "resume":
                timers.resume(timer, now)
            case "extend":
                timers.extend(timer, seconds, now)
    if action == "cancel":
        timers.cancel(found)
    return _tell_change(timers, action, found, now)


def _fitting(timers: Sequence[Timer], action: str) -> list[Timer]:
    """Return those with which `action` can be done."""
    match action:
        case "pause":
            return [timer for timer in timers if timer.left is None and timer.at is None and not timer.rings]
        case "resume":
            return [timer for timer in timers if timer.left is not None]
    return list(timers)


def _tell_change(timers: Timers, action: str, changed: Sequence[Timer], now: Moment) -> str:
    if action == "extend":
        numbers = [timer.number for timer in changed]
        return ". ".join(tell_left(timer, now) for timer in timers.list_all() if timer.number in numbers) + "."
    done = {"pause": "paused", "resume": "resumed", "cancel": "cancelled"}[action]
    if len(changed) > 1:
        return f"{len(changed)} {_plural(changed)} {done}."
    text = f"{name_timer(changed[0])} {done}"
    return f"{text[0].upper()}{text[1:]}."


def _plural(timers: Sequence[Timer]) -> str:
    kinds = {timer.kind for timer in timers}
    return f"{kinds.pop()}s" if len(kinds) == 1 else "timers and alarms"


def _snooze(timers: Timers, seconds: float, now: Moment) -> str:
    ringing = timers.ringing()
    if not ringing:
        return "Nothing is ringing."
    for timer in ringing:
        timers.extend(timer, seconds, now)
    return f"Okay, again in {say_duration(seconds)}."


def _with_article(timer: Timer) -> str:
    name = name_timer(timer)
    return f"{'an' if name[0] in 'aeio' or name.startswith(('8', '11', '18')) else 'a'} {name}"


def _join(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]


_SET_TIMER = ToolDescription(
    "set_timer",
    "Start a timer or a reminder that speaks up after a number of seconds.",
    {
        "type": "object",
        "properties": {
            "seconds": {"type": "number", "exclusiveMinimum": 0},
            "name": _NAME,
            "note": _NOTE,
        },
        "required": ["seconds"],
        "additionalProperties": False,
    },
)

_SET_ALARM = ToolDescription(
    "set_alarm",
    "Set an alarm or a reminder that speaks up at a time of day.",
    {
        "type": "object",
        "properties": {
            "time": {"type": "string", "description": "HH:MM on the clock of 24 hours."},
            "half": _HALF,
            "day": {"type": "string", "enum": ["today", "tomorrow", *WEEKDAYS], "description": "Default: the next."},
            "name": _NAME,
            "note": _NOTE,
        },
        "required": ["time"],
        "additionalProperties": False,
    },
)

_LIST_TIMERS = ToolDescription(
    "list_timers",
    "Tell how long the timers have left and when the alarms ring.",
    {"type": "object", "properties": {"name": _NAME, "kind": _KIND}, "additionalProperties": False},
)

_CHANGE_TIMERS = ToolDescription(
    "change_timers",
    "Pause, resume, extend or cancel a timer or alarm, or snooze the one that rings.",
    {
        "type": "object",
        "properties": {
            "action": {"type": "string", "enum": ["pause", "resume", "extend", "cancel", "snooze"]},
            "seconds": {"type": "number", "description": "For extend and snooze: how much longer."},
            "name": _NAME,
            "kind": _KIND,
            "time": {
                "type": "string",
                "description": "HH:MM at which an alarm is set, where that is how it is called.",
            },
            "half": _HALF,
            "length": {"type": "number", "description": "Seconds it was set for, where that is how it is called."},
            "all": {"type": "boolean", "description": "Whether all that fit are meant."},
        },
        "required": ["action"],
        "additionalProperties": False,
    },
)
