"""The language of a speech is the set one, the likeliest of a list, or the likeliest of all; never another."""

from __future__ import annotations

import asyncio
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from voicestream.backends.whisper import Whisper, WhisperSettings, open_whisper
from voicestream.bench.random_whisper import Shape, build_random_whisper
from voicestream.errors import RecognitionError
from voicestream.vocabulary import SAMPLE_RATE

LANGUAGES = ("en", "de", "fr", "es", "ja")
AUDIO = np.random.default_rng(3).normal(0, 0.1, 2 * SAMPLE_RATE).astype(np.float32)


@pytest.fixture(scope="module")
def multilingual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small Whisper of random weights that knows five languages, each with a likelihood of its own."""
    pytest.importorskip("faster_whisper")
    folder = tmp_path_factory.mktemp("models") / "random"
    build_random_whisper(Shape(1, 64, 1), folder, LANGUAGES)
    return folder


@pytest.fixture(scope="module")
def likelihoods(multilingual: Path) -> dict[str, float]:
    model = Whisper(multilingual, WhisperSettings(threads=1))._load()
    return dict(model.detect_language(features=model.feature_extractor(AUDIO))[2])


def heard_language(folder: Path, language: str, *, is_final: bool = True) -> str:
    async def run() -> str:
        async with open_whisper(folder, WhisperSettings(language, threads=1)) as whisper:
            return (await whisper.transcribe(AUDIO, is_final=is_final)).language

    return asyncio.run(run())


@pytest.mark.parametrize("wanted", [*combinations(LANGUAGES, 2), ("ja", "fr", "en")])
def test_the_likeliest_of_a_list_is_heard_and_never_another(
    multilingual: Path, likelihoods: dict[str, float], wanted: tuple[str, ...]
) -> None:
    likeliest = max(wanted, key=lambda name: likelihoods[name])
    assert heard_language(multilingual, ",".join(wanted)) == likeliest
    assert heard_language(multilingual, " , ".join(wanted).upper(), is_final=False) == likeliest


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_set_language_is_not_guessed(multilingual: Path, language: str) -> None:
    assert heard_language(multilingual, language) == language


@pytest.mark.parametrize("any_language", ["auto", "", "auto,de"])
def test_without_a_list_the_likeliest_of_all_is_heard(
    multilingual: Path, likelihoods: dict[str, float], any_language: str
) -> None:
    assert heard_language(multilingual, any_language) == max(LANGUAGES, key=lambda name: likelihoods[name])


@pytest.mark.parametrize("language", ["klingon", "en,klingon", "en-US"])
def test_a_language_that_whisper_does_not_know_is_told_at_the_start(multilingual: Path, language: str) -> None:
    with pytest.raises(RecognitionError, match=r"hearing\.language: Whisper does not know (klingon|en-us);"):
        heard_language(multilingual, language)


@pytest.mark.parametrize("language", ["de", "en,de"])
def test_a_model_of_english_is_not_asked_for_another_language(tiny: Path, language: str) -> None:
    with pytest.raises(RecognitionError, match=r"tiny-synthetic: knows English only, and hearing\.language names de;"):
        heard_language(tiny, language)


@pytest.mark.parametrize("language", ["en", "auto", ""])
def test_a_model_of_english_hears_english(tiny: Path, language: str) -> None:
    assert heard_language(tiny, language) == "en"
