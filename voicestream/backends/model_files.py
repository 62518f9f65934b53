"""The models of speech on this machine: where they lie, whether they are whole; import, removal; never the network."""

from __future__ import annotations

import json
import os
import shutil
import struct
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from voicestream.backends.model_list import MODELS, ModelKind
from voicestream.errors import InputError

FOLDER_VARIABLE = "VOICESTREAM_MODELS"


@dataclass(frozen=True, slots=True)
class PresentModel:
    """A folder that holds a model, or should."""

    name: str
    folder: Path
    kind: ModelKind | None
    size_mb: int
    fault: str = ""
    """What is wrong with it, empty where nothing is."""


def list_folders() -> tuple[Path, ...]:
    """Return where models are looked for; new ones go to the first: VOICESTREAM_MODELS, a checkout's, the user's."""
    import platformdirs

    user = platformdirs.user_data_path("voicestream") / "models"
    checkout = Path(__file__).resolve().parents[2]
    folders = [checkout / "models"] if (checkout / "pyproject.toml").is_file() else []
    chosen = os.environ.get(FOLDER_VARIABLE, "")
    installed = Path(sys.prefix) / "share" / "voicestream" / "models"  # what the package brings
    return tuple(([Path(chosen).expanduser()] if chosen else []) + [*folders, user, installed])


def find_model(name: str, folders: Sequence[Path] | None = None) -> Path | None:
    """Return the folder of the model `name` (or the folder `name` itself), None where it is not there.

    Raise InputError where it is there and cannot be used, with what is wrong.
    """
    for folder in _candidates(name, folders):
        check_model(folder)
        return folder
    return None


def list_present(folders: Sequence[Path] | None = None) -> list[PresentModel]:
    """Return every model in the folders, the damaged ones with their fault."""
    present = []
    for parent in folders if folders is not None else list_folders():
        for folder in sorted(parent.iterdir()) if parent.is_dir() else []:
            if folder.is_dir() and not folder.name.startswith("."):
                present.append(_describe(folder))
    return present


def check_model(folder: Path) -> ModelKind:
    """Return what kind of model lies in `folder`; raise InputError that names what is missing or damaged."""
    try:
        kind = _kind(folder)
        if kind is None:
            raise InputError(
                f"{folder}: holds no model: expected model.bin (Whisper), NAME.onnx with NAME.onnx.json (Piper), "
                "or kokoro-*.onnx with voices-*.bin"
            )
        for fault in {"whisper": _whisper_faults, "piper": _piper_faults, "kokoro": _kokoro_faults}[kind](folder):
            raise InputError(f"{folder}: {fault}; remove it and fetch it again")
    except OSError as error:
        raise InputError(f"{folder}: cannot be read: {error.strerror}") from error
    return kind


def find_importable(source: Path) -> list[Path]:
    """Return `source`, or the folders in it that hold models; raise InputError where it is no folder."""
    source = source.expanduser()
    if not source.is_dir():
        raise InputError(f"{source}: is not a folder; expected one that holds a model's files")
    try:
        if _kind(source) is not None:
            return [source]
        inner = [folder for folder in sorted(source.iterdir()) if folder.is_dir() and not folder.name.startswith(".")]
        return [folder for folder in inner if _kind(folder) is not None] or [source]
    except OSError as error:
        raise InputError(f"{source}: cannot be read: {error.strerror}") from error


def import_model(source: Path, name: str = "", into: Path | None = None) -> Path:
    """Copy the model in the folder `source`, such as a USB stick, to the models; return its new folder."""
    kind = check_model(source)
    target = (into or list_folders()[0]) / folder_name(name or source.resolve().name)
    if target.exists():
        raise InputError(f"{target}: is there already; remove it first, or give another name")
    partial = target.with_name(f".{target.name}.import")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for file in _files_of(source, kind):
            shutil.copyfile(file, partial / file.name)
        partial.replace(target)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise InputError(f"{target}: cannot be written: {error.strerror}") from error
    return target


def remove_model(name: str, folders: Sequence[Path] | None = None) -> Path:
    """Delete the model `name` and return where it was; raise InputError where there is none."""
    parents = folders if folders is not None else list_folders()
    for parent in parents:
        folder = parent / folder_name(name)
        partial = parent / f".{folder.name}.partial"
        if folder.is_dir() or partial.is_dir():
            for place in (folder, partial):
                if place.is_dir():
                    shutil.rmtree(place)
            return folder
    raise InputError(f"there is no model {name!r} in {' or '.join(map(str, parents))}")


def _candidates(name: str, folders: Sequence[Path] | None) -> Iterator[Path]:
    given = Path(name).expanduser()
    if given.is_absolute() or name.startswith("."):
        if given.is_dir():
            yield given
        return
    for parent in folders if folders is not None else list_folders():
        folder = parent / folder_name(name)
        if folder.is_dir():
            yield folder
    if len(given.parts) > 1 and given.is_dir():
        yield given


def folder_name(name: str) -> str:
    """Return the name of the folder that the model `name` lies in; raise InputError where it can be none."""
    folder = name.replace("/", "--")
    if not folder or folder.startswith(".") or "\\" in folder:
        raise InputError(f"{name!r} is no name for a model; expected one such as {MODELS[0].name}")
    return folder


def _describe(folder: Path) -> PresentModel:
    fault = ""
    try:
        check_model(folder)
    except InputError as error:
        fault = str(error)
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return PresentModel(folder.name.replace("--", "/"), folder, _kind(folder), round(size / 1e6), fault)


def _kind(folder: Path) -> ModelKind | None:
    names = {path.name for path in folder.iterdir()}
    if "model.bin" in names or {"tokenizer.json", "config.json"} <= names:
        return "whisper"
    if any(name.startswith("kokoro") and name.endswith(".onnx") for name in names):
        return "kokoro"
    if any(name.endswith((".onnx", ".onnx.json")) for name in names):
        return "piper"
    return None


def _files_of(folder: Path, kind: ModelKind) -> list[Path]:
    patterns = {
        "whisper": ("model.bin", "config.json", "tokenizer.json", "vocabulary.*", "preprocessor_config.json"),
        "piper": ("*.onnx", "*.onnx.json"),
        "kokoro": ("kokoro*.onnx", "voices*.bin"),
    }[kind]
    return [path for pattern in patterns for path in sorted(folder.glob(pattern)) if path.is_file()]


def _whisper_faults(folder: Path) -> Iterator[str]:
    for name in ("model.bin", "config.json", "tokenizer.json"):
        if not (folder / name).is_file():
            yield f"{name} is missing"
    if not list(folder.glob("vocabulary.*")):
        yield "vocabulary.json or vocabulary.txt is missing"
    for name in ("config.json", "tokenizer.json"):
        yield from _json_faults(folder / name)
    with (folder / "model.bin").open("rb") as file:
        yield from _ctranslate2_faults(file)


def _piper_faults(folder: Path) -> Iterator[str]:
    settings = sorted(folder.glob("*.onnx.json"))
    if not settings:
        yield "NAME.onnx.json is missing"
    for setting in settings:
        yield from _json_faults(setting)
        yield from _onnx_faults(setting.with_suffix(""))


def _kokoro_faults(folder: Path) -> Iterator[str]:
    voices = sorted(folder.glob("voices*.bin"))
    if not voices:
        yield "voices-*.bin is missing"
    for voice in voices:
        if voice.read_bytes()[:2] != b"PK":  # a zip of numpy arrays
            yield f"{voice.name} is damaged"
    for model in folder.glob("kokoro*.onnx"):
        yield from _onnx_faults(model)


def _json_faults(path: Path) -> Iterator[str]:
    try:
        json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        yield f"{path.name} is damaged: it is not JSON"


def _ctranslate2_faults(file: BinaryIO) -> Iterator[str]:
    """Walk the variables of model.bin to its end; format: ctranslate2/specs/model_spec.py, `_serialize`."""
    end = file.seek(0, os.SEEK_END)
    file.seek(0)
    try:
        (version,) = _read(file, "<I")
        name = _read_string(file) if version < 100 else ""
        if not name.endswith("Spec"):
            yield "model.bin is not a CTranslate2 model"
            return
        if not name.startswith("Whisper"):
            yield f"model.bin is a model of another kind ({name[:40]}), expected Whisper"
            return
        if version < 4:  # made before 2020, laid out otherwise: CTranslate2 itself will judge
            return
        _, variables = _read(file, "<II")
        for _ in range(variables):
            _read_string(file)
            (rank,) = _read(file, "<B")
            _read(file, f"<{rank}I")
            _, size = _read(file, "<BI")
            if file.seek(size, os.SEEK_CUR) > end:
                raise EOFError
    except (EOFError, UnicodeDecodeError):
        yield f"model.bin is damaged: it ends too early, at {end / 1e6:.1f} MB"


def _read(file: BinaryIO, layout: str) -> tuple[int, ...]:
    data = file.read(struct.calcsize(layout))
    if len(data) < struct.calcsize(layout):
        raise EOFError
    return struct.unpack(layout, data)


def _read_string(file: BinaryIO) -> str:
    (length,) = _read(file, "<H")
    (data,) = struct.unpack(f"{length}s", file.read(length).ljust(length, b"\xff"))
    return bytes(data).rstrip(b"\0").decode("ascii")


def _onnx_faults(path: Path) -> Iterator[str]:
    """Walk the outermost fields of a protobuf file to its end."""
    if not path.is_file():
        yield f"{path.name} is missing"
        return
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        place = file.seek(0)
        while place < end:
            field = _read_varint(file)
            if field is None or field & 7 not in (0, 2):
                break
            length = _read_varint(file)
            place = end + 1 if length is None else file.tell() + (length if field & 7 == 2 else 0)
            file.seek(place)
        if end == 0 or place != end:
            yield f"{path.name} is damaged: it does not end where it should"


def _read_varint(file: BinaryIO) -> int | None:
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            return None
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
    return None
