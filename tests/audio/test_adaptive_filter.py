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
