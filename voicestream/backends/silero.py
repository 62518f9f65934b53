"""The Silero speech detector, version 6: the weights of the file that faster-whisper carries, run frame by frame.

The network is so small that numpy runs it as quickly as onnxruntime, which takes 35 MB of memory more.
https://github.com/snakers4/silero-vad
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from voicestream.errors import RecognitionError
from voicestream.vocabulary import FRAME_SAMPLES, Samples

_CONTEXT_SAMPLES = 64
"""Samples of the frame before that stand before each frame."""

_WINDOW_SAMPLES, _HOP_SAMPLES = 256, 128
"""Each window begins in the middle of the one before."""

_HANN = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW_SAMPLES) / _WINDOW_SAMPLES)).astype(np.float32)
"""The file's own Fourier transform is windowed so, which is checked when it is read."""

_WINDOWS = 4
"""Of a frame."""

_BANDS = 129
_INNER = 128
_UNITS = 128

_AT_ONCE = 8
"""Frames; the memory that they pass through is kept for each number up to this."""

_TAPS = (slice(3), slice(3), slice(1, 3), slice(1, 2))
"""What of its three times each layer's convolution takes. The first two take all, in steps of one and of two windows;
of the other two, which make one time of two and of one, the rest stands beyond the ends, where all is zero."""

_SHAPES = {
    "encoder.feature_extractor.forward_basis_buffer": (2 * _BANDS, 1, _WINDOW_SAMPLES),
    "encoder.conv_layers.0.weight": (128, _BANDS, 3),
    "encoder.conv_layers.0.bias": (128,),
    "encoder.conv_layers.1.weight": (64, 128, 3),
    "encoder.conv_layers.1.bias": (64,),
    "encoder.conv_layers.2.weight": (64, 64, 3),
    "encoder.conv_layers.2.bias": (64,),
    "encoder.conv_layers.3.weight": (_UNITS, 64, 3),
    "encoder.conv_layers.3.bias": (_UNITS,),
    "onnx::LSTM_209": (1, 4 * _UNITS, _UNITS),
    "onnx::LSTM_210": (1, 4 * _UNITS, _UNITS),
    "onnx::LSTM_211": (1, 8 * _UNITS),
    "decoder.conv1d.weight": (1, _UNITS, 1),
    "decoder.conv1d.bias": (1,),
}
"""The tensors of the file by their names."""


class Silero:
    """Says how likely frames hold a voice; one for each stream, since it remembers the frames before.

    Takes about 0.15 ms for a frame, and 0.05 ms for each of eight: its weights are more than the processor keeps near
    by, and are fetched once for all. Raises RecognitionError where the file is missing or another.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._network = _read_network(path or find_silero())
        self._rooms: dict[int, _Room] = {}
        self.reset()
        self._silence = self._entries(np.zeros((1, FRAME_SAMPLES), np.float32))
        """What comes of a frame of zeros after another: a canceller that hears nobody hands out nothing else."""

    def reset(self) -> None:
        """Forget what was heard: for a new stream, and after a gap of the device."""
        self._context = np.zeros(_CONTEXT_SAMPLES, np.float32)
        self._h = np.zeros(_UNITS, np.float32)
        self._c = np.zeros(_UNITS, np.float32)

    def probabilities(self, frames: Samples) -> list[float]:
        """Return 0 to 1 for each of successive frames at SAMPLE_RATE, of shape (frames, FRAME_SAMPLES)."""
        pieces = (frames[begin : begin + _AT_ONCE] for begin in range(0, len(frames), _AT_ONCE))
        return [probability for piece in pieces for probability in self._rate(piece)]

    def _rate(self, frames: Samples) -> list[float]:
        network = self._network
        is_silent = not self._context.any() and not frames.any()
        entries = np.broadcast_to(self._silence, (len(frames), 4 * _UNITS)) if is_silent else self._entries(frames)
        voices = np.empty((len(frames), _UNITS), np.float32)
        for entry, voice in zip(entries, voices, strict=True):
            gates = self._h @ network.gates
            gates += entry
            enter, leave, forget = _sigmoid(gates[: 3 * _UNITS]).reshape(3, _UNITS)
            self._c = forget * self._c
            self._c += enter * np.tanh(gates[3 * _UNITS :])
            self._h = np.multiply(leave, np.tanh(self._c), out=voice)
        found: list[float] = _sigmoid(np.maximum(voices, 0) @ network.voice + network.voice_bias).tolist()
        return found

    def _entries(self, frames: Samples) -> Samples:
        """Return what the frames bring to the gates, shape (frames, 4 · _UNITS)."""
        entries: Samples = self._encode(frames) @ self._network.entry
        entries += self._network.gate_bias
        return entries

    def _encode(self, frames: Samples) -> Samples:
        """Return shape (frames, _UNITS), in which nothing is remembered but the end of the frame before."""
        network, count = self._network, len(frames)
        room = self._rooms.get(count)
        if room is None:
            room = self._rooms[count] = _Room(count)
        heard, end = room.heard, _CONTEXT_SAMPLES + FRAME_SAMPLES
        heard[0, :_CONTEXT_SAMPLES] = self._context
        heard[1:, :_CONTEXT_SAMPLES] = frames[:-1, -_CONTEXT_SAMPLES:]
        heard[:, _CONTEXT_SAMPLES:end] = frames
        heard[:, end:] = heard[:, end - 2 : end - 2 - _CONTEXT_SAMPLES : -1]  # mirrored, but for the last sample
        self._context = heard[-1, end - _CONTEXT_SAMPLES : end].copy()
        waves = np.fft.rfft(room.windows * _HANN)
        powers = np.square(waves.real)
        powers += np.square(waves.imag)
        np.sqrt(powers, out=room.bands.times)
        times = network.layers[0].run(room.bands.taps())
        room.first.times[...] = times.reshape(room.first.times.shape)
        times = network.layers[1].run(room.first.taps())
        for layer in network.layers[2:]:
            times = layer.run(times.reshape(count, -1))
        return times


class _Room:
    """The memory that so many frames pass through at once: to make it anew takes as long as to multiply."""

    def __init__(self, count: int) -> None:
        self.heard = np.zeros((count, 2 * _CONTEXT_SAMPLES + FRAME_SAMPLES), np.float32)
        self.windows = sliding_window_view(self.heard, _WINDOW_SAMPLES, axis=1)[:, ::_HOP_SAMPLES]
        self.bands = _Times(count, _WINDOWS, _BANDS, 1)
        self.first = _Times(count, _WINDOWS, _INNER, 2)


class _Times:
    """What a convolution over three times takes of so many frames, with zeros before and after each."""

    def __init__(self, count: int, times: int, inputs: int, stride: int) -> None:
        padded = np.zeros((count, times + 2, inputs), np.float32)
        self.times = padded[:, 1:-1]
        threes = sliding_window_view(padded.reshape(count, -1), 3 * inputs, axis=1)
        self._threes = threes[:, :: stride * inputs]
        self._taps = np.empty(self._threes.shape, np.float32)
        self._rows = self._taps.reshape(-1, 3 * inputs)

    def taps(self) -> Samples:
        """Return shape (frames · times out, 3 · inputs)."""
        self._taps[...] = self._threes
        return self._rows


@dataclass(frozen=True, slots=True)
class _Layer:
    """A multiplication, and what follows it."""

    weights: Samples
    """Shape (inputs, outputs)."""
    bias: Samples

    def run(self, rows: Samples) -> Samples:
        """Return shape (rows, outputs), nothing below zero."""
        found: Samples = rows @ self.weights
        found += self.bias
        return np.maximum(found, 0, out=found)


@dataclass(frozen=True, slots=True)
class _Network:
    """The weights as they are multiplied."""

    layers: tuple[_Layer, ...]
    entry: Samples
    """Shape (units, 4 · units): from the encoder to the gates that let in, out and forget, and to what is let in."""
    gates: Samples
    """Shape (units, 4 · units): from the state to the same."""
    gate_bias: Samples
    voice: Samples
    voice_bias: np.float32


def _read_network(path: Path) -> _Network:
    try:
        found = dict(_tensors(path.read_bytes()))
    except (OSError, ValueError, IndexError) as error:
        raise RecognitionError(f"{path}: is not a speech detector that can be loaded: reinstall it") from error
    if {name: found[name].shape for name in _SHAPES if name in found} != _SHAPES:
        raise RecognitionError(f"{path}: is another version of the Silero detector than 6")
    waves = np.fft.rfft(np.diag(_HANN)).T
    basis = found["encoder.feature_extractor.forward_basis_buffer"][:, 0]
    if not np.allclose(basis, np.concatenate((waves.real, waves.imag)), atol=1e-5):
        raise RecognitionError(f"{path}: does not begin with the Fourier transform of the Silero detector 6")
    layers = []
    for number, taps in enumerate(_TAPS):
        weights = found[f"encoder.conv_layers.{number}.weight"].transpose(2, 1, 0)[taps]
        bias = found[f"encoder.conv_layers.{number}.bias"]
        layers.append(_Layer(np.ascontiguousarray(weights).reshape(-1, len(bias)), bias))
    return _Network(
        tuple(layers),
        np.ascontiguousarray(found["onnx::LSTM_209"][0].T),
        np.ascontiguousarray(found["onnx::LSTM_210"][0].T),
        found["onnx::LSTM_211"][0].reshape(2, -1).sum(axis=0),
        found["decoder.conv1d.weight"].reshape(-1),
        found["decoder.conv1d.bias"][0],
    )


def _sigmoid(values: Samples) -> Samples:
    found = np.negative(values)
    np.exp(found, out=found)
    found += np.float32(1)
    result: Samples = np.reciprocal(found, out=found)
    return result


# ---------------------------------------------------------------------------------- the weights in an ONNX file
# ONNX is protobuf: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, https://protobuf.dev/programming-guides/encoding

_GRAPH, _INITIALIZER = 7, 5
_DIMENSION, _TYPE, _NAME, _RAW = 1, 2, 8, 9
_FLOAT = 1


def _tensors(model: bytes) -> Iterator[tuple[str, Samples]]:
    """Yield name and values of each tensor of float32; raise ValueError or IndexError for what is no ONNX file."""
    for field, graph in _fields(model):
        if field != _GRAPH or not isinstance(graph, bytes):
            continue
        for inner, tensor in _fields(graph):
            if inner != _INITIALIZER or not isinstance(tensor, bytes):
                continue
            parts = list(_fields(tensor))
            values = dict(parts)
            raw, name = values.get(_RAW, b""), values.get(_NAME, b"")
            if values.get(_TYPE) == _FLOAT and isinstance(raw, bytes) and isinstance(name, bytes):
                shape = [_dimension(value) for number, value in parts if number == _DIMENSION]
                yield name.decode(), np.frombuffer(raw, "<f4").reshape(shape)


def _dimension(value: int | bytes) -> int:
    """Return a dimension: a number, or all of them packed, of which these tensors have none."""
    if isinstance(value, bytes):
        raise ValueError("packed dimensions")
    return value


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the fields of a protobuf message: its number, and an integer or bytes."""
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        match tag & 7:
            case 0:
                value, place = _varint(message, place)
                yield tag >> 3, value
            case 2:
                length, place = _varint(message, place)
                if place + length > len(message):
                    raise ValueError("truncated")
                yield tag >> 3, message[place : place + length]
                place += length
            case 1 | 5 as width:
                place += 8 if width == 1 else 4
            case _:
                raise ValueError("no protobuf")


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        octet = message[place]
        place += 1
        value |= (octet & 127) << shift
        if octet < 128:
            return value, place
        shift += 7


def find_silero() -> Path:
    """Return the detector's file, without importing faster_whisper (0.5 s, 100 MB); raise RecognitionError."""
    package = importlib.util.find_spec("faster_whisper")
    folder = Path(package.origin).parent / "assets" if package and package.origin else Path()
    found = sorted(folder.glob("silero*.onnx")) if package else []
    if not found:
        raise RecognitionError("the speech detector is missing: pip install faster-whisper, which carries it")
    return found[-1]
