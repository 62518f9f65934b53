"""Models of speech that are known by name: Whisper sizes, Piper voices, Kokoro, wake words. Tables, nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

ModelKind = Literal["whisper", "piper", "kokoro"]


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model that can be fetched."""

    name: str
    kind: ModelKind
    repository: str
    """Owner and name on the Hugging Face hub or its mirror."""
    size_mb: int
    """About how many million bytes are fetched; 0 where nobody has looked."""
    licence: str
    languages: str
    """Two-letter codes with commas, or a number of them."""
    files: tuple[tuple[str, ...], ...]
    """Paths in the repository: one of each group is needed; a group that ends with "" may be missing altogether."""


_WHISPER_FILES = (
    ("config.json",),
    ("tokenizer.json",),
    ("vocabulary.json", "vocabulary.txt"),
    ("preprocessor_config.json", ""),
    ("model.bin",),
)


def _whisper(name: str, size_mb: int, repository: str = "", languages: str = "") -> ModelEntry:
    repository = repository or f"Systran/faster-whisper-{name}"
    languages = languages or ("en" if name.endswith(".en") else "99 languages")
    return ModelEntry(name, "whisper", repository, size_mb, "MIT", languages, _WHISPER_FILES)


def _piper(name: str, size_mb: int, licence: str) -> ModelEntry:
    region, speaker, quality = name.split("-")
    path = f"{region.split('_')[0]}/{region}/{speaker}/{quality}/{name}.onnx"
    files = ((f"{path}.json",), (path,))
    return ModelEntry(name, "piper", "rhasspy/piper-voices", size_mb, licence, region.split("_")[0], files)


MODELS = (
    _whisper("tiny.en", 78),
    _whisper("tiny", 78),
    _whisper("base.en", 148),
    _whisper("base", 148),
    _whisper("small.en", 486),
    _whisper("small", 486),
    _whisper("distil-small.en", 335, "Systran/faster-distil-whisper-small.en"),
    _whisper("medium.en", 1530),
    _whisper("medium", 1530),
    _whisper("distil-large-v3", 1516, "Systran/faster-distil-whisper-large-v3", "en"),
    _whisper("large-v3-turbo", 1621, "mobiuslabsgmbh/faster-whisper-large-v3-turbo"),
    _whisper("large-v3", 3091),
    _piper("en_US-lessac-medium", 63, "research only"),
    _piper("en_US-ljspeech-medium", 63, "public domain"),
    _piper("en_GB-cori-medium", 63, "public domain"),
    _piper("de_DE-thorsten-medium", 63, "CC0"),
    _piper("fr_FR-siwis-medium", 63, "CC BY 4.0"),
    _piper("it_IT-paola-medium", 63, "CC0"),
    _piper("nl_NL-pim-medium", 63, "CC0"),
    _piper("pt_BR-faber-medium", 63, "CC0"),
    _piper("ru_RU-denis-medium", 63, "CC0"),
    _piper("sv_SE-nst-medium", 63, "CC0"),
    ModelEntry(
        "kokoro",
        "kokoro",
        "fastrtc/kokoro-onnx",
        354,
        "Apache-2.0",
        "8 languages",
        (("voices-v1.0.bin",), ("kokoro-v1.0.onnx",)),
    ),
)


WAKE_WORDS = ("okay nabu", "hey jarvis", "hey mycroft", "alexa")
"""Come all together with the wheel pymicro-wakeword (2.5.0, Apache-2.0, 0.1 MB each), the extra `wake`."""


def find_entry(name: str) -> ModelEntry | None:
    """Return what is known of `name`: an entry of the list, any Piper voice, or a Whisper repository `owner/name`."""
    for entry in MODELS:
        if entry.name == name:
            return entry
    if re.fullmatch(r"[a-z]{2,3}_[A-Z]{2}-\w+-(x_low|low|medium|high)", name):
        return _piper(name, 0, "see MODEL_CARD")
    if re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", name):
        return ModelEntry(name, "whisper", name, 0, "see its page", "unknown", _WHISPER_FILES)
    return None
