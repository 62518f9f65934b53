"""The filter learns the room, keeps what it learned while somebody speaks over it, and leaves that voice whole."""

from __future__ import annotations

import numpy as np
import pytest

from voicestream.hearing.adaptive_filter import AdaptiveFilter
from voicestream.vocabulary import FRAME_SAMPLES, SAMPLE_RATE, Samples


def noise(seconds: float, seed: int) -> Samples:
    return (0.1 * np.random.default_rng(seed).standard_normal(round(seconds * SAMPLE_RATE))).astype(np.float32)


def echo_of(far: Samples) -> Samples:
    length = SAMPLE_RATE // 10
    response = np.random.default_rng(9).standard_normal(length) * 10 ** (-3 * np.arange(length) / length)
    return np.convolve(far, response / np.linalg.norm(response))[: len(far)].astype(np.float32)


def cancel(near: Samples, far: Samples) -> Samples:
    adaptive = AdaptiveFilter()
    frames = range(0, len(near) - FRAME_SAMPLES + 1, FRAME_SAMPLES)
    return np.concatenate(
        [adaptive.process(near[begin : begin + FRAME_SAMPLES], far[begin : begin + FRAME_SAMPLES]) for begin in frames]
    )


def decibels(before: Samples, after: Samples) -> float:
    count = min(len(before), len(after))
    return float(10 * np.log10(np.mean(np.square(before[:count])) / np.mean(np.square(after[:count]))))


def test_the_echo_is_gone_after_three_seconds() -> None:
    far = noise(4, 1)
    echo = echo_of(far)
    late = slice(3 * SAMPLE_RATE, None)
    assert decibels(echo[late], cancel(echo, far)[late]) > 20


def test_a_voice_over_it_is_left_whole_and_teaches_nothing_wrong() -> None:
    far, voice = noise(8, 1), noise(8, 2)
    voice[: 4 * SAMPLE_RATE] = voice[6 * SAMPLE_RATE :] = 0
    echo = echo_of(far)
    left = cancel(echo + voice, far)
    both, after = slice(4 * SAMPLE_RATE, 6 * SAMPLE_RATE), slice(6 * SAMPLE_RATE, None)
    share = np.dot(left[both], voice[both]) / np.dot(voice[both], voice[both])
    assert 20 * np.log10(share) == pytest.approx(0, abs=0.5)
    assert decibels(voice[both], left[both] - voice[both]) > 10
    assert decibels(echo[after], left[after]) > 15


def test_without_a_far_end_nothing_is_changed() -> None:
    near = noise(1, 3)
    left = cancel(near, np.zeros_like(near))
    assert np.array_equal(left, near[: len(left)])


def test_after_a_pause_a_moved_loudspeaker_is_learned_faster_than_it_was_forgotten() -> None:
    far = noise(5, 1)
    echo, moved = echo_of(far), np.concatenate((np.zeros(4, np.float32), echo_of(far)))
    left = {}
    for paused in (0, 300):
        adaptive, pieces = AdaptiveFilter(), []
        for near in (echo, moved):
            for begin in range(0, len(far) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
                frame = slice(begin, begin + FRAME_SAMPLES)
                pieces.append(adaptive.process(near[frame], far[frame]))
            adaptive.doubt(paused)
        left[paused] = np.concatenate(pieces)[len(far) + SAMPLE_RATE : len(far) + 2 * SAMPLE_RATE]
    assert decibels(left[0], left[300]) > 3


@pytest.mark.parametrize("frames", [-3, 2, 7])
def test_what_was_learned_moves_with_the_far_end(frames: int) -> None:
    """The echo of a far end that is held back is as well known as before, but for what is beyond the filter's reach."""
    far, delay = noise(6, 1), 4 * FRAME_SAMPLES
    late_far = np.roll(far, max(0, frames) * FRAME_SAMPLES)
    near = np.roll(echo_of(far), delay - FRAME_SAMPLES // 2)
    if frames < 0:  # the far end came too late, and is heard earlier from now on
        far, late_far = np.roll(far, 3 * FRAME_SAMPLES), far
    adaptive, half = AdaptiveFilter(), 3 * SAMPLE_RATE // FRAME_SAMPLES
    cut = [slice(begin, begin + FRAME_SAMPLES) for begin in range(0, len(far) - FRAME_SAMPLES + 1, FRAME_SAMPLES)]
    for frame in cut[:half]:
        adaptive.process(near[frame], far[frame])
    adaptive.move(frames)
    for frame in cut[half - adaptive.frames - 1 : half]:
        adaptive.hear(late_far[frame])
    left = np.concatenate([adaptive.process(near[frame], late_far[frame]) for frame in cut[half : half + 3]])
    heard = np.concatenate([near[frame] for frame in cut[half : half + 3]])
    if frames == 7:  # held back beyond the echo: nothing is known, and nothing false
        assert abs(decibels(heard, left)) < 3
    else:
        assert decibels(heard, left) > 15
