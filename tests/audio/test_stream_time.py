"""The time of a stream's samples is steady while the measured times jitter, and follows a clock that runs wrong."""

from __future__ import annotations

import random

import pytest

from voicestream.speaking.stream_time import JUMP, StreamTime

RATE = 48_000
BLOCK = 480


def feed(line: StreamTime, blocks: range, skew: float = 0.0, jitter: float = 0.0, jump: float = 0.0) -> None:
    chance = random.Random(1)
    for block in blocks:
        true = 100 + jump + block * BLOCK / RATE * (1 + skew)
        line.note(block * BLOCK, true + chance.uniform(-jitter, jitter))


def test_jitter_of_callbacks_does_not_move_the_line_by_more_than_a_fraction_of_it() -> None:
    line = StreamTime(RATE)
    feed(line, range(3_000), jitter=0.01)
    for block in (2_000, 2_999):
        assert line.time_of(block * BLOCK) == pytest.approx(100 + block * 0.01, abs=0.0015)


@pytest.mark.parametrize("seed", range(5))
def test_times_that_wander_as_pulseaudios_do_move_the_line_by_less_than_a_sample_a_second(seed: int) -> None:
    chance = random.Random(seed)
    line, off, slides = StreamTime(RATE), 0.005, []
    for block in range(30_000):
        off += -off / 400 + 0.00021 * chance.gauss(0, 1)  # for 4 s to one side, 3 ms root mean square
        line.note(block * BLOCK, block * BLOCK / RATE + off + chance.gauss(0, 0.002))
        if block >= 500:
            slides.append(abs(line.time_of(RATE) - line.time_of(0) - 1))
    assert max(slides) < 0.5 / 16_000
    assert line.time_of(29_999 * BLOCK) == pytest.approx(299.99, abs=JUMP)


@pytest.mark.parametrize("skew", [-200e-6, 50e-6, 200e-6])
def test_a_clock_that_runs_wrong_is_followed_smoothly(skew: float) -> None:
    line = StreamTime(RATE)
    feed(line, range(60_000), skew, jitter=0.003)
    at = 59_999 * BLOCK
    assert line.time_of(at) == pytest.approx(100 + at / RATE * (1 + skew), abs=JUMP)
    slope = (line.time_of(at + RATE) - line.time_of(at)) - 1
    assert slope == pytest.approx(skew, abs=20e-6)


def test_a_jump_is_taken_over_within_a_second() -> None:
    line = StreamTime(RATE)
    feed(line, range(500))
    feed(line, range(500, 700), jump=0.04)
    assert line.time_of(700 * BLOCK) == pytest.approx(107.04, abs=0.001)


def test_time_and_position_are_each_others_inverse() -> None:
    line = StreamTime(RATE)
    feed(line, range(500), skew=100e-6)
    for position in (0, 123_456, 10_000_000):
        assert line.position_of(line.time_of(position)) == pytest.approx(position, abs=1e-3)
