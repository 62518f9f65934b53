"""Takes the speed of the recognizer of the settings on this machine; where it is not here, foretells it."""

from __future__ import annotations

import asyncio
import dataclasses
import tempfile
import time
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import numpy as np
from msgspec.structs import replace

from voicestream.config import Config
from voicestream.errors import RecognitionError
from voicestream.events import Events
from voicestream.hearing.whisper_speed import COSTS, KEEPS_UP, find_size, predict_share, propose_size
from voicestream.parts import Recognizer
from voicestream.sessions.findings import Finding, Status
from voicestream.sessions.model_shelf import TINY_SHAPE
from voicestream.vocabulary import SAMPLE_RATE, Samples

SAMPLE = 4.0
"""Seconds of speech on which a foretold speed is measured."""

RUNS = 3
"""Calls of which the quickest counts: what else runs here can only make one slower."""


async def check_recognizer(config: Config, spoken: Samples | None) -> Finding:
    """Let the recognizer write down what the voice said; raise RecognitionError or InputError."""
    from voicestream.backends.model_files import find_model

    hearing = config.hearing
    audio = _babble() if spoken is None else spoken
    if hearing.recognizer in ("remote", "wyoming"):
        return await _check_remote(config, audio)
    if hearing.recognizer == "sphinx":
        return await _time_embedded(config, audio)
    folder = await asyncio.to_thread(find_model, hearing.model)
    if folder is None:
        return await _foretell(hearing.model, hearing.recognizer == "whisper")
    from voicestream.recognizer_choice import open_recognizer

    async with AsyncExitStack() as stack:
        recognizer, _ = await open_recognizer(config, Events(), stack)
        share = await measure_share(recognizer, audio)
    _remember(folder, share)
    return judge_share(hearing.model, share)


async def measure_share(recognizer: Recognizer, audio: Samples) -> float:
    """Return the seconds that a final text takes for each second of speech; raise RecognitionError."""
    await recognizer.transcribe(audio, is_final=True)  # the first call is slower than all that follow
    took = []
    for _ in range(RUNS):
        begin = time.monotonic()
        await recognizer.transcribe(audio, is_final=True)
        took.append(time.monotonic() - begin)
    return min(took) * SAMPLE_RATE / len(audio)


def judge_share(model: str, share: float) -> Finding:
    """Say whether a Whisper model that is here keeps up with speech."""
    message, figures = f"Whisper {model} takes {share:.2f}× real time here", {"share_of_real_time": round(share, 3)}
    if share <= KEEPS_UP:
        return Finding("recognizer", "ok", message, figures=figures)
    smaller = propose_size(model, model, share)
    return Finding("recognizer", "warning", f"{message}: words come late", _take(smaller), figures)


async def _foretell(model: str, is_demanded: bool) -> Finding:
    """Say what a model that is not here would take, from a model of tiny's shape with random weights."""
    fetch = f"`voicestream models fetch {model}`, or `voicestream models import FOLDER` without a network"
    status: Status = "problem" if is_demanded else "warning"
    message = f"Whisper {model} is not here"
    if not is_demanded:
        message += ": only the phrases of the embedded recognizer are understood"
    if not find_size(model):
        return Finding("recognizer", status, message, fetch)
    tiny = await _measure_tiny()
    shares = {size: tiny * COSTS[size] for size in ("tiny", "base", "small")}
    figures = {f"predicted_share_of_{size}": round(share, 3) for size, share in shares.items()}
    share = predict_share(model, "tiny", tiny) or 0.0
    message += f"; it would take about {share:.2f}× real time"
    if share <= KEEPS_UP:
        return Finding("recognizer", status, message, fetch, figures)
    return Finding("recognizer", status, f"{message}: too slow", _take(propose_size(model, "tiny", tiny)), figures)


async def _measure_tiny() -> float:
    from voicestream.backends.whisper import open_whisper
    from voicestream.bench.random_whisper import SHAPES, build_random_whisper

    with tempfile.TemporaryDirectory(prefix="voicestream-") as folder:
        await asyncio.to_thread(build_random_whisper, SHAPES["tiny"], Path(folder))
        async with open_whisper(Path(folder)) as whisper:
            share = await measure_share(whisper, _babble())
    _remember(TINY_SHAPE, share)
    return share


def _remember(model: Path, share: float) -> None:
    """Keep a speed for `voicestream models list`; where nothing can be written, it is measured again."""
    from voicestream.backends.tuning_file import read_tuning, write_tuning

    with suppress(OSError):
        write_tuning(model, dataclasses.replace(read_tuning(model), speed=share))


def _take(smaller: str) -> str:
    if smaller:
        return f"take {smaller}: `voicestream models fetch {smaller}`, and hearing.model: {smaller}"
    return "recognize on another machine (hearing.recognizer: remote or wyoming), or take the embedded one (sphinx)"


async def _time_embedded(config: Config, audio: Samples) -> Finding:
    from voicestream.recognizer_choice import open_recognizer

    async with AsyncExitStack() as stack:
        recognizer, name = await open_recognizer(config, Events(), stack)
        share = await measure_share(recognizer, audio)
    figures = {"share_of_real_time": round(share, 3)}
    return Finding("recognizer", "ok", f"{name} takes {share:.2f}× real time here", figures=figures)


async def _check_remote(config: Config, audio: Samples) -> Finding:
    """Let the recognizer on another machine write it down, alone: without the local one that would take over."""
    from voicestream.recognizer_choice import open_recognizer

    remote = config.remote_hearing
    alone = replace(config, remote_hearing=replace(remote, fall_back=False))
    async with AsyncExitStack() as stack:
        try:
            recognizer, name = await open_recognizer(alone, Events(), stack)
        except RecognitionError as error:  # `talk` ends, too
            fix = "mend that, or take the local recognizer (hearing.recognizer: auto)"
            return Finding("recognizer", "problem", str(error), fix)
        try:
            share = await measure_share(recognizer, audio)
        except RecognitionError as error:
            if not remote.fall_back:
                raise
            fix = "the local recognizer takes over; start the server, or set its address in remote_hearing"
            return Finding("recognizer", "warning", str(error), fix)
    took = share * len(audio) / SAMPLE_RATE
    message = f"{name}: {took:.2f} s for {len(audio) / SAMPLE_RATE:.1f} s of speech"
    return Finding("recognizer", "ok", message, figures={"answer_seconds": round(took, 3)})


def _babble() -> Samples:
    """Return a noise: how long the models take does not hang on what is said."""
    return np.asarray(0.05 * np.random.default_rng(0).standard_normal(round(SAMPLE * SAMPLE_RATE)), np.float32)
