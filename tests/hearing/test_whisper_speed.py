"""What one Whisper model takes foretells what another will."""

from __future__ import annotations

import pytest

from voicestream.hearing.whisper_speed import KEEPS_UP, find_size, predict_share, propose_size


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("tiny.en", "tiny"),
        ("base", "base"),
        ("distil-small.en", "small"),
        ("large-v3", "large"),
        ("large-v3-turbo", "turbo"),
        ("distil-large-v3", "turbo"),
        ("somebody/whisper-medium-de", "medium"),
        ("/models/my-own", ""),
        ("database", ""),
    ],
)
def test_a_name_tells_the_size(name: str, size: str) -> None:
    assert find_size(name) == size


def test_a_larger_model_takes_longer_and_an_unknown_one_is_not_foretold() -> None:
    shares = [predict_share(name, "tiny", 0.1) or 0 for name in ("tiny", "base.en", "small", "medium", "large-v3")]
    assert shares == sorted(shares)
    assert shares[0] == pytest.approx(0.1)
    assert predict_share("mine", "tiny", 0.1) is None


@pytest.mark.parametrize(
    ("name", "measured", "share", "proposed"),
    [
        ("base.en", "tiny", KEEPS_UP * 0.9, "tiny.en"),
        ("base.en", "base.en", 0.6, "tiny.en"),
        ("large-v3", "tiny", 0.05, "small"),
        ("base", "tiny", 3.0, ""),
        ("tiny", "tiny", 0.6, ""),
    ],
)
def test_the_best_model_that_keeps_up_is_proposed(name: str, measured: str, share: float, proposed: str) -> None:
    assert propose_size(name, measured, share) == proposed
