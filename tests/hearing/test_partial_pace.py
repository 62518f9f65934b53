"""Laws of the pace of partials."""

from __future__ import annotations

import random

import pytest

from voicestream.hearing.partial_pace import PartialPace
from voicestream.vocabulary import FRAME_SECONDS


def spent(share: float, cost: float, jitter: float = 0.0) -> float:
    """Seconds of a core that partials take in a minute of talk, per second."""
    chance = random.Random(2)
    pace, now, total = PartialPace(share, interval=0.1), 0.0, 0.0
    while now < 60:
        now += FRAME_SECONDS
        if pace.is_due(now):
            pace.start(now)
            once = cost * (1 + jitter * (2 * chance.random() - 1))
            pace.spend(once, once, is_partial=True)
            total += once
            now += once
    return total / now


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 0.8])
@pytest.mark.parametrize("cost", [0.1, 0.4, 0.7])
def test_partials_take_the_share_that_is_set(share: float, cost: float) -> None:
    assert spent(share, cost, jitter=0.3) == pytest.approx(share, rel=0.1)


def test_cheap_partials_wait_for_audio_that_is_worth_one() -> None:
    assert spent(1.0, 0.001) < 0.011


def test_after_a_decode_that_took_too_long_there_is_a_rest() -> None:
    pace = PartialPace(4.0, interval=0.2, longest=1.0)
    pace.start(0.0)
    pace.spend(1.5, 1.5, is_partial=True)
    assert not pace.is_due(11.0)
    assert pace.is_due(12.5)
    pace.spend(0.3, 0.3, is_partial=False)
    assert pace.is_due(1.0), "a shorter final shows that there is time again"


def test_a_first_partial_that_waited_for_its_share_does_not_tell_how_slow_a_recognizer_is() -> None:
    pace = PartialPace(4.0, interval=0.2)
    pace.begin(0.0)
    pace.start(3.0)
    pace.spend(0.4, 0.4, is_partial=True)  # it has three seconds of speech to decode
    assert pace.is_due(3.8)


def test_a_slow_recognizer_makes_none_in_the_first_seconds_of_a_speech() -> None:
    pace = PartialPace(4.0, interval=0.2)
    pace.begin(10.0)
    assert not pace.is_due(10.1)
    assert pace.is_due(10.5), "nobody knows yet how slow it is"
    pace.start(10.5)
    pace.spend(0.4, 0.4, is_partial=True)
    assert not any(pace.is_due(10.5 + seconds) for seconds in range(1, 6))
    assert pace.is_due(16.1)
    pace.begin(20.0)
    assert not pace.is_due(22.0)
    pace.spend(0.1, 0.1, is_partial=True)
    assert pace.is_due(22.0), "it is quick again"
    pace.begin(40.0)
    pace.spend(0.8, 0.8, is_partial=False)
    assert pace.is_due(41.0), "that was the end of a long speech"
    pace.spend(0.1, 0.1, is_partial=True)
    pace.spend(0.8, 0.8, is_partial=True)
    pace.begin(60.0)
    assert pace.is_due(61.0), "it was slow only late in a long speech"


def test_a_rest_is_followed_by_no_burst() -> None:
    pace = PartialPace(0.1, interval=0.1)
    pace.start(0.0)
    pace.spend(0.1, 0.1, is_partial=True)
    pace.start(50.0)
    pace.spend(0.1, 0.1, is_partial=True)
    assert not pace.is_due(50.6)
    assert pace.is_due(51.0)


@pytest.mark.parametrize("share", [0.1, 0.2, 0.4])
def test_in_a_long_speech_the_share_is_kept_at_any_time(share: float) -> None:
    """Each partial hears more than the one before, and costs more: the account must not run after it."""
    pace, total, once = PartialPace(share, interval=0.1), 0.0, 0.0
    for frame in range(round(20 / FRAME_SECONDS)):
        now = frame * FRAME_SECONDS
        earned = share * now
        assert abs(total - earned) <= 0.6 * once + 0.35 * share + 0.05, f"after {now:.1f} s"
        if pace.is_due(now):
            pace.start(now)
            once = 0.1 + 0.02 * now
            pace.spend(once, once, is_partial=True)
            total += once
    assert total == pytest.approx(share * 20, abs=0.6 * once)
