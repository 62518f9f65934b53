"""Remembers in the user's cache folder how each Whisper model runs best on this machine."""

from __future__ import annotations

import os
from pathlib import Path

from voicestream.hearing.tuning import Tuning, tuning_as_json, tuning_from_json


def tuning_path(model: Path) -> Path:
    """Return where the tuning of the model in folder `model` is kept; another for each number of processor cores."""
    import platformdirs

    return platformdirs.user_cache_path("voicestream") / "whisper" / f"{model.name}.{os.cpu_count()}-cores.json"


def read_tuning(model: Path) -> Tuning:
    """Return the remembered tuning of a model, or the default where none is, or it cannot be read."""
    try:
        text = tuning_path(model).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return Tuning()
    return tuning_from_json(text) or Tuning()


def write_tuning(model: Path, tuning: Tuning) -> Path:
    """Remember the tuning of a model and return the file; raise OSError."""
    path = tuning_path(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    partial.write_text(tuning_as_json(tuning) + "\n", encoding="utf-8")
    partial.replace(path)
    return path
