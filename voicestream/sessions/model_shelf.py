"""What `voicestream models list` tells: the models that are here, those that can be fetched, and their speed here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from voicestream.backends.model_files import PresentModel, list_present
from voicestream.backends.model_list import MODELS, WAKE_WORDS, ModelEntry
from voicestream.backends.tuning_file import read_tuning
from voicestream.hearing.whisper_speed import predict_share

TINY_SHAPE = Path("shape-of-tiny")
"""Stands for the model of random weights that foretells the speed of others; its tuning is kept as theirs are."""


@dataclass(frozen=True, slots=True)
class ShelfModel:
    """A model that is here, or could be."""

    name: str
    kind: str
    size_mb: int
    languages: str
    licence: str
    is_here: bool
    folder: str = ""
    speed: float | None = None
    """Share of real time that a final text takes here, None where nobody has measured it."""
    is_foretold: bool = False
    """Whether the speed is that of another model, scaled."""
    fault: str = ""


def list_shelf() -> list[ShelfModel]:
    """Return the known models and those of this machine's own."""
    present = list_present()
    whole = {model.name: model for model in present if not model.fault}
    measured = {model.name: read_tuning(model.folder).speed for model in whole.values() if model.kind == "whisper"}
    measured["tiny"] = measured.get("tiny") or read_tuning(TINY_SHAPE).speed
    known = [_known(entry, whole.get(entry.name), measured) for entry in MODELS]
    own = [
        ShelfModel(
            model.name,
            model.kind or "",
            *(model.size_mb, "", "", True, str(model.folder)),
            speed=measured.get(model.name) or None,
        )
        for model in whole.values()
        if model.name not in {entry.name for entry in MODELS}
    ]
    damaged = [
        ShelfModel(model.name, model.kind or "", model.size_mb, "", "", False, str(model.folder), fault=model.fault)
        for model in present
        if model.fault
    ]
    return [*known, *_wake_words(), *own, *damaged]


def _known(entry: ModelEntry, model: PresentModel | None, measured: dict[str, float]) -> ShelfModel:
    own = measured.get(entry.name, 0.0) if model else 0.0
    speed = own or (_foretell(entry.name, measured) if entry.kind == "whisper" else 0.0)
    return ShelfModel(
        *(entry.name, entry.kind, model.size_mb if model else entry.size_mb, entry.languages, entry.licence),
        is_here=model is not None,
        folder=str(model.folder) if model else "",
        speed=speed or None,
        is_foretold=bool(speed and not own),
    )


def _foretell(name: str, measured: dict[str, float]) -> float:
    """Return what follows from the first known model whose speed was measured; 0 where there is none."""
    shares = (predict_share(name, entry.name, measured.get(entry.name, 0.0)) for entry in MODELS)
    return next((share for share in shares if share), 0.0)


def _wake_words() -> Sequence[ShelfModel]:
    is_here = find_spec("pymicro_wakeword") is not None
    return [ShelfModel(name, "wake", 0, "en", "Apache-2.0", is_here) for name in WAKE_WORDS]
