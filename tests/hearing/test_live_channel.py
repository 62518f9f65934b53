"""Of several channels one that is alive is heard, whole and at its own level."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from voicestream.hearing.live_channel import LiveChannel
from voicestream.vocabulary import SAMPLE_RATE, Samples

Block = NDArray[np.float32]


def voice(level: float = 0.2) -> Samples:
    """A tone that comes and goes like syllables, after 0.2 s of a room's silence."""
    time = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    syllables = np.clip(np.sin(2 * np.pi * 3 * time), 0, 1) * (time > 0.2)
    room = np.random.default_rng(1).normal(0, 3e-4, len(time))
    return (level * syllables * np.sin(2 * np.pi * 180 * time) + room).astype(np.float32)


def dead(kind: str) -> Samples:
    chance = np.random.default_rng(2)
    match kind:
        case "zeros":
            return np.zeros(2 * SAMPLE_RATE, np.float32)
        case "hiss":
            return chance.normal(0, 2e-5, 2 * SAMPLE_RATE).astype(np.float32)
        case "offset":
            return (0.05 + chance.normal(0, 2e-5, 2 * SAMPLE_RATE)).astype(np.float32)
        case _:
            return (voice() * 0.01).astype(np.float32)


def cut(audio: Block, size: int) -> Iterator[Block]:
    return (audio[begin : begin + size] for begin in range(0, len(audio), size))


def heard(*channels: Samples, size: int = 512) -> Samples:
    channel = LiveChannel()
    return np.concatenate([channel.pick(block) for block in cut(np.stack(channels, axis=1), size)])


@pytest.mark.parametrize("kind", ["zeros", "hiss", "offset", "leak"])
@pytest.mark.parametrize("size", [100, 512, 2048])
def test_a_voice_beside_a_dead_channel_is_neither_lost_nor_halved(kind: str, size: int) -> None:
    assert np.array_equal(heard(voice(), dead(kind), size=size), voice())
    assert np.array_equal(heard(dead(kind), voice(), size=size), voice())
    assert np.array_equal(heard(dead(kind), dead("zeros"), voice(), size=size), voice())


@pytest.mark.parametrize("other", [voice(), -voice(), 3 * voice(), voice() / 3])
def test_of_two_live_channels_the_first_is_heard_all_the_time(other: Samples) -> None:
    assert np.array_equal(heard(voice(), other), voice())


def test_a_channel_that_dies_is_left_for_the_other() -> None:
    first, second = voice(), voice(0.1)
    first[SAMPLE_RATE:] = 0
    found = heard(first, second)
    begin = -(-SAMPLE_RATE // 512) * 512
    assert np.array_equal(found[: begin - 512], first[: begin - 512])
    assert np.array_equal(found[begin:], second[begin:])


def test_one_channel_is_passed_as_it_is_and_silence_stays_silence() -> None:
    assert np.array_equal(heard(voice()), voice())
    assert not heard(dead("zeros"), dead("zeros")).any()
    assert not len(LiveChannel().pick(np.zeros((0, 2), np.float32)))
