"""Recordings of people, where the project is developed."""

from __future__ import annotations

import os
import struct
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


def small_whisper(parameters: int = 50_000) -> dict[str, bytes]:
    """Return the files of a model that CTranslate2's own layout accepts, with nothing in it."""
    name, variable = b"WhisperSpec\0", b"weight\0"
    weights = bytes(parameters)
    layout = f"<IH{len(name)}sIIH{len(variable)}sBIBI"
    header = struct.pack(layout, 6, len(name), name, 3, 1, len(variable), variable, 1, parameters, 1, parameters)
    return {
        "config.json": b"{}",
        "tokenizer.json": b"{}",
        "vocabulary.txt": b"a\nb\n",
        "model.bin": header + weights + struct.pack("<I", 0),
    }


@pytest.fixture
def whisper_files() -> dict[str, bytes]:
    """The files of a whole, empty model."""
    return small_whisper()
