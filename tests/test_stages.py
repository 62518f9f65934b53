"""Stages run ahead, end, fail and are cancelled without leaving anything behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest
from virtual_time import run_in_virtual_time

from voicestream.stages import Channel, ended, stage


class Trace:
    """Remembers what a generator did."""

    def __init__(self) -> None:
        self.made: list[int] = []
        self.is_closed = False


def counting(trace: Trace, ahead: int, fail_at: int | None = None):
    @stage(ahead=ahead)
    async def count() -> AsyncGenerator[int, None]:
        try:
            for number in range(100):
                if number == fail_at:
                    raise ValueError("broken")
                trace.made.append(number)
                yield number
        finally:
            trace.is_closed = True

    return count()


def test_all_items_arrive_in_order() -> None:
    async def run() -> list[int]:
        async with counting(Trace(), ahead=3) as numbers:
            return [number async for number in numbers]

    assert run_in_virtual_time(run()) == list(range(100))


@pytest.mark.parametrize("ahead", [1, 2, 7])
def test_never_further_ahead_than_allowed(ahead: int) -> None:
    async def run() -> None:
        trace = Trace()
        async with counting(trace, ahead) as numbers:
            read = 0
            async for _ in numbers:
                read += 1
                await asyncio.sleep(1)
                # `ahead` lie in the channel, and one more is held by the generator that waits for room
                assert len(trace.made) <= read + ahead + 1

    run_in_virtual_time(run())


def test_leaving_early_closes_the_generator() -> None:
    async def run() -> Trace:
        trace = Trace()
        async with counting(trace, ahead=2) as numbers:
            async for number in numbers:
                if number == 5:
                    break
        assert trace.is_closed
        return trace

    assert len(run_in_virtual_time(run()).made) < 12


def test_an_error_comes_after_the_items_before_it() -> None:
    async def run() -> None:
        seen = []
        trace = Trace()
        async with counting(trace, ahead=50, fail_at=7) as numbers:
            await asyncio.sleep(1)
            try:
                async for number in numbers:
                    seen.append(number)
            except ValueError as error:
                assert str(error) == "broken"  # noqa: PT017 # the loop is what raises, after its items
            else:
                pytest.fail("the error did not arrive")
        assert seen == list(range(7))
        assert trace.is_closed

    run_in_virtual_time(run())


def test_cancelling_the_reader_closes_every_stage_last_first() -> None:
    closed: list[str] = []

    @stage(ahead=1)
    async def first() -> AsyncGenerator[int, None]:
        try:
            while True:
                await asyncio.sleep(0.1)
                yield 1
        finally:
            closed.append("first")

    @stage(ahead=1)
    async def second(numbers: Channel[int]) -> AsyncGenerator[int, None]:
        try:
            async for number in numbers:
                yield number
        finally:
            closed.append("second")

    async def read() -> None:
        async with first() as ones, second(ones) as numbers:
            async for _ in numbers:
                pass

    async def run() -> None:
        task = asyncio.create_task(read())
        await asyncio.sleep(1)
        await ended(task)
        assert task.cancelled()

    run_in_virtual_time(run())
    assert closed == ["second", "first"]


def test_waiting_for_an_ended_task_lets_the_callers_own_cancellation_through() -> None:
    async def stubborn() -> None:
        try:
            await asyncio.sleep(100)
        finally:
            await asyncio.sleep(5)

    async def run() -> None:
        child = asyncio.create_task(stubborn())
        await asyncio.sleep(0)
        parent = asyncio.create_task(ended(child))
        await asyncio.sleep(1)
        parent.cancel()
        await asyncio.wait([parent])
        assert parent.cancelled()
        await asyncio.wait([child])

    run_in_virtual_time(run())


def test_reading_with_a_time_limit_loses_no_item() -> None:
    @stage(ahead=1)
    async def slow() -> AsyncGenerator[int, None]:
        for number in range(50):
            await asyncio.sleep(0.03 * (number % 7))
            yield number

    async def run() -> list[int]:
        seen: list[int] = []
        async with slow() as numbers:
            while True:
                try:
                    async with asyncio.timeout(0.05):
                        seen.append(await anext(numbers))
                except TimeoutError:
                    continue
                except StopAsyncIteration:
                    return seen

    assert run_in_virtual_time(run()) == list(range(50))
