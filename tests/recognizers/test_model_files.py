"""Models on disk: found by name, judged whole or damaged, imported, removed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from voicestream.backends.model_files import check_model, find_model, import_model, list_present, remove_model
from voicestream.backends.model_list import MODELS, find_entry
from voicestream.cli import main
from voicestream.errors import InputError

ONNX = b"\x08\x08\x12\x04test\x3a\x05graph"
"""Three fields of a protobuf message: a number, and two with their lengths."""


def write(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def test_a_model_is_found_by_its_name_in_the_first_folder_that_has_it(
    tmp_path: Path, whisper_files: dict[str, bytes]
) -> None:
    second = write(tmp_path / "b" / "tiny", whisper_files)
    assert find_model("tiny", [tmp_path / "a", tmp_path / "b"]) == second
    first = write(tmp_path / "a" / "tiny", whisper_files)
    assert find_model("tiny", [tmp_path / "a", tmp_path / "b"]) == first
    assert find_model("base", [tmp_path / "a", tmp_path / "b"]) is None


def test_a_folder_is_a_name_too(tmp_path: Path, whisper_files: dict[str, bytes]) -> None:
    folder = write(tmp_path / "mine", whisper_files)
    assert find_model(str(folder), []) == folder


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("model.bin", None, "model.bin is missing"),
        ("vocabulary.txt", None, "vocabulary.json or vocabulary.txt is missing"),
        ("tokenizer.json", None, "tokenizer.json is missing"),
        ("tokenizer.json", b'{"model": ', "tokenizer.json is damaged"),
        ("config.json", b"\xff\xfe", "config.json is damaged"),
        ("model.bin", b"<html>not here</html>" * 20, "not a CTranslate2 model"),
        ("model.bin", b"", "ends too early, at 0.0 MB"),
    ],
)
def test_what_a_damaged_model_lacks_is_named(
    tmp_path: Path, whisper_files: dict[str, bytes], name: str, data: bytes | None, message: str
) -> None:
    folder = write(tmp_path / "tiny", whisper_files)
    if data is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(data)
    with pytest.raises(InputError, match=message):
        find_model("tiny", [tmp_path])


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.999])
def test_a_model_that_was_cut_short_is_told_wherever_it_was_cut(
    tmp_path: Path, whisper_files: dict[str, bytes], share: float
) -> None:
    weights = whisper_files["model.bin"]
    folder = write(tmp_path / "tiny", whisper_files | {"model.bin": weights[: int(len(weights) * share)]})
    with pytest.raises(InputError, match="ends too early"):
        check_model(folder)


def test_a_translation_model_is_not_taken_for_a_recognizer(tmp_path: Path, whisper_files: dict[str, bytes]) -> None:
    other = whisper_files["model.bin"].replace(b"WhisperSpec", b"TransfoSpec")
    folder = write(tmp_path / "tiny", whisper_files | {"model.bin": other})
    with pytest.raises(InputError, match="another kind"):
        check_model(folder)


def test_a_voice_is_whole_with_both_files(tmp_path: Path) -> None:
    folder = write(tmp_path / "voice", {"a.onnx": ONNX, "a.onnx.json": b"{}"})
    assert check_model(folder) == "piper"
    (folder / "a.onnx").write_bytes(ONNX[:-1])
    with pytest.raises(InputError, match=r"a\.onnx is damaged"):
        check_model(folder)
    (folder / "a.onnx").unlink()
    with pytest.raises(InputError, match=r"a\.onnx is missing"):
        check_model(folder)


def test_kokoro_needs_its_voices(tmp_path: Path) -> None:
    folder = write(tmp_path / "kokoro", {"kokoro-v1.0.onnx": ONNX, "voices-v1.0.bin": b"PK\x03\x04"})
    assert check_model(folder) == "kokoro"
    (folder / "voices-v1.0.bin").unlink()
    with pytest.raises(InputError, match="voices"):
        check_model(folder)


def test_a_folder_without_a_model_is_told_so(tmp_path: Path) -> None:
    write(tmp_path / "tiny", {"notes.txt": b"nothing"})
    with pytest.raises(InputError, match="holds no model"):
        find_model("tiny", [tmp_path])


def test_a_model_is_imported_from_a_stick_without_what_is_not_its_own(
    tmp_path: Path, whisper_files: dict[str, bytes]
) -> None:
    stick = write(tmp_path / "stick" / "base.en", whisper_files | {"holiday.jpg": b"sun"})
    folder = import_model(stick, into=tmp_path / "models")
    assert folder == tmp_path / "models" / "base.en"
    assert {path.name for path in folder.iterdir()} == set(whisper_files)
    with pytest.raises(InputError, match="is there already"):
        import_model(stick, into=tmp_path / "models")


def test_a_damaged_model_is_not_imported(tmp_path: Path, whisper_files: dict[str, bytes]) -> None:
    stick = write(tmp_path / "stick", whisper_files | {"model.bin": b"short"})
    with pytest.raises(InputError, match=r"damaged|not a CTranslate2"):
        import_model(stick, "base", tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_a_removed_model_is_gone_with_the_rest_of_a_broken_download(
    tmp_path: Path, whisper_files: dict[str, bytes]
) -> None:
    write(tmp_path / "tiny", whisper_files)
    write(tmp_path / ".tiny.partial", {"model.bin.0.part": b"x"})
    assert remove_model("tiny", [tmp_path]) == tmp_path / "tiny"
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match="no model 'tiny'"):
        remove_model("tiny", [tmp_path])


@pytest.mark.parametrize("name", ["..", ".", "", "../outside"])
def test_no_name_removes_what_lies_outside(tmp_path: Path, name: str) -> None:
    outside = write(tmp_path / "outside", {"keep": b"me"})
    (tmp_path / "models").mkdir()
    with pytest.raises(InputError):
        remove_model(name, [tmp_path / "models"])
    assert (outside / "keep").is_file()


def test_present_models_are_listed_with_their_faults(tmp_path: Path, whisper_files: dict[str, bytes]) -> None:
    write(tmp_path / "tiny", whisper_files)
    write(tmp_path / "base", whisper_files | {"model.bin": b""})
    found = {model.name: bool(model.fault) for model in list_present([tmp_path])}
    assert found == {"tiny": False, "base": True}


def test_every_model_of_the_list_is_found_by_its_name() -> None:
    assert [find_entry(entry.name) for entry in MODELS] == list(MODELS)
    assert len({entry.name for entry in MODELS}) == len(MODELS)


def test_the_command_lists_imports_and_removes(
    tmp_path: Path,
    whisper_files: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("VOICESTREAM_MODELS", str(tmp_path / "models"))
    stick = write(tmp_path / "stick", whisper_files)
    assert main(["models", "import", str(stick), "--name", "tiny.en"]) == 0
    assert main(["models", "remove", "nothing"]) == 65
    capsys.readouterr()
    assert main(["models", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    models = {model["name"]: model for model in listed["models"]}
    assert models["tiny.en"]["is_here"]
    assert not models["base.en"]["is_here"]
    assert models["alexa"]["kind"] == "wake"
    assert {"name", "kind", "size_mb", "licence", "languages", "speed"} <= models["base.en"].keys()
    assert main(["models", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("* tiny.en")] == ["tiny.en"]
    assert main(["models", "remove", "--json", "nothing", "tiny.en"]) == 65  # one that fails does not hold up the rest
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["state"], line["name"]) for line in told] == [("failed", "nothing"), ("removed", "tiny.en")]
    assert not (tmp_path / "models" / "tiny.en").exists()


def test_all_models_of_a_stick_are_imported(
    tmp_path: Path,
    whisper_files: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("VOICESTREAM_MODELS", str(tmp_path / "models"))
    write(tmp_path / "stick" / "tiny.en", whisper_files)
    write(tmp_path / "stick" / "base.en", whisper_files | {"model.bin": b"cut short"})
    write(tmp_path / "stick" / "holiday", {"sun.jpg": b"sun"})
    write(tmp_path / "stick" / "voice", {"a.onnx": ONNX, "a.onnx.json": b"{}"})
    assert main(["models", "import", str(tmp_path / "stick")]) == 65
    out, err = capsys.readouterr()
    assert {path.name for path in (tmp_path / "models").iterdir()} == {"tiny.en", "voice"}
    assert (out.count("imported"), err.count("base.en")) == (2, 1)
    assert main(["models", "import", str(tmp_path / "stick" / "holiday")]) == 65
    assert "holds no model" in capsys.readouterr().err
    assert main(["models", "import", str(tmp_path / "nowhere")]) == 65
    assert "is not a folder" in capsys.readouterr().err
