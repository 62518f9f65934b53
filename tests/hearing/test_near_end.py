"""Who speaks over the loudspeaker is told by the levels of what a linear canceller leaves."""

from __future__ import annotations

import numpy as np

from voicestream.hearing.near_end import NearEnd
from voicestream.vocabulary import FRAME_SAMPLES, SAMPLE_RATE, Samples


def noise(count: int, level: float, seed: int) -> Samples:
    return np.random.default_rng(seed).normal(0, level, (count, FRAME_SAMPLES)).astype(np.float32)


def vowel(count: int, level: float) -> Samples:
    """Return 150 Hz with its overtones up to 900 Hz."""
    moments = np.arange(count * FRAME_SAMPLES) / SAMPLE_RATE
    wave = sum(np.sin(2 * np.pi * 150 * number * moments) for number in range(1, 7))
    return np.float32(level) * (wave / np.std(wave)).astype(np.float32).reshape(count, FRAME_SAMPLES)


def test_a_vowel_no_louder_than_the_noise_stands_out_in_its_octaves() -> None:
    near_end, far = NearEnd(), noise(120, 0.1, 1)
    left = noise(120, 0.03, 2) + 0.1 * far
    left[90:100] += vowel(10, 0.03)
    for index in range(120):
        near_end.add(left[index], far[index])
        if not 98 <= index < 101:  # its end is told a frame or two sooner or later
            assert near_end.is_loud == (90 <= index < 98), index


def test_a_hiss_above_all_vowels_stands_out() -> None:
    near_end, far = NearEnd(), noise(120, 0.1, 1)
    left = noise(120, 0.003, 2) + np.float32(0.03) * far
    left[90:100] += np.diff(noise(10, 0.03, 3), axis=1, append=0)  # an s: more, the higher
    for index in range(100):
        near_end.add(left[index], far[index])
        assert near_end.is_loud == (index >= 90), index


def test_an_echo_that_changes_with_its_room_is_not_unmistakable_and_a_voice_is() -> None:
    near_end, far = NearEnd(), noise(200, 0.1, 1)
    leak = np.repeat([0.05, 0.15, 0.05], [80, 80, 40])[:, None].astype(np.float32)  # it moves: 10 dB more is left
    left = noise(200, 0.001, 2) + leak * far
    left[190:] += noise(10, 0.1, 4)
    for index in range(200):
        near_end.add(left[index], far[index])
        assert near_end.is_unmistakable == (index >= 190), index


def test_nobody_is_told_while_the_echo_is_learned() -> None:
    near_end, far = NearEnd(), noise(12, 0.1, 1)
    for frame in far:
        near_end.add(frame, frame)
        assert not near_end.is_loud


def test_a_steady_echo_is_nobody_however_much_of_it_is_left() -> None:
    for leak in (0.01, 0.1, 1.0):
        near_end, far = NearEnd(), noise(200, 0.1, 3) * np.repeat([0.2, 1.0, 0.5, 1.0], 50)[:, None].astype(np.float32)
        for frame in far:
            near_end.add(np.float32(leak) * frame + np.float32(1e-4) * frame[::-1], frame)
            assert not near_end.is_loud


def test_what_comes_of_a_far_end_that_fell_silent_is_its_echo() -> None:
    """A canceller's response ends before the room's: what is left falls some frames later than what was played."""
    near_end, far, late = NearEnd(), noise(240, 0.1, 3), 4
    far *= np.tile(np.repeat([1.0, 0.001], [20, 28]), 5)[:, None].astype(np.float32)
    for index in range(late, 240):
        near_end.add(np.float32(0.1) * far[index - late] + noise(1, 5e-4, index)[0], far[index])
        assert not near_end.is_loud, index
