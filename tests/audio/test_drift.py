"""The slope of measured offsets is found through their noise and over their jumps, and not believed too soon."""

from __future__ import annotations

import random

import pytest

from voicestream.speaking.drift import Drift


def noted(drift: Drift, seconds: range, slope: float, jump: float = 0.0) -> Drift:
    chance = random.Random(seconds.start)
    for second in seconds:
        drift.note(second, 0.25 + slope * second + jump + chance.uniform(-30e-6, 30e-6))
    return drift


@pytest.mark.parametrize("slope", [-200e-6, 0.0, 10e-6, 100e-6])
def test_a_slope_is_found_through_the_noise(slope: float) -> None:
    assert noted(Drift(2.0, 30), range(20), slope).slope == pytest.approx(slope, abs=5e-6)


def test_two_measurements_close_to_each_other_say_little() -> None:
    drift = Drift(2.0, 30)
    drift.note(0.0, 0.0)
    drift.note(0.25, 100e-6)
    assert 0 < drift.slope < 4e-6


def test_a_slope_that_changes_is_followed_and_the_old_one_forgotten() -> None:
    drift = noted(Drift(2.0, 30), range(100), 50e-6)
    drift.restart()
    noted(drift, range(100, 300), -50e-6)
    assert drift.slope == pytest.approx(-50e-6, abs=10e-6)


def test_over_a_jump_the_slope_stays() -> None:
    drift = noted(Drift(2.0, 30), range(20), 100e-6)
    before = drift.slope
    drift.restart()
    noted(drift, range(20, 21), 100e-6, jump=0.15)
    assert drift.slope == pytest.approx(before, rel=0.05)
    assert noted(drift, range(21, 40), 100e-6, jump=0.15).slope == pytest.approx(100e-6, abs=5e-6)
