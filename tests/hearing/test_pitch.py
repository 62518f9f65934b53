"""A pitch is a second witness for a voice that the detector half believes."""

from __future__ import annotations

import numpy as np
import pytest

from voicestream.hearing.pitch import pitch_strength
from voicestream.hearing.running_speech import PITCHED, RunningSpeech
from voicestream.vocabulary import FRAME_SAMPLES, FRAME_SECONDS, SAMPLE_RATE, Samples, SpeechAudio

COUNT = 12


def hum(hertz: float, noise_db: float, seed: int = 1) -> list[Samples]:
    """Return frames of pulses at a pitch, and noise so many decibels under them."""
    moments = np.arange(COUNT * FRAME_SAMPLES) / SAMPLE_RATE
    pulses = sum(np.cos(2 * np.pi * hertz * order * moments) / order for order in range(1, 8))
    noise = np.random.default_rng(seed).standard_normal(len(moments)) * np.std(pulses) * 10 ** (-noise_db / 20)
    return list((0.05 * (pulses + noise)).astype(np.float32).reshape(COUNT, FRAME_SAMPLES))


@pytest.mark.parametrize("hertz", [85.0, 120.0, 210.0, 350.0])
@pytest.mark.parametrize("noise_db", [5.0, 20.0])
def test_a_voice_has_a_pitch_and_noise_has_none(hertz: float, noise_db: float) -> None:
    assert pitch_strength(hum(hertz, noise_db)) > 0.6
    assert pitch_strength(hum(hertz, -40.0)) < PITCHED - 0.1


def test_what_is_silent_or_too_short_has_no_pitch() -> None:
    assert pitch_strength([]) == pitch_strength([np.zeros(FRAME_SAMPLES, np.float32)]) == 0.0
    assert pitch_strength([np.zeros(FRAME_SAMPLES, np.float32)] * 5) == 0.0
    assert pitch_strength(list(np.linspace(0, 1, 5 * FRAME_SAMPLES, dtype=np.float32).reshape(5, -1))) < 0.1


@pytest.mark.parametrize(
    ("sureness", "noise_db", "is_spoken"),
    [(0.6, -40.0, True), (0.5, 10.0, True), (0.5, -40.0, False), (0.42, 10.0, False)],
)
def test_a_pitch_lends_belief_to_what_the_detector_half_believes(
    sureness: float, noise_db: float, is_spoken: bool
) -> None:
    speech = RunningSpeech(0)
    for number, samples in enumerate(hum(120.0, noise_db)):
        speech.audio.append(SpeechAudio(samples, number * FRAME_SECONDS, True, sureness))
    assert speech.is_spoken() == is_spoken
