"""Real speech for tests, from espeak-ng."""

from __future__ import annotations

import io
import shutil
import subprocess

import numpy as np
import pytest
import soundfile
import soxr

RATE = 16_000


def say(text: str, voice: str = "en-us+f3") -> np.ndarray:
    """Return `text` spoken, at RATE."""
    if not shutil.which("espeak-ng"):
        pytest.skip("needs espeak-ng to speak the questions")
    wav = subprocess.run(["espeak-ng", "-v", voice, "-s", "150", "--stdout", text], capture_output=True, check=True)
    samples, rate = soundfile.read(io.BytesIO(wav.stdout), dtype="float32")
    return soxr.resample(samples, rate, RATE)
