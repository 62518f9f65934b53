"""A filter is believed for what it takes out of the echo, and given up after its time."""

from __future__ import annotations

import numpy as np
import pytest

from voicestream.hearing.filter_trust import LEARNS, FilterTrust
from voicestream.hearing.near_end import power
from voicestream.vocabulary import FRAME_SAMPLES

ECHO = np.random.default_rng(1).normal(0, 0.05, FRAME_SAMPLES).astype(np.float32)


def judged(left: float, frames: int) -> FilterTrust:
    """Return the trust in a filter that leaves this share of the echo's power."""
    trust = FilterTrust()
    for _ in range(frames):
        trust.judge(ECHO, np.float32(np.sqrt(left)) * ECHO, 0.0)
    return trust


def test_a_new_filter_is_neither_believed_nor_given_up() -> None:
    assert not FilterTrust().is_deserved(0.0)
    assert not FilterTrust().is_lost


@pytest.mark.parametrize(
    ("left", "is_deserved", "is_lost"), [(0.1, True, False), (0.4, False, False), (0.6, False, True)]
)
def test_what_it_leaves_tells(left: float, is_deserved: bool, is_lost: bool) -> None:
    trust = judged(left, LEARNS)
    assert trust.is_deserved(0.0) is is_deserved
    assert trust.is_lost is is_lost


def test_it_is_not_given_up_before_its_time() -> None:
    assert not judged(1.0, LEARNS - 1).is_lost


def test_what_is_left_and_drowned_in_noise_does_no_harm() -> None:
    trust = judged(1.0, LEARNS)
    assert trust.is_deserved(8 * power(ECHO))
    assert not trust.is_deserved(0.0)


def test_a_room_that_changes_is_known_within_seconds() -> None:
    trust = judged(0.01, 300)
    for _ in range(60):  # 2 s
        trust.judge(ECHO, ECHO, 0.0)
    assert trust.is_lost
