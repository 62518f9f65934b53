"""Speech for the tests of hearing: synthesized by espeak-ng, found by the real detector."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soxr
from spoken_sounds import Find, Say, frames_of

from voicestream.backends.silero import Silero
from voicestream.hearing.segmenter import SegmenterSettings
from voicestream.hearing.speech_finder import SpeechFinder
from voicestream.vocabulary import SAMPLE_RATE, Samples, SpeechEvent


@pytest.fixture(scope="session")
def say() -> Say:
    """A function that speaks a text: say(text, voice, before=seconds of silence, after=…)."""
    if not shutil.which("espeak-ng"):
        pytest.skip("needs espeak-ng, to synthesize speech")
    spoken: dict[tuple[str, str], Samples] = {}

    def say(text: str, voice: str = "en-us+m1", before: float = 0.5, after: float = 0.5) -> Samples:
        if (text, voice) not in spoken:
            command = ["espeak-ng", "-v", voice, "-s", "160", "--stdout", text]
            wave = subprocess.run(command, capture_output=True, check=True).stdout
            audio = np.frombuffer(wave[44:], "<i2").astype(np.float32) / 32768
            audio = soxr.resample(audio, 22050, SAMPLE_RATE).astype(np.float32)
            loud = np.flatnonzero(np.abs(audio) > 0.006)
            spoken[text, voice] = audio[max(0, loud[0] - 400) : loud[-1] + 800]
        silence = [np.zeros(int(seconds * SAMPLE_RATE), np.float32) for seconds in (before, after)]
        return np.concatenate((silence[0], spoken[text, voice], silence[1]))

    return say


@pytest.fixture(scope="session")
def find() -> Find:
    """A function that finds the speech in audio with the real detector."""

    def find(audio: Samples, settings: SegmenterSettings | None = None) -> list[SpeechEvent]:
        finder = SpeechFinder(Silero(), settings)
        events = [event for frame in frames_of(audio) for event in finder.find([frame])]
        return events + finder.finish()

    return find


@pytest.fixture(scope="session")
def tiny() -> Path:
    """The project's own Whisper, which knows synthesized speech."""
    return Path(__file__).resolve().parents[2] / "models" / "tiny-synthetic"
