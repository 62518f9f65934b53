"""The child process that runs Piper: neural voices, one chunk of audio a sentence. `piper-tts` is GPL-3 and an extra.

A voice is a folder's NAME.onnx with NAME.onnx.json beside it, as published in rhasspy/piper-voices.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voicestream.backends.voice_onnx import StoppableSession
from voicestream.backends.voice_wire import Audio, Hand, SpokenWord, VoiceSettings, serve
from voicestream.errors import VoiceError
from voicestream.speaking.plain_text import cut_long, plain_text, without_markup
from voicestream.speaking.voice_names import VoiceDescription, find_voice, voice_for
from voicestream.speaking.word_times import find_words

LONGEST = 300
"""Characters given to Piper at a time; memory and the time to the first sound grow with them."""

USUAL_RATE = 175
"""Words a minute that count as a voice's own speed."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A voice in memory (Any: piper has no types that are exported)."""

    voice: Any
    session: StoppableSession
    settings: Any
    rate: int
    """Hertz."""


class PiperEngine:
    """Piper behind the child's protocol."""

    def __init__(self, settings: VoiceSettings) -> None:
        """Load the configured voice, or the first; raise VoiceError where there is none."""
        self._settings = settings
        self._voices = self.voices()
        self._default = self._choose(settings.voice)
        self._by_language = {language: self._choose(name) for language, name in settings.voices}
        self._loaded: dict[str, _Loaded] = {}
        self._speaking = self._load(self._default)

    def voices(self) -> list[VoiceDescription]:
        """Return the voices in the folders."""
        found = []
        for folder in self._settings.folders:
            for model in sorted(Path(folder).glob("**/*.onnx")):
                if Path(f"{model}.json").is_file():
                    found.append(VoiceDescription(str(model), model.stem, _language(model)))
        return found

    def speak(self, text: str, language: str, hand: Hand) -> None:
        """Hand over the audio of `text`, with word times where the model tells how long each phoneme lasts."""
        self._speaking = speaking = self._load(voice_for(language, self._default, self._by_language, self._voices))
        speaking.session.allow()
        plain = without_markup(plain_text(text))
        before = 0.0
        for offset, piece in cut_long(plain, LONGEST):
            starts: list[float] = []
            for chunk in speaking.voice.synthesize(piece, speaking.settings, include_alignments=True):
                if not hand(Audio(chunk.audio_int16_bytes, chunk.sample_rate)):
                    return
                starts += [before + start for start in _word_starts(chunk)]
                before += len(chunk.audio_float_array) / chunk.sample_rate
            words = find_words(piece)
            if len(words) == len(starts):  # espeak joins some words ("of the"): then the places are estimated
                places = zip(words, starts, strict=True)
                told = tuple(SpokenWord(offset + word.start, offset + word.stop, start) for word, start in places)
                hand(Audio(b"", speaking.rate, told))

    def stop(self) -> None:
        """End the computation that runs."""
        self._speaking.session.stop()

    def _choose(self, name: str) -> VoiceDescription:
        if name.endswith(".onnx"):
            return VoiceDescription(name, Path(name).stem, _language(Path(name)))
        if not self._voices:
            raise VoiceError(
                "no Piper voice is installed: `voicestream models fetch en_US-ljspeech-medium` gets one", "missing"
            )
        return find_voice(name, self._voices) if name else self._voices[0]

    def _load(self, voice: VoiceDescription) -> _Loaded:
        if voice.id not in self._loaded:
            self._loaded[voice.id] = _load_voice(Path(voice.id), self._settings)
        return self._loaded[voice.id]


def _load_voice(model: Path, settings: VoiceSettings) -> _Loaded:
    try:
        from piper import PiperVoice, SynthesisConfig
        from piper.config import PiperConfig
    except ImportError as error:
        raise VoiceError("Piper is not installed: pip install piper-tts", "missing") from error
    try:
        config = PiperConfig.from_dict(json.loads(Path(f"{model}.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError) as error:
        raise VoiceError(f"{model.name}.json describes no Piper voice ({error}); fetch it again", "damaged") from error
    session = StoppableSession(_with_alignment(model), settings.threads)
    scale = config.length_scale * USUAL_RATE / settings.rate
    return _Loaded(
        PiperVoice(session=session, config=config),
        session,
        SynthesisConfig(length_scale=scale, volume=settings.volume, normalize_audio=False),
        config.sample_rate,
    )


def _with_alignment(model: Path) -> Path | bytes:
    """Return the model changed to tell its phonemes' lengths, where the onnx package is there and it can be."""
    try:
        import onnx
        from piper.patch_voice_with_alignment import add_alignment_output

        graph = onnx.load(str(model))
        add_alignment_output(graph)
        return bytes(graph.SerializeToString())
    except Exception:  # no onnx, an older piper, another graph, or a damaged file, which the loading will name
        return model


def _word_starts(chunk: Any) -> list[float]:
    """Return the seconds at which the words of a chunk begin (Any: piper's AudioChunk); none where it does not tell."""
    if not chunk.phoneme_alignments:
        return []
    starts, at, is_inside = [], 0, False
    for part in chunk.phoneme_alignments:
        is_sound = any(letter.isalpha() for letter in part.phoneme)
        if is_sound and not is_inside:
            starts.append(at / chunk.sample_rate)
        is_inside = is_sound or (is_inside and part.phoneme != " ")
        at += part.num_samples
    return starts


def _language(model: Path) -> str:
    try:
        described = json.loads(Path(f"{model}.json").read_text(encoding="utf-8"))
        return str(described.get("language", {}).get("code") or described["espeak"]["voice"]).replace("_", "-")
    except (OSError, ValueError, KeyError, AttributeError):
        return ""


if __name__ == "__main__":
    serve(PiperEngine)
