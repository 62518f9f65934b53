"""The choice of threads, arithmetic and beams, and how it is remembered."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicestream.backends.tuning_file import read_tuning, tuning_path, write_tuning
from voicestream.hearing.tuning import Measured, Tuning, choose_tuning, tuning_from_json


def test_the_fastest_is_chosen_and_beams_where_there_is_time() -> None:
    slow = [Measured(Tuning(1), 0.9), Measured(Tuning(2), 0.5), Measured(Tuning(2, beam=5), 0.7)]
    assert choose_tuning(slow) == Tuning(2)
    quick = [Measured(Tuning(1), 0.05), Measured(Tuning(1, beam=5), 0.1), Measured(Tuning(2, beam=5), 0.08)]
    assert choose_tuning(quick) == Tuning(2, beam=5)


def test_threads_that_bring_nothing_are_left_to_others() -> None:
    assert choose_tuning([Measured(Tuning(4), 0.50), Measured(Tuning(1), 0.51)]) == Tuning(1)


def test_a_tuning_is_remembered_for_its_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / name)
    model = Path("/models/base.en")
    assert read_tuning(model) == Tuning()
    write_tuning(model, Tuning(2, "int8_float32", 5))
    assert read_tuning(model) == Tuning(2, "int8_float32", 5)
    assert read_tuning(Path("/models/tiny")) == Tuning()
    tuning_path(model).write_bytes(b"\xff{")
    assert read_tuning(model) == Tuning()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"threads": "2", "compute_type": "int8", "beam": 1}', "null"])
def test_a_spoilt_file_is_as_none(text: str) -> None:
    assert tuning_from_json(text) is None


def test_values_out_of_range_are_as_none() -> None:
    assert tuning_from_json('{"threads": 999, "compute_type": "int8", "beam": 1}') is None
    assert tuning_from_json('{"threads": 2, "compute_type": "int8", "beam": 0}') is None
