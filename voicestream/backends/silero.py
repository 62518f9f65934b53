"""The Silero speech detector: the ONNX file that faster-whisper carries, run frame by frame with its state kept."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

from voicestream.errors import RecognitionError
from voicestream.vocabulary import FRAME_SAMPLES, Samples

_CONTEXT_SAMPLES = 64
"""Samples of the frame before that stand before each frame."""

_INPUTS = {"input", "h", "c"}


class Silero:
    """Says how likely a frame holds a voice; one for each stream, since it remembers the frames before.

    Takes about 0.1 ms a frame on one thread, without a thread of its own. Raises RecognitionError where the file or
    onnxruntime is missing.
    """

    def __init__(self, path: Path | None = None) -> None:
        path = path or find_silero()
        try:
            import onnxruntime
        except ImportError as error:
            raise RecognitionError("the speech detector needs onnxruntime: pip install onnxruntime") from error
        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = options.intra_op_num_threads = 1
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own errors share no public parent
            raise RecognitionError(f"{path}: is not a speech detector that can be loaded: reinstall it") from error
        if {entry.name for entry in self._session.get_inputs()} != _INPUTS:
            raise RecognitionError(f"{path}: is another version of the Silero detector than 6")
        self.reset()

    def reset(self) -> None:
        """Forget what was heard: for a new stream, and after a gap of the device."""
        self._buffer = np.zeros((1, _CONTEXT_SAMPLES + FRAME_SAMPLES), np.float32)
        self._h = np.zeros((1, 1, 128), np.float32)
        self._c = np.zeros((1, 1, 128), np.float32)

    def probability(self, samples: Samples) -> float:
        """Return 0 to 1 for FRAME_SAMPLES at SAMPLE_RATE."""
        self._buffer[0, :_CONTEXT_SAMPLES] = self._buffer[0, FRAME_SAMPLES:].copy()
        self._buffer[0, _CONTEXT_SAMPLES:] = samples
        inputs = {"input": self._buffer, "h": self._h, "c": self._c}
        probability, self._h, self._c = self._session.run(None, inputs)
        return float(probability.reshape(-1)[0])


def find_silero() -> Path:
    """Return the detector's file, without importing faster_whisper (0.5 s, 100 MB); raise RecognitionError."""
    package = importlib.util.find_spec("faster_whisper")
    folder = Path(package.origin).parent / "assets" if package and package.origin else Path()
    found = sorted(folder.glob("silero*.onnx")) if package else []
    if not found:
        raise RecognitionError("the speech detector is missing: pip install faster-whisper, which carries it")
    return found[-1]
