"""What the neural voices share: an ONNX session with few threads that can be stopped while it computes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from voicestream.errors import VoiceError


class StoppableSession:
    """An onnxruntime session whose run ends at once when it is stopped; all else is the session's own.

    `PiperVoice.load` and Kokoro take onnxruntime's defaults: every core, and threads that spin while they wait.
    """

    def __init__(self, model: Path | bytes, threads: int) -> None:
        """Load the model, from its file or its bytes; raise VoiceError."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        source = model if isinstance(model, bytes) else str(model)
        try:
            session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime has a class of its own for each fault
            name = "the model" if isinstance(model, bytes) else model.name
            raise VoiceError(f"{name} is no voice that onnxruntime can load: {error}", "damaged") from error
        self._model_path = "" if isinstance(model, bytes) else str(model)  # Kokoro asks a session for it
        self._session: Any = session  # Any: onnxruntime has no types
        self._new_run_options = onnxruntime.RunOptions
        self._run_options = onnxruntime.RunOptions()

    def allow(self) -> None:
        """Let it run again after a stop."""
        self._run_options = self._new_run_options()

    def stop(self) -> None:
        """End a running computation within its next operator; called from another thread."""
        self._run_options.terminate = True

    def run(self, outputs: list[str] | None, inputs: dict[str, Any]) -> list[Any]:
        """Compute (Any: arrays of several types); raise VoiceError when it was stopped."""
        options = self._run_options
        try:
            result: list[Any] = self._session.run(outputs, inputs, options)
        except Exception as error:
            if options.terminate:
                raise VoiceError("the voice was stopped", "stopped") from error
            raise
        return result

    def __getattr__(self, name: str) -> Any:
        """Give what Piper and Kokoro ask of the session itself, such as its inputs."""
        return getattr(self._session, name)
