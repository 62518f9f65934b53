"""Timers and alarms: set, paused, extended, cancelled, and what rings when. Pure: time comes in.

Timers count by a steady clock, alarms follow the wall clock: on a small device without a battery-backed clock the
wall clock jumps by hours when the network comes up, and a timer of five minutes must not notice."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from voicestream.thinking.clock_times import say_day, say_time
from voicestream.thinking.durations import say_duration

MOST_TIMERS = 50
RINGS = 3
"""How often an alarm or timer is announced until somebody says something."""
RING_PAUSE = 20.0
"""Seconds between them."""
LATE = 120.0
"""Seconds after its time from which an alarm says that it is late: the machine slept, or its clock was set."""
SNOOZE = 540.0
"""Seconds, the nine minutes of every alarm clock."""


class TimerProblem(ValueError):
    """What was asked for cannot be done; the message is a sentence to be spoken."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The present, on both clocks."""

    steady: float
    """Seconds of a clock that never jumps."""
    wall: datetime
    """As a clock on the wall shows it; a zone is passed over, so that seven o'clock stays seven in summer time."""


@dataclass(frozen=True, slots=True)
class Timer:
    """A running, paused or ringing timer or alarm."""

    number: int
    kind: Literal["timer", "alarm"]
    name: str = ""
    """Such as "pizza"."""
    note: str = ""
    """What a reminder is about, such as "call the dentist"."""
    length: float = 0.0
    """Seconds that a timer was set for; names it where it has no name."""
    ends: float = 0.0
    """Seconds of the steady clock at which a running timer rings, or rings again."""
    at: datetime | None = None
    """When an alarm rings, as a clock on the wall shows it: without a zone."""
    left: float | None = None
    """Seconds left of a paused timer."""
    rings: int = 0
    """How often it has been announced."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """A timer or alarm rings: `text` is to be said aloud."""

    text: str
    timer: Timer


class Timers:
    """All timers and alarms of a conversation."""

    def __init__(self) -> None:
        self._timers: list[Timer] = []
        self._count = 0
        self.changed = asyncio.Event()
        """Set at every change, for whoever waits for the next ring."""

    def list_all(self) -> tuple[Timer, ...]:
        """Return those that run, wait or ring, in the order in which they were set."""
        return tuple(self._timers)

    def start(self, seconds: float, now: Moment, name: str = "", note: str = "") -> Timer:
        """Start a timer, or a reminder where there is a note; raise TimerProblem."""
        if not 0 < seconds <= 100 * 86400:
            raise TimerProblem("A timer takes from one second to a hundred days.")
        return self._add(Timer(0, "timer", name, note, length=seconds, ends=now.steady + seconds))

    def set_alarm(self, at: datetime, name: str = "", note: str = "") -> Timer:
        """Set an alarm, or a reminder where there is a note; raise TimerProblem."""
        return self._add(Timer(0, "alarm", name, note, at=at))

    def _add(self, timer: Timer) -> Timer:
        if len(self._timers) >= MOST_TIMERS:
            raise TimerProblem(f"There are {MOST_TIMERS} timers already. Cancel some of them first.")
        self._count += 1
        timer = replace(timer, number=self._count)
        self._keep([*self._timers, timer])
        return timer

    def find(self, name: str = "", kind: str = "", length: float = 0.0) -> list[Timer]:
        """Return those that fit all that was said of them."""
        wanted = set(name.lower().split())
        return [
            timer
            for timer in self._timers
            if kind in ("", timer.kind)
            and wanted <= {*timer.name.lower().split(), *timer.note.lower().split()}
            and (not length or timer.length == length)
        ]

    def cancel(self, timers: list[Timer]) -> None:
        """Forget `timers`."""
        self._keep([timer for timer in self._timers if timer not in timers])

    def pause(self, timer: Timer, now: Moment) -> Timer:
        """Stop the counting of a running timer."""
        return self._replace(timer, replace(timer, left=max(timer.ends - now.steady, 0.0)))

    def resume(self, timer: Timer, now: Moment) -> Timer:
        """Let a paused timer go on counting."""
        return self._replace(timer, replace(timer, left=None, ends=now.steady + (timer.left or 0.0)))

    def extend(self, timer: Timer, seconds: float, now: Moment) -> Timer:
        """Let a timer or alarm ring later by `seconds` (earlier, where negative); a ringing one from now on."""
        if timer.left is not None:
            longer = replace(timer, left=max(timer.left + seconds, 0.0))
        elif timer.at is not None and not timer.rings:
            longer = replace(timer, at=timer.at + timedelta(seconds=seconds))
        else:
            start = now.steady if timer.rings else timer.ends
            longer = replace(timer, at=None, rings=0, ends=max(start + seconds, now.steady))
        return self._replace(timer, longer)

    def _replace(self, old: Timer, new: Timer) -> Timer:
        self._keep([new if timer == old else timer for timer in self._timers])
        return new

    def _keep(self, timers: list[Timer]) -> None:
        self._timers = timers
        self.changed.set()

    def ringing(self) -> list[Timer]:
        """Return those that have rung and were not answered."""
        return [timer for timer in self._timers if timer.rings]

    def acknowledge(self) -> bool:
        """Silence all that rings, because somebody said something; return whether anything did."""
        ringing = self.ringing()
        self.cancel(ringing)
        return bool(ringing)

    def due(self, now: Moment) -> list[Announcement]:
        """Return what rings now, and count it; the last ring of each takes it away."""
        announcements: list[Announcement] = []
        for timer in list(self._timers):
            if self._wait(timer, now) > 0:
                continue
            rung = replace(timer, rings=timer.rings + 1, ends=now.steady + RING_PAUSE)
            announcements.append(Announcement(_announce_at(timer, now), rung))
            if rung.rings >= RINGS:
                self.cancel([timer])
            else:
                self._replace(timer, rung)
        return announcements

    def wait(self, now: Moment) -> float | None:
        """Return the seconds until something rings, or None where nothing does."""
        waits = [self._wait(timer, now) for timer in self._timers if timer.left is None]
        return max(min(waits), 0.0) if waits else None

    def _wait(self, timer: Timer, now: Moment) -> float:
        if timer.left is not None:
            return float("inf")
        if timer.at is not None and not timer.rings:
            return (timer.at - now.wall.replace(tzinfo=None)).total_seconds()
        return timer.ends - now.steady


def name_timer(timer: Timer) -> str:
    """Return how a timer is called: "pizza timer", "5 minute timer", "7 AM alarm", "reminder to call mom"."""
    if timer.note:
        return f"reminder to {timer.note}"
    if timer.name:
        return f"{timer.name} {timer.kind}"
    if timer.at is not None:
        return f"{say_time(timer.at)} alarm"
    length = say_duration(timer.length)
    if "and" in length:
        return f"timer for {length}"
    count, unit = length.split()
    return f"{count} {unit.removesuffix('s')} timer"


def announce(timer: Timer) -> str:
    """Return what is said when a timer rings."""
    if timer.note:
        return f"Here is your reminder to {timer.note}."
    if timer.kind == "alarm":
        time = f"It's {say_time(timer.at)}." if timer.at is not None else ""
        return f"{time} Your {timer.name} alarm is ringing.".strip() if timer.name else f"{time} Your alarm is ringing."
    if timer.name:
        return f"Your {timer.name} timer is done."
    return f"Your timer for {say_duration(timer.length)} is done."


def _announce_at(timer: Timer, now: Moment) -> str:
    """Return what is said when a timer rings now; the time of an alarm that comes late is not the present one."""
    if timer.note or timer.at is None or (now.wall.replace(tzinfo=None) - timer.at).total_seconds() < LATE:
        return announce(timer)
    name = f"{timer.name} alarm of {say_time(timer.at)}" if timer.name else name_timer(timer)
    return f"It's {say_time(now.wall)}. Your {name} is late."


def tell_left(timer: Timer, now: Moment) -> str:
    """Return how long a timer has to go, or when an alarm rings, as a sentence without its full stop."""
    name = f"Your {name_timer(timer)}"
    if timer.rings:
        return f"{name} is ringing"
    if timer.left is not None:
        return f"{name} is paused with {say_duration(timer.left)} left"
    if timer.at is not None:
        day = say_day(timer.at.date(), now.wall.date())
        called = f"Your {timer.name} alarm" if timer.name else "Your alarm"
        called = name if timer.note else called
        return f"{called} is set for {say_time(timer.at)} {day if day in ('today', 'tomorrow') else f'on {day}'}"
    return f"{name} has {say_duration(timer.ends - now.steady)} left"
