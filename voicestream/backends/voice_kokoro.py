"""The child process that runs Kokoro: one graph, many voices in a file beside it. `kokoro-onnx` is an extra."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from voicestream.backends.voice_onnx import StoppableSession
from voicestream.backends.voice_wire import Audio, Hand, VoiceSettings, serve
from voicestream.errors import VoiceError
from voicestream.speaking.plain_text import cut_long, plain_text
from voicestream.speaking.voice_names import VoiceDescription, find_voice, voice_for

LONGEST = 200
"""Characters given to Kokoro at a time: it makes up to 510 phonemes in one go, which is half a minute of waiting."""

USUAL_RATE = 175
"""Words a minute that count as a voice's own speed."""

LANGUAGES = {
    "a": "en-us",
    "b": "en-gb",
    "e": "es",
    "f": "fr-fr",
    "h": "hi",
    "i": "it",
    "j": "ja",
    "p": "pt-br",
    "z": "cmn",
}
"""What the first letter of a voice's name says, in espeak's words.
https://huggingface.co/hexgrad/Kokoro-82M/blob/main/VOICES.md"""


class KokoroEngine:
    """Kokoro behind the child's protocol."""

    def __init__(self, settings: VoiceSettings) -> None:
        """Load the model; raise VoiceError where it is missing or the voice is unknown."""
        try:
            from kokoro_onnx import Kokoro
        except ImportError as error:
            raise VoiceError("Kokoro is not installed: pip install kokoro-onnx", "missing") from error
        model, styles = _find_files(settings.folders)
        self._session = StoppableSession(model, settings.threads)
        try:
            self._kokoro: Any = Kokoro.from_session(
                self._session, str(styles)
            )  # Any: it is typed for onnxruntime's own
        except (OSError, ValueError) as error:
            raise VoiceError(f"{styles.name} holds no voices of Kokoro ({error}); fetch it again", "damaged") from error
        self._speed = min(2.0, max(0.5, settings.rate / USUAL_RATE))  # more it does not take
        self._volume = settings.volume
        self._voices = self.voices()
        self._default = find_voice(settings.voice, self._voices) if settings.voice else self._voices[0]
        self._by_language = {language: find_voice(name, self._voices) for language, name in settings.voices}

    def voices(self) -> list[VoiceDescription]:
        """Return the voices in the file."""
        return [VoiceDescription(name, name, LANGUAGES.get(name[:1], "en-us")) for name in self._kokoro.voices]

    def speak(self, text: str, language: str, hand: Hand) -> None:
        """Hand over the audio of `text`, a piece at a time."""
        self._session.allow()
        voice = voice_for(language, self._default, self._by_language, self._voices)
        for _, piece in cut_long(plain_text(text), LONGEST):
            samples, rate = self._kokoro.create(piece, voice.id, self._speed, voice.language)
            pcm = (samples * self._volume * 32767).clip(-32768, 32767).astype("<i2").tobytes()
            if not hand(Audio(pcm, rate)):
                return

    def stop(self) -> None:
        """End the computation that runs."""
        self._session.stop()


def _find_files(folders: tuple[str, ...]) -> tuple[Path, Path]:
    for folder in folders:
        models = sorted(Path(folder).glob("**/kokoro*.onnx"))
        for model in models:
            for styles in sorted(model.parent.glob("voices*")):
                return model, styles
    raise VoiceError("Kokoro's model is not installed: `voicestream models fetch kokoro` gets it (354 MB)", "missing")


if __name__ == "__main__":
    serve(KokoroEngine)
