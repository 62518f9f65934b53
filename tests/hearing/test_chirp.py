"""A chirp is found in what the microphone hears: how late, how loud, and whether that matters."""

from __future__ import annotations

import numpy as np
import pytest

from voicestream.bench.room import RoomSettings, impulse_response
from voicestream.hearing.chirp import CHIRP_DB, ChirpEcho, find_chirp, make_chirp, needs_cancelling
from voicestream.vocabulary import SAMPLE_RATE, Samples

FAR = np.concatenate((np.zeros(SAMPLE_RATE), make_chirp(SAMPLE_RATE), np.zeros(SAMPLE_RATE))).astype(np.float32)


def heard_in_room(delay: float, level_db: float, noise_db: float, seed: int = 1) -> Samples:
    random = np.random.default_rng(seed)
    echo = np.convolve(FAR, impulse_response(RoomSettings(rt60=0.4, delay=delay), random))[: len(FAR)]
    echo *= 10 ** (level_db / 20) * np.linalg.norm(FAR) / np.linalg.norm(echo)
    noise = 10 ** (noise_db / 20) * random.standard_normal(len(FAR))
    return np.asarray(echo + noise, np.float32)


@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_a_chirp_is_as_loud_as_speech_and_begins_and_ends_without_a_click(rate: int) -> None:
    chirp = make_chirp(rate)
    assert len(chirp) == rate
    assert 10 * np.log10(np.mean(np.square(chirp))) == pytest.approx(CHIRP_DB, abs=0.3)
    assert max(abs(chirp[0]), abs(chirp[-1])) < 0.001


@pytest.mark.parametrize("delay", [0.005, 0.08, 0.3])
@pytest.mark.parametrize("level_db", [0.0, -20.0, -40.0])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_delay_and_level_of_a_rooms_echo_are_told(delay: float, level_db: float, seed: int) -> None:
    echo = find_chirp(heard_in_room(delay, level_db, -70.0, seed), FAR)
    assert echo.is_heard
    assert echo.delay == pytest.approx(delay, abs=0.005)  # the first reflections may be the strongest
    assert echo.level_db == pytest.approx(level_db, abs=1.0)
    assert echo.noise_db == pytest.approx(-70.0, abs=1.0)
    assert echo.likeness < 0.9


@pytest.mark.parametrize("noise_db", [-100.0, -60.0, -30.0])
def test_headphones_let_nothing_be_heard(noise_db: float) -> None:
    for seed in range(5):
        assert not find_chirp(heard_in_room(0.05, -200.0, noise_db, seed), FAR).is_heard


def test_a_wire_is_told_from_a_room() -> None:
    echo = find_chirp(np.roll(0.3 * FAR, 800), FAR)
    assert echo.likeness > 0.99
    assert echo.delay == pytest.approx(0.05)
    assert echo.level_db == pytest.approx(20 * np.log10(0.3), abs=0.1)


def test_a_chirp_that_was_never_played_whole_was_not_heard() -> None:
    assert not find_chirp(np.zeros(SAMPLE_RATE, np.float32), np.zeros(SAMPLE_RATE, np.float32)).is_heard
    assert not find_chirp(FAR[: 3 * SAMPLE_RATE // 2], FAR[: 3 * SAMPLE_RATE // 2]).is_heard


@pytest.mark.parametrize(
    ("level_db", "noise_db", "is_needed"),
    [(-10, -60, True), (-40, -70, True), (-55, -90, False), (-30, -30, False)],
    ids=["loud", "soft in silence", "too soft for a detector", "drowned in noise"],
)
def test_what_the_detector_could_hear_needs_cancelling(level_db: float, noise_db: float, is_needed: bool) -> None:
    assert needs_cancelling(ChirpEcho(True, 0.05, level_db, noise_db, 0.4)) is is_needed
    assert not needs_cancelling(ChirpEcho(False, noise_db=noise_db))
