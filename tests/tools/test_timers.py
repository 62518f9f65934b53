"""Timers and alarms: when they ring, and what else may happen to them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from voicestream.thinking.bell import read_clocks, ring
from voicestream.thinking.timer_tools import timer_tools
from voicestream.thinking.timers import MOST_TIMERS, RING_PAUSE, RINGS, Moment, TimerProblem, Timers
from voicestream.thinking.tools import Tool, ToolProblem

Run = Callable[[Coroutine[Any, Any, Any]], Any]
START = datetime(2026, 11, 22, 22, 30)


def at(seconds: float, shift: float = 0.0) -> Moment:
    return Moment(seconds, START + timedelta(seconds=seconds + shift))


def texts(timers: Timers, now: Moment) -> list[str]:
    return [announcement.text for announcement in timers.due(now)]


def test_a_timer_rings_when_its_time_is_up_and_not_before() -> None:
    timers = Timers()
    timers.start(300, at(0), "pizza")
    assert timers.wait(at(0)) == 300
    assert texts(timers, at(299.9)) == []
    assert texts(timers, at(300)) == ["Your pizza timer is done."]


def test_it_rings_three_times_unless_somebody_answers() -> None:
    timers = Timers()
    timers.start(60, at(0))
    rung = [texts(timers, at(60 + number * RING_PAUSE)) for number in range(5)]
    assert rung == [["Your timer for 1 minute is done."]] * RINGS + [[], []]
    timers.start(60, at(0))
    assert texts(timers, at(60))
    assert timers.acknowledge()
    assert texts(timers, at(500)) == []
    assert not timers.acknowledge()
    assert timers.wait(at(500)) is None


def test_an_alarm_follows_the_wall_clock_and_a_timer_does_not() -> None:
    timers = Timers()
    timers.start(600, at(0))
    timers.set_alarm(datetime(2026, 11, 23, 7))
    assert texts(timers, at(1)) == []
    jump = 9 * 3600.0  # the network came up and set the clock
    assert texts(timers, at(2, jump)) == ["It's 7:30 AM. Your 7 AM alarm is late."]
    timers.acknowledge()
    assert texts(timers, at(599, jump)) == []
    assert texts(timers, at(600, jump)) == ["Your timer for 10 minutes is done."]


def test_a_paused_timer_never_rings_and_goes_on_where_it_stood() -> None:
    timers = Timers()
    timer = timers.start(100, at(0))
    paused = timers.pause(timer, at(40))
    assert timers.wait(at(40)) is None
    assert texts(timers, at(10_000)) == []
    timers.resume(paused, at(10_000))
    assert timers.wait(at(10_000)) == 60


def test_a_ringing_timer_snoozes_from_now() -> None:
    timers = Timers()
    timers.start(60, at(0), "tea")
    texts(timers, at(60))
    timers.extend(timers.ringing()[0], 540, at(65))
    assert timers.ringing() == []
    assert texts(timers, at(604)) == []
    assert texts(timers, at(605)) == ["Your tea timer is done."]


@pytest.mark.parametrize("seconds", [0, -1, 1e9, float("nan"), float("inf")])
def test_a_length_that_makes_no_sense_is_refused(seconds: float) -> None:
    with pytest.raises(TimerProblem):
        Timers().start(seconds, at(0))


def test_there_is_an_end_to_the_number_of_timers() -> None:
    timers = Timers()
    for _ in range(MOST_TIMERS):
        timers.start(60, at(0))
    with pytest.raises(TimerProblem, match="50 timers"):
        timers.set_alarm(START + timedelta(hours=1))


def test_every_timer_rings_once_for_each_time_it_should_in_any_order_of_events() -> None:
    chance = random.Random(50)
    for _ in range(100):
        timers, now, expected, rung = Timers(), 0.0, {}, []
        for number in range(20):
            now += chance.random() * 50
            rung += timers.due(at(now))
            timers.acknowledge()
            if chance.random() < 0.6:
                length = chance.random() * 200 + 1
                timer = timers.start(length, at(now), f"n{number}")
                expected[timer.name] = now + length
            elif timers.list_all():
                timer = chance.choice(timers.list_all())
                timers.cancel([timer])
                expected.pop(timer.name, None)
        while (wait := timers.wait(at(now))) is not None:
            now += wait
            rung += timers.due(at(now))
            timers.acknowledge()
        assert sorted(announcement.timer.name for announcement in rung) == sorted(expected)


def test_the_bell_rings_at_the_moment_and_hears_of_changes(run_virtually: Run) -> None:
    async def listen() -> list[tuple[float, str]]:
        loop = asyncio.get_running_loop()
        timers, heard = Timers(), []

        def now() -> Moment:
            return at(loop.time())

        async def hear() -> None:
            async for announcement in ring(timers, now):
                heard.append((round(loop.time(), 3), announcement.text))
                timers.acknowledge()

        task = asyncio.create_task(hear())
        await asyncio.sleep(5)
        timers.start(100, now(), "late")
        await asyncio.sleep(5)
        timers.start(10, now(), "early")
        timers.set_alarm(START + timedelta(seconds=1000), "morning")
        await asyncio.sleep(3000)
        task.cancel()
        await asyncio.wait([task])
        return heard

    assert run_virtually(listen()) == [
        (20.0, "Your early timer is done."),
        (105.0, "Your late timer is done."),
        (1000.0, "It's 10:46 PM. Your morning alarm is ringing."),
    ]


def test_the_bell_notices_a_wall_clock_that_was_set(run_virtually: Run) -> None:
    async def listen() -> float:
        loop = asyncio.get_running_loop()
        timers = Timers()
        timers.set_alarm(START + timedelta(hours=8))

        def now() -> Moment:
            return at(loop.time(), shift=8 * 3600 if loop.time() > 100 else 0)

        bell = ring(timers, now)
        await anext(bell)
        await bell.aclose()
        return loop.time()

    assert 100 < run_virtually(listen()) <= 130


def test_a_machine_that_slept_rings_soon_after_it_wakes(run_virtually: Run) -> None:
    async def listen() -> list[tuple[float, str]]:
        loop = asyncio.get_running_loop()
        timers, heard = Timers(), []

        def now() -> Moment:  # the loop's own clock stands still while the machine sleeps
            return at(loop.time() + (9 * 3600 if loop.time() > 100 else 0))

        timers.start(3600, now(), "bread")
        timers.set_alarm(datetime(2026, 11, 23, 7), "morning")
        timers.set_alarm(datetime(2026, 11, 23, 7, 15), note="call mom")
        bell = ring(timers, now)
        for _ in range(3):
            text = (await anext(bell)).text
            heard.append((loop.time(), text))
        await bell.aclose()
        return heard

    heard = run_virtually(listen())
    assert [text for _, text in heard] == [
        "Your bread timer is done.",
        "It's 7:32 AM. Your morning alarm of 7 AM is late.",
        "Here is your reminder to call mom.",
    ]
    assert all(100 < time <= 130 for time, _ in heard)


def test_a_wall_clock_that_is_set_back_rings_nothing_twice_and_delays_no_ring() -> None:
    timers = Timers()
    timers.start(600, at(0), "tea")
    timers.set_alarm(START + timedelta(seconds=300), "soup")
    assert texts(timers, at(300)) == ["It's 10:35 PM. Your soup alarm is ringing."]
    back = -7200.0
    again = 300 + RING_PAUSE
    assert texts(timers, at(again, back)) == ["It's 10:35 PM. Your soup alarm is ringing."]  # it repeats by the other
    timers.acknowledge()
    assert texts(timers, at(600, back)) == ["Your tea timer is done."]
    timers.acknowledge()
    assert texts(timers, at(300 - back, back)) == []


def test_seven_o_clock_stays_seven_when_summer_time_begins_and_ends() -> None:
    for shift in (3600.0, -3600.0):
        timers = Timers()
        timers.set_alarm(datetime(2026, 11, 23, 7))
        timers.start(8 * 3600, at(0), "eight hours")
        until_seven = 8.5 * 3600 - shift
        assert "It's 7 AM. Your alarm is ringing." not in texts(timers, at(until_seven - 1, shift))
        assert "It's 7 AM. Your alarm is ringing." in texts(timers, at(until_seven, shift))


def test_a_time_that_summer_time_leaves_out_rings_when_it_is_over() -> None:
    timers = Timers()
    timers.set_alarm(datetime(2026, 3, 29, 2, 30))
    assert timers.due(Moment(0, datetime(2026, 3, 29, 1, 59, 59))) == []
    skipped = Moment(1, datetime(2026, 3, 29, 3))
    assert texts(timers, skipped) == ["It's 3 AM. Your 2:30 AM alarm is late."]


def test_an_hour_that_comes_twice_rings_once() -> None:
    timers = Timers()
    timers.set_alarm(datetime(2026, 10, 25, 2, 30))
    assert texts(timers, Moment(0, datetime(2026, 10, 25, 2, 30))) == ["It's 2:30 AM. Your alarm is ringing."]
    timers.acknowledge()
    assert timers.due(Moment(3600, datetime(2026, 10, 25, 2, 30))) == []


def test_a_name_that_a_model_wrote_is_one_harmless_line(run_virtually: Run) -> None:
    timers = Timers()
    tool = timer_tools(timers, lambda: at(0))[0]
    run_virtually(_call(tool, {"seconds": 5, "name": "a\x1b[31m\r\nb\u202e"}))
    assert texts(timers, at(5)) == ["Your a[31mb timer is done."]


async def _call(tool: Tool, arguments: Mapping[str, Any]) -> str:
    return await tool.call(arguments)


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        ({"time": "07:00"}, "Alarm set for 7 AM tomorrow."),
        ({"time": "7:00"}, "Alarm set for 7 AM tomorrow."),
        ({"time": "23:15"}, "Alarm set for 11:15 PM today."),
        ({"time": "7:00 pm"}, "Alarm set for 7 PM tomorrow."),
        ({"time": "7:00", "half": "pm"}, "Alarm set for 7 PM tomorrow."),
        ({"time": "half past six", "day": "friday"}, "Alarm set for 6:30 AM on Friday."),
        ({"time": "00:00"}, "Alarm set for midnight tomorrow."),
    ],
)
def test_an_alarm_is_set_as_models_write_times(run_virtually: Run, arguments: dict[str, str], answer: str) -> None:
    tool = timer_tools(Timers(), lambda: at(0))[1]
    assert run_virtually(_call(tool, arguments)) == answer


@pytest.mark.parametrize("time", ["25:00", "7:60", "soon", ""])
def test_a_time_that_is_none_is_refused(run_virtually: Run, time: str) -> None:
    tool = timer_tools(Timers(), lambda: at(0))[1]
    with pytest.raises(ToolProblem, match="no time of day"):
        run_virtually(_call(tool, {"time": time}))


def test_a_zone_does_not_move_an_alarm() -> None:
    timers = Timers()
    timers.set_alarm(datetime(2026, 11, 23, 7))
    winter = Moment(0, datetime(2026, 11, 23, 7, tzinfo=timezone(timedelta(hours=1))))
    assert texts(timers, winter) == ["It's 7 AM. Your alarm is ringing."]


def test_the_clocks_go_forward() -> None:
    first, second = read_clocks(), read_clocks()
    assert second.steady >= first.steady
    assert second.wall.tzinfo is None
