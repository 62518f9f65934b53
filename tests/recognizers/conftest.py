"""Recordings of people, where the project is developed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from voicestream.vocabulary import Samples

SHARED = Path(os.environ.get("VOICESTREAM_SHARED", Path(__file__).resolve().parents[3] / "shared"))


@pytest.fixture(scope="session")
def recording() -> Callable[[str], Samples]:
    """Read a recording of shared/audio by its name."""
    if not (SHARED / "audio" / "manifest.tsv").is_file():
        pytest.skip("needs shared/audio beside the checkout, or VOICESTREAM_SHARED")

    def read(name: str) -> Samples:
        samples, _ = soundfile.read(SHARED / "audio" / name, dtype="float32")
        return np.asarray(samples, np.float32)

    return read
