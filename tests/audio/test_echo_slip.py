"""An echo that comes suddenly earlier or later is found in its first frames, and nobody's voice is taken for one."""

from __future__ import annotations

import numpy as np
import pytest
from test_echo_canceller import Player, echo_of, frames, voice

from voicestream.backends.echo_canceller import EchoCanceller
from voicestream.hearing.echo_slip import FARTHEST, EchoSlip
from voicestream.hearing.near_end import power
from voicestream.vocabulary import FRAME_SAMPLES, FRAME_SECONDS, SAMPLE_RATE, Samples

FRAMES = 60
FITTED = 30 * FRAME_SAMPLES


def slips(near: Samples, echo: Samples, noise: float = 0.0) -> list[tuple[int, float]]:
    """Return the frames in which a slip was found, and by how many samples it was said to be later."""
    finder = EchoSlip()
    found = []
    for number in range(FRAMES):
        frame = slice(number * FRAME_SAMPLES, (number + 1) * FRAME_SAMPLES)
        later = finder.add(near[frame], echo[frame], noise)
        if later:
            found.append((number, later * SAMPLE_RATE))
    return found


def later(samples: Samples, count: int) -> Samples:
    """Return the samples, which come `count` later from FITTED on."""
    moved = samples.copy()
    moved[FITTED:] = np.roll(samples, count)[FITTED:]
    return moved


@pytest.mark.parametrize("count", [-1500, -640, -150, -31, -6, 5, 48, 150, 700, 1500])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_slip_is_found_to_the_sample_in_the_first_frames(count: int, seed: int) -> None:
    echo = voice(3, seed)
    (number, found), *_ = slips(later(echo, count), echo)
    assert found == pytest.approx(count, abs=0.5)
    assert number - 30 < 3 + max(0, -count) / FRAME_SAMPLES  # one that is earlier is seen when it is expected


def test_an_echo_that_fits_has_not_slipped() -> None:
    echo = voice(3, 1)
    noisy = echo + 0.02 * np.random.default_rng(1).standard_normal(len(echo)).astype(np.float32)
    assert slips(noisy, echo, noise=0.0004) == []


@pytest.mark.parametrize("loudness", [0.1, 0.3, 1.0, 3.0])
@pytest.mark.parametrize("seed", range(4, 10))
def test_a_voice_over_the_echo_is_no_slip(loudness: float, seed: int) -> None:
    echo, somebody = voice(3, 1), loudness * voice(3, seed)
    somebody[:FITTED] = 0.0
    assert slips(echo + somebody, echo) == []


def test_what_never_fitted_has_not_slipped() -> None:
    echo = voice(3, 1)
    assert slips(np.roll(echo, 40), echo) == []


def test_a_slip_out_of_reach_is_left_to_the_measurement() -> None:
    echo = voice(3, 1)
    assert slips(later(echo, 2 * FARTHEST), echo) == []


@pytest.mark.parametrize("jump", [0.0004, 0.003, -0.006, -0.035, 0.045, 0.09])
def test_an_echo_that_jumps_again_and_again_stays_cancelled(jump: float) -> None:
    """It comes later by `jump` for two seconds, and back: learned anew each time, it was taken out by 2 to 4 dB."""
    far = voice(16, 1)
    echo, moved = echo_of(far, 0.04), echo_of(far, 0.04 + jump)
    is_moved = (np.arange(len(far)) // (2 * SAMPLE_RATE)) % 2 == 1
    heard = np.where(is_moved, moved, echo) + 1e-4 * np.random.default_rng(1).standard_normal(len(far))
    canceller, player = EchoCanceller(None), Player(far)
    kept, left, near, told = 0.0, 0.0, 0, 0
    for frame in frames(heard.astype(np.float32)):
        clean = canceller.cancel(frame, player)
        told += clean.has_slipped
        if frame.captured_at > 6 and frame.captured_at % 2 > 4 * FRAME_SECONDS + abs(jump):
            kept += power(frame.samples)
            left += power(clean.samples)
            near += clean.is_near
    assert 10 * np.log10(kept / left) > 12
    assert near == 0
    assert told == 7
