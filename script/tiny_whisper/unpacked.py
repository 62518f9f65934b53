"""The weights of an exported model, read back from CTranslate2's model.bin under the network's own names."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tiny_whisper.network import DECODER_LAYERS, ENCODER_LAYERS, WIDTH

Weights = dict[str, NDArray[np.float32]]
_TYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}


class _Reader:
    """Reads CTranslate2's binary format, version 6."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def number(self, kind: str) -> int:
        (value,) = struct.unpack_from(f"<{kind}", self._data, self._at)
        self._at += struct.calcsize(kind)
        return int(value)

    def take(self, count: int) -> bytes:
        self._at += count
        return self._data[self._at - count : self._at]

    def text(self) -> str:
        return self.take(self.number("H"))[:-1].decode()


def _variables(path: Path) -> Weights:
    reader = _Reader(path.read_bytes())
    reader.number("I"), reader.text(), reader.number("I")  # version, name and revision
    found = {}
    for _ in range(reader.number("I")):
        name = reader.text()
        shape = [reader.number("I") for _ in range(reader.number("B"))]
        kind = _TYPES[reader.number("B")]
        found[name] = np.frombuffer(reader.take(reader.number("I")), kind).reshape(shape)
    for name in [name for name in found if f"{name}_scale" in found]:
        scale = found[f"{name}_scale"].reshape([-1] + [1] * (found[name].ndim - 1))
        found[name] = found[name].astype(np.float32) / scale
    return {name: np.array(values, np.float32) for name, values in found.items()}


def read_weights(path: Path) -> Weights:
    """Return the weights in `path` as the network names them; all but those of the CTC loss."""
    stored = _variables(path)
    weights: Weights = {
        "decoder.embed_tokens.weight": stored["decoder/embeddings/weight"],
        "decoder.embed_positions.weight": stored["decoder/position_encodings/encodings"],
        "encoder.embed_positions.weight": stored["encoder/position_encodings/encodings"],
    }

    def copy(target: str, source: str) -> None:
        names = (
            {"weight": "gamma", "bias": "beta"} if f"{source}/gamma" in stored else {"weight": "weight", "bias": "bias"}
        )
        for name, stored_name in names.items():
            weights[f"{target}.{name}"] = stored[f"{source}/{stored_name}"]

    def split(target: str, source: str, names: tuple[str, ...]) -> None:
        for index, name in enumerate(names):
            rows = slice(index * WIDTH, (index + 1) * WIDTH)
            weights[f"{target}.{name}.weight"] = stored[f"{source}/weight"][rows]
            if name != "k_proj":
                weights[f"{target}.{name}.bias"] = stored[f"{source}/bias"][rows]

    copy("encoder.conv1", "encoder/conv1")
    copy("encoder.conv2", "encoder/conv2")
    for part, count in (("encoder", ENCODER_LAYERS), ("decoder", DECODER_LAYERS)):
        copy(f"{part}.layer_norm", f"{part}/layer_norm")
        for index in range(count):
            target, source = f"{part}.layers.{index}", f"{part}/layer_{index}"
            split(f"{target}.self_attn", f"{source}/self_attention/linear_0", ("q_proj", "k_proj", "v_proj"))
            copy(f"{target}.self_attn.out_proj", f"{source}/self_attention/linear_1")
            copy(f"{target}.self_attn_layer_norm", f"{source}/self_attention/layer_norm")
            if part == "decoder":
                split(f"{target}.encoder_attn", f"{source}/attention/linear_0", ("q_proj",))
                split(f"{target}.encoder_attn", f"{source}/attention/linear_1", ("k_proj", "v_proj"))
                copy(f"{target}.encoder_attn.out_proj", f"{source}/attention/linear_2")
                copy(f"{target}.encoder_attn_layer_norm", f"{source}/attention/layer_norm")
            copy(f"{target}.fc1", f"{source}/ffn/linear_0")
            copy(f"{target}.fc2", f"{source}/ffn/linear_1")
            copy(f"{target}.final_layer_norm", f"{source}/ffn/layer_norm")
    return weights
