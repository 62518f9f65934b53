"""Makes voices of a few kilobytes that the true Piper and Kokoro load and run: each phoneme is a tone of its own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

RATE = 22_050
HOP = 256
FRAMES_A_PHONEME = 5.0


def _constant(name: str, value: np.ndarray) -> onnx.TensorProto:
    return numpy_helper.from_array(value, name)


def _save(path: Path, nodes: list[onnx.NodeProto], inputs: dict[str, tuple[int, list[object]]], output: str) -> None:
    constants = [
        _constant("pitches", (2 * np.pi * np.linspace(100, 900, 256) / RATE).astype(np.float32)),
        _constant("zero", np.array(0.0, np.float32)),
        _constant("one", np.array(1.0, np.float32)),
        _constant("half", np.array(0.5, np.float32)),
        _constant("at_one", np.array(1, np.int64)),
        _constant("frames_a_phoneme", np.array(FRAMES_A_PHONEME, np.float32)),
        _constant("hop", np.array(float(HOP), np.float32)),
        _constant("column", np.array([-1, 1], np.int64)),
        _constant("row", np.array([1, -1], np.int64)),
        _constant("flat", np.array([-1], np.int64)),
        _constant("audio_shape", np.array([1, 1, -1], np.int64)),
        _constant("alike", np.array([1, 1, -1], np.int64)),
    ]
    used = {name for node in nodes for name in node.input}
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in inputs.items()],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["a", "b", "c"][: 1 if output == "audio" else 3])],
        [constant for constant in constants if constant.name in used],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _tones(ids: str, speed: str, speed_is_a_factor: bool) -> list[onnx.NodeProto]:
    """Return nodes that make "wave" of shape (p · n): a tone for each of the p ids, n samples long by `speed`."""
    return [
        helper.make_node("Reshape", [ids, "flat"], ["flat_ids"]),
        helper.make_node("Gather", ["pitches", "flat_ids"], ["steps"]),
        helper.make_node("Reshape", ["steps", "column"], ["steps_column"]),
        helper.make_node("Mul" if speed_is_a_factor else "Div", ["frames_a_phoneme", speed], ["frames"]),
        helper.make_node("Mul", ["steps", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "frames"], ["frames_each"]),
        helper.make_node("Reshape", ["frames_each", "alike"], ["frames_shaped"]),
        helper.make_node("Ceil", ["frames_shaped"], ["w_ceil"]),
        helper.make_node("ReduceMax", ["w_ceil"], ["most"], keepdims=0),
        helper.make_node("Mul", ["most", "hop"], ["samples"]),
        helper.make_node("Range", ["zero", "samples", "one"], ["times"]),
        helper.make_node("Reshape", ["times", "row"], ["times_row"]),
        helper.make_node("Mul", ["steps_column", "times_row"], ["phases"]),
        helper.make_node("Sin", ["phases"], ["full"]),
        helper.make_node("Mul", ["full", "half"], ["wave"]),
    ]


def make_piper_voice(folder: Path, name: str = "en_US-tiny-low", language: str = "en_US") -> Path:
    """Write NAME.onnx and NAME.onnx.json into a folder of that name, and return the model's path."""
    from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP

    place = folder / name
    place.mkdir(parents=True)
    nodes = [
        helper.make_node("Gather", ["scales", "at_one"], ["length_scale"]),
        *_tones("input", "length_scale", speed_is_a_factor=True),
        helper.make_node("Reshape", ["wave", "audio_shape"], ["output"]),
    ]
    inputs: dict[str, tuple[int, list[object]]] = {
        "input": (TensorProto.INT64, [1, "phonemes"]),
        "input_lengths": (TensorProto.INT64, [1]),
        "scales": (TensorProto.FLOAT, [3]),
    }
    path = place / f"{name}.onnx"
    _save(path, nodes, inputs, "output")
    config = {
        "audio": {"sample_rate": RATE, "quality": "low"},
        "espeak": {"voice": language.split("_")[0]},
        "language": {"code": language},
        "phoneme_type": "espeak",
        "num_symbols": 256,
        "num_speakers": 1,
        "inference": {"noise_scale": 0.667, "length_scale": 1.0, "noise_w": 0.8},
        "phoneme_id_map": {key: list(value) for key, value in DEFAULT_PHONEME_ID_MAP.items()},
        "speaker_id_map": {},
        "hop_length": HOP,
    }
    Path(f"{path}.json").write_text(json.dumps(config), encoding="utf-8")
    return path


def make_kokoro_voices(folder: Path, names: tuple[str, ...] = ("af_test", "ff_essai")) -> Path:
    """Write kokoro-v1.0.onnx and voices-v1.0.bin into a folder "kokoro", and return the model's path."""
    place = folder / "kokoro"
    place.mkdir(parents=True)
    nodes = [
        *_tones("tokens", "speed", speed_is_a_factor=False),
        helper.make_node("Reshape", ["wave", "flat"], ["audio"]),
    ]
    inputs: dict[str, tuple[int, list[object]]] = {
        "tokens": (TensorProto.INT64, [1, "phonemes"]),
        "style": (TensorProto.FLOAT, [1, 256]),
        "speed": (TensorProto.FLOAT, [1]),
    }
    path = place / "kokoro-v1.0.onnx"
    _save(path, nodes, inputs, "audio")
    with (place / "voices-v1.0.bin").open("wb") as file:
        np.savez(file, **{name: np.zeros((510, 1, 256), np.float32) for name in names})
    return path
