"""What was played, read back at 16 kHz: the same sound at the same time, at any rate and in any blocks."""

from __future__ import annotations

import random

import numpy as np
import pytest

from voicestream.speaking.reference import KEPT, Reference
from voicestream.vocabulary import SAMPLE_RATE, Samples

COUNT = 512


def sine(hertz: float, rate: int, count: int, start: float = 0.0) -> Samples:
    return np.sin(2 * np.pi * hertz * (start + np.arange(count) / rate)).astype(np.float32)


def played(samples: Samples, rate: int) -> Reference:
    """Return the reference of a loudspeaker whose stream began at 0 s and played `samples` in uneven blocks."""
    reference, chance, position = Reference(rate), random.Random(rate), 0
    reference.time.note(0, 0.0)
    while position < len(samples):
        block = samples[position : position + chance.randint(1, 2000)]
        reference.add(block, position)
        position += len(block)
    return reference


@pytest.mark.parametrize("rate", [16_000, 22_050, 24_000, 44_100, 48_000])
def test_a_tone_comes_back_at_its_time(rate: int) -> None:
    reference = played(sine(440.0, rate, 2 * rate), rate)
    for start in (0.1, 0.7331, 1.5):
        heard = reference.read(start, COUNT)
        assert np.abs(heard - sine(440.0, SAMPLE_RATE, COUNT, start)).max() < 0.02
        assert np.std(heard) == pytest.approx(np.sqrt(0.5), rel=0.05)


def test_what_no_16_khz_can_hold_is_left_out() -> None:
    reference = played(sine(11_000.0, 48_000, 96_000), 48_000)
    assert np.abs(reference.read(1.0, COUNT)).max() < 1e-3


@pytest.mark.parametrize("rate", [24_000, 48_000])
def test_what_was_not_played_or_is_long_past_is_silence(rate: int) -> None:
    reference = played(sine(440.0, rate, 6 * rate), rate)
    assert not reference.read(6.1, COUNT).any()
    assert not reference.read(5.5 - KEPT, COUNT).any()
    assert reference.read(5.5, COUNT).any()
    edge = reference.read(6.0 - COUNT / SAMPLE_RATE / 2, COUNT)
    assert edge[: COUNT // 4].any()
    assert not edge[-COUNT // 4 :].any()


def test_a_gap_between_two_sounds_is_silence() -> None:
    reference = Reference(48_000)
    reference.time.note(0, 0.0)
    reference.add(sine(440.0, 48_000, 4_800), 0)
    reference.add(sine(440.0, 48_000, 4_800), 48_000)
    assert reference.read(0.05, COUNT).any()
    assert not reference.read(0.5, COUNT).any()
    assert reference.read(1.05, COUNT).any()
