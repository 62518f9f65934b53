"""The choice of threads, arithmetic and beams, and how it is remembered."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from voicestream.backends.tuning_file import read_tuning, tuning_path, write_tuning
from voicestream.backends.whisper import Whisper
from voicestream.bench.tune import measure_speed, tune
from voicestream.config import Config
from voicestream.events import Events
from voicestream.hearing.tuning import Measured, Tuning, choose_tuning, tuning_from_json
from voicestream.recognizer_choice import open_recognizer


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own."""
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / name)
    return tmp_path


def test_the_fastest_is_chosen_and_beams_where_there_is_time() -> None:
    slow = [Measured(Tuning(1), 0.9), Measured(Tuning(2), 0.5), Measured(Tuning(2, beam=5), 0.7)]
    assert choose_tuning(slow) == Tuning(2)
    quick = [Measured(Tuning(1), 0.02), Measured(Tuning(1, beam=5), 0.04), Measured(Tuning(2, beam=5), 0.03)]
    assert choose_tuning(quick) == Tuning(2, beam=5)


def test_threads_that_bring_nothing_are_left_to_others() -> None:
    assert choose_tuning([Measured(Tuning(4), 0.50), Measured(Tuning(1), 0.51)]) == Tuning(1)


@pytest.mark.usefixtures("cache")
def test_a_tuning_is_remembered_for_its_model() -> None:
    model = Path("/models/base.en")
    assert read_tuning(model) == Tuning()
    write_tuning(model, Tuning(2, "int8_float32", 5, 0.25))
    assert read_tuning(model) == Tuning(2, "int8_float32", 5, 0.25)
    assert read_tuning(Path("/models/tiny")) == Tuning()
    tuning_path(model).write_bytes(b"\xff{")
    assert read_tuning(model) == Tuning()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"threads": "2", "compute_type": "int8", "beam": 1}', "null"])
def test_a_spoilt_file_is_as_none(text: str) -> None:
    assert tuning_from_json(text) is None


def test_values_out_of_range_are_as_none() -> None:
    assert tuning_from_json('{"threads": 999, "compute_type": "int8", "beam": 1}') is None
    assert tuning_from_json('{"threads": 2, "compute_type": "int8", "beam": 0}') is None
    assert tuning_from_json('{"threads": 2, "compute_type": "int8", "beam": 1, "speed": "fast"}') is None


def test_a_file_of_before_speeds_were_measured_still_counts() -> None:
    assert tuning_from_json('{"threads": 2, "compute_type": "int8", "beam": 1}') == Tuning(2, "int8", 1, 0.0)


@pytest.mark.skipif(not shutil.which("espeak-ng"), reason="needs espeak-ng, to synthesize speech")
@pytest.mark.usefixtures("cache")
def test_what_is_measured_here_is_remembered(tiny: Path) -> None:
    measured: list[Measured] = []
    chosen = tune(tiny, measured.append)
    assert replace(chosen, speed=0.0) in [each.tuning for each in measured]
    assert {each.tuning.compute_type for each in measured} == {"int8", "float32"}
    assert read_tuning(tiny) == chosen
    assert chosen.speed > 0
    assert measure_speed(tiny) == read_tuning(tiny).speed
    assert replace(read_tuning(tiny), speed=0.0) == replace(chosen, speed=0.0), "the choice stands"


@pytest.mark.usefixtures("cache")
def test_what_is_remembered_is_used(tiny: Path) -> None:
    config = msgspec.convert({"hearing": {"recognizer": "whisper", "model": str(tiny)}}, Config)

    async def arithmetic() -> str:
        async with AsyncExitStack() as stack:
            recognizer, _ = await open_recognizer(config, Events(), stack)
            assert isinstance(recognizer, Whisper)
            return recognizer.compute_type

    before = asyncio.run(arithmetic())
    write_tuning(tiny, Tuning(1, "float32"))
    assert (before, asyncio.run(arithmetic())) == ("int8_float32", "float32")
