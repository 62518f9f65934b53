"""On a stepped loop nothing is left to chance: what is due when, and in which order."""

from __future__ import annotations

import asyncio
import random
import socket
import threading
import time

from voicestream.stepped_time import TICKS_PER_SECOND, SteppedLoop, run_in_virtual_time, ticks_of


def run_in_real_time(coroutine):
    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        return runner.run(coroutine)


def test_time_stands_still_while_anything_is_to_be_done() -> None:
    async def work() -> None:
        loop = asyncio.get_running_loop()
        begin = loop.time()
        for _ in range(100):
            time.sleep(0.0002)  # noqa: ASYNC251 - work that takes time
            await asyncio.sleep(0)
        assert loop.time() == begin

    run_in_real_time(work())


def test_real_time_is_kept_in_the_long_run() -> None:
    async def work() -> None:
        loop = asyncio.get_running_loop()
        begin = time.monotonic()
        for _ in range(20):
            await asyncio.sleep(0.005)
        assert time.monotonic() - begin >= 0.08  # a busy machine is late, and then the steps catch up
        assert abs(loop.time() - time.monotonic()) < 0.1

    run_in_real_time(work())


def test_timers_of_one_moment_go_off_in_the_order_in_which_they_were_set() -> None:
    async def work() -> list[int]:
        loop, gone_off = asyncio.get_running_loop(), list[int]()
        at = loop.time() + 1.0
        for number in range(50):
            loop.call_at(at, gone_off.append, number)
        await asyncio.sleep(1.1)
        return gone_off

    assert run_in_virtual_time(work()) == list(range(50))


def test_an_arrival_shares_its_step_with_no_timer() -> None:
    chance = random.Random(1)

    async def work() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SteppedLoop)
        moments = list[int]()
        for _ in range(300):
            loop.call_later(chance.randrange(40) / TICKS_PER_SECOND, lambda: moments.append(ticks_of(loop.time())))
        arrivals = [ticks_of(moment) for moment in await asyncio.gather(*(loop.arrival() for _ in range(20)))]
        await asyncio.sleep(0.001)
        assert len(set(arrivals)) == 20
        assert len(moments) == 300
        assert not set(arrivals) & set(moments)

    run_in_virtual_time(work(), start=123.456789)


def test_what_comes_by_thread_and_socket_arrives_although_timers_are_always_due() -> None:
    async def work() -> None:
        loop = asyncio.get_running_loop()
        here, there = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=here)
        busy = asyncio.create_task(_spin())
        threading.Timer(0.02, there.send, (b"by socket\n",)).start()
        assert await asyncio.wait_for(reader.readline(), 5) == b"by socket\n"
        assert await asyncio.wait_for(loop.run_in_executor(None, time.sleep, 0.02), 5) is None
        busy.cancel()
        writer.close()
        there.close()

    async def _spin() -> None:
        while True:  # noqa: ASYNC110
            await asyncio.sleep(1e-6)  # a timer that is always due

    run_in_real_time(work())


def test_virtual_time_is_the_same_every_time() -> None:
    async def work() -> list[float]:
        loop, chance, seen = asyncio.get_running_loop(), random.Random(2), list[float]()

        async def walk() -> None:
            for _ in range(50):
                await asyncio.sleep(chance.random() / 10)
                seen.append(loop.time())

        await asyncio.gather(*(walk() for _ in range(5)))
        return seen

    first, second = run_in_virtual_time(work(), 7.0), run_in_virtual_time(work(), 7.0)
    assert first == second == sorted(first)
