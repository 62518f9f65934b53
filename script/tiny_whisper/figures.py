"""What an exported tiny Whisper gets wrong, through the project's own backend."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tiny_whisper.sounds import Spoken, colored_noise
from voicestream.backends.whisper import WhisperSettings, open_whisper
from voicestream.bench.conversation import noise_burst
from voicestream.bench.hearing_figures import word_errors
from voicestream.hearing.suspicion import plain_words
from voicestream.vocabulary import Samples


async def print_figures(
    model: Path, kinds: dict[str, list[Spoken]], is_short: bool, say: Callable[[str], None], is_verbose: bool
) -> None:
    """Tell the word errors without and with noise, the median cost of a decode, and how many noises become texts."""
    window = "short" if is_short else "whole"
    async with open_whisper(model, WhisperSettings(short_window=is_short, threads=1)) as whisper:
        for snr_db in (None, 10.0):
            for kind, clips in kinds.items():
                wrong = words = 0
                costs = []
                for number, clip in enumerate(clips):
                    found = await whisper.transcribe(_heard(clip.audio, snr_db, number), is_final=True)
                    said = plain_words(clip.text)
                    wrong, words = wrong + word_errors(said, plain_words(found.text)), words + len(said)
                    costs.append(found.cost)
                    if is_verbose and plain_words(found.text) != said:
                        say(f"    {clip.text} -> {found.text}")
                noise = "" if snr_db is None else f", noise {snr_db:.0f} dB below"
                cost = f"{np.median(costs) * 1000:.0f} ms"
                say(f"{window} window{noise}, {kind}: word errors {wrong / words:.3f}, {cost}")
        noises = [noise_burst(kind, seed).samples for kind in ("cough", "clap", "door") for seed in range(20)]
        texts = [await whisper.transcribe(_heard(noise, 10.0, 0), is_final=True) for noise in noises]
        say(
            f"{window} window: {sum(bool(found.text) for found in texts)} of {len(noises)} coughs, claps, doors written"
        )


def _heard(audio: Samples, snr_db: float | None, seed: int) -> Samples:
    """Return a clip as the recognizer gets it, with a room's silence around it."""
    audio = np.concatenate((np.zeros(9600, np.float32), audio, np.zeros(6400, np.float32)))
    if snr_db is None:
        return audio
    level = np.sqrt(np.mean(np.square(audio[9600:-6400]))) * 10 ** (-snr_db / 20)
    return audio + colored_noise(np.random.default_rng(seed), len(audio), "pink") * np.float32(level)
