"""Finds out how a Whisper model runs best on this machine, and how fast that is; both are remembered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from os import cpu_count
from pathlib import Path

from voicestream.backends.tuning_file import read_tuning, write_tuning
from voicestream.backends.whisper import WhisperSettings, open_whisper
from voicestream.bench.spoken_clips import LONG_PHRASES, synthesized
from voicestream.hearing.tuning import Measured, Tuning, choose_tuning
from voicestream.vocabulary import SAMPLE_RATE, Samples

RUNS = 5
"""Decodes of which the quickest counts: whatever else runs here can only make one slower."""


def tuned_settings(model: Path) -> WhisperSettings:
    """Return the settings that serve the model in folder `model` best here, as far as that is known."""
    return settings_of(read_tuning(model))


def measure_speed(model: Path) -> float:
    """Return the seconds that the final text of a second of speech takes here, and remember them.

    Measured on 4 s that espeak-ng speaks; raise InputError where it is missing, RecognitionError, or OSError where it
    cannot be remembered.
    """
    audio = _speech()
    tuning = read_tuning(model)
    speed = _quickest_decode(model, tuning, audio) / (len(audio) / SAMPLE_RATE)
    write_tuning(model, replace(tuning, speed=speed))
    return speed


def tune(model: Path, tell: Callable[[Measured], None]) -> Tuning:
    """Choose how the model in folder `model` runs best, and remember it."""
    best = find_tuning(model, tell)
    write_tuning(model, best)
    return best


def find_tuning(model: Path, tell: Callable[[Measured], None] = lambda measured: None) -> Tuning:
    """Measure threads and arithmetic, then beams with the best of them; return the best."""
    import ctranslate2

    audio = _speech()
    kinds = sorted(ctranslate2.get_supported_compute_types("cpu") & {"int8", "float32"})
    measured: list[Measured] = []

    def measure(tuning: Tuning) -> None:
        measured.append(Measured(tuning, _quickest_decode(model, tuning, audio)))
        tell(measured[-1])

    for kind in kinds:
        for threads in range(1, min(4, cpu_count() or 1) + 1):
            measure(Tuning(threads, kind))
    measure(replace(choose_tuning(measured), beam=5))
    best = choose_tuning(measured)
    seconds = next(each.seconds for each in measured if each.tuning == best)
    return replace(best, speed=seconds / (len(audio) / SAMPLE_RATE))


def settings_of(tuning: Tuning) -> WhisperSettings:
    """Return the settings that a tuning stands for."""
    return WhisperSettings(threads=tuning.threads, compute_type=tuning.compute_type, beam=tuning.beam)


def _speech() -> Samples:
    return synthesized(LONG_PHRASES[:1])[0].audio


def _quickest_decode(model: Path, tuning: Tuning, audio: Samples) -> float:
    """Return the seconds of the quickest of some final decodes, after one that counts for nothing."""

    async def measure() -> float:
        async with open_whisper(model, settings_of(tuning)) as whisper:
            await whisper.transcribe(audio, is_final=True)
            took = []
            for _ in range(RUNS):
                began = time.perf_counter()
                await whisper.transcribe(audio, is_final=True)
                took.append(time.perf_counter() - began)
            return min(took)

    return asyncio.run(measure())
