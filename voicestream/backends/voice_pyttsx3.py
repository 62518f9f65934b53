"""The child process that runs pyttsx3: one engine, one utterance at a time, its audio handed over and never played.

Written against the drivers of pyttsx3 2.99. espeak (Linux): started in espeak's synchronous mode instead of the
driver's own, and its callback tapped: audio and word times leave while the rest is made, nothing is played through
`aplay`, and the races of the other mode (a rate that came out by chance, one sentence in thirty lost) are gone. sapi5
and nsss (Windows, macOS): saved to a file, WAV or AIFF, which is complete when runAndWait returns.
"""

from __future__ import annotations

import ctypes
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voicestream.backends.voice_wire import Audio, Hand, SpokenWord, VoiceSettings, serve
from voicestream.errors import VoiceError
from voicestream.speaking.plain_text import cut_long, plain_text, without_markup
from voicestream.speaking.voice_names import VoiceDescription, find_espeak_voice, find_voice, voice_for

LONGEST = 400
"""Characters given to pyttsx3 at a time: its espeak driver tells espeak ten times the true size of the text
(`len(text) * 10`), and espeak copies that much, past its end."""

_EVENT_WORD = 1
_EVENT_END = 6
_PIECE_MILLISECONDS = 30
_DO_NOT_EXIT = 0x8000  # on an error inside espeak


class Pyttsx3Engine:
    """pyttsx3 behind the child's protocol."""

    def __init__(self, settings: VoiceSettings) -> None:
        """Open the system's driver; raise VoiceError where there is none or the voice is unknown."""
        try:
            import pyttsx3
            from pyttsx3.engine import default_engine_by_sys_platform

            self._tap = _Tap() if default_engine_by_sys_platform() == "espeak" else None
            self._engine: Any = pyttsx3.init()  # Any: pyttsx3 has no types
            self._engine.runAndWait()  # with nothing to say: before its first run it only queues what is set
        except Exception as error:  # a missing library raises RuntimeError, OSError, ImportError, or COM's own
            raise VoiceError(
                f"pyttsx3 found no speech engine ({error}); on Linux install one: sudo apt install espeak-ng", "missing"
            ) from error
        if self._tap is not None:
            self._tap.listen_to(self._engine)
        self._settings = settings
        self._find = find_espeak_voice if self._tap is not None else find_voice
        self._voices = self.voices()
        self._default = self._find(settings.voice or str(self._engine.getProperty("voice")), self._voices)
        self._by_language = {language: self._find(name, self._voices) for language, name in settings.voices}
        self._current: VoiceDescription | None = None
        for voice in (*self._by_language.values(), self._default):
            self._set_voice(voice)

    def voices(self) -> list[VoiceDescription]:
        """Return the voices of the system."""
        found = []
        for voice in self._engine.getProperty("voices"):
            language = next(iter(voice.languages or ()), "")
            language = language.decode("ascii", "ignore") if isinstance(language, bytes) else str(language or "")
            found.append(VoiceDescription(str(voice.id), str(voice.name or voice.id), language.strip("\x05")))
        return found

    def speak(self, text: str, language: str, hand: Hand) -> None:
        """Hand over the audio of `text`; words have times with espeak only."""
        self._set_voice(voice_for(language, self._default, self._by_language, self._voices))
        if self._tap is not None:
            self._tap.speak(plain_text(text), hand)
            return
        for _, piece in cut_long(without_markup(plain_text(text)), LONGEST):
            if not hand(self._speak_to_file(piece)):
                return

    def stop(self) -> None:
        """Do nothing: espeak asks whether to go on with every piece of 30 ms, the others are done with soon."""

    def _set_voice(self, voice: VoiceDescription) -> None:
        if voice == self._current:
            return
        self._current = voice
        self._engine.setProperty("voice", voice.id)
        self._engine.setProperty("rate", self._settings.rate)
        self._engine.setProperty("volume", self._settings.volume)
        if self._tap is None:
            return
        self._engine.setProperty("pitch", self._settings.pitch)
        _, plus, variant = voice.id.partition("+")
        if plus and not str(self._engine.getProperty("voice")).endswith("+" + variant.casefold()):  # espeak is silent
            raise VoiceError(
                f"there is no variant {variant!r}; `espeak-ng --voices=variant` lists them", "unknown_voice"
            )

    def _speak_to_file(self, text: str) -> Audio:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "speech.wav"
            # As on the first run: else the command that ends the loop is carried out as the loop begins, and on macOS
            # stops the synthesizer.
            self._engine.proxy.setBusy(True)
            self._engine.save_to_file(text, str(path))
            self._engine.runAndWait()
            return read_speech(path)


class _Tap:
    """Starts espeak for pyttsx3's driver, and takes the audio from the driver's callback."""

    def __init__(self) -> None:
        from pyttsx3.drivers import _espeak
        from pyttsx3.drivers.espeak import EspeakDriver

        self._espeak = _espeak
        self._rate = _espeak.Initialize(_espeak.AUDIO_OUTPUT_SYNCHRONOUS, _PIECE_MILLISECONDS, None, _DO_NOT_EXIT)
        if self._rate <= 0:
            raise RuntimeError("espeak's data are missing")
        EspeakDriver._moduleInitialized = True
        EspeakDriver._defaultVoice = "gmw/en"
        self._hand: Hand | None = None
        self._offset = 0
        self._made_samples = 0
        self._before_samples = 0

    def listen_to(self, engine: Any) -> None:
        """Put itself before the callback of the engine's driver (Any: pyttsx3 has no types)."""
        self._engine = engine
        self._driver = engine.proxy._driver
        self._espeak.SetSynthCallback(self._heard)

    def speak(self, text: str, hand: Hand) -> None:
        """Hand over the audio of `text` while espeak makes it."""
        self._hand = hand
        self._made_samples = 0
        for offset, piece in cut_long(text, LONGEST):
            self._offset, self._before_samples = offset, self._made_samples
            self._engine.save_to_file(piece, os.devnull)  # say() would play it
            self._engine.runAndWait()
            if self._hand is None:
                return

    def _heard(self, wav: Any, count: int, events: Any) -> int:
        """Take a piece from espeak (Any: pointers of ctypes), then let the driver have it; 1 stops espeak."""
        words, at = [], 0
        before = self._before_samples / self._rate
        while events[at].type:
            event = events[at]
            if event.type == _EVENT_WORD and event.text_position > 0:
                start = self._offset + event.text_position - 1
                words.append(SpokenWord(start, start + event.length, before + event.audio_position / 1000))
            at += 1
        self._made_samples += count
        pcm = ctypes.string_at(wav, 2 * count) if wav and count > 0 else b""
        if self._hand is not None and not self._hand(Audio(pcm, self._rate, tuple(words))):
            self._hand = None
        if wav and self._hand is not None:
            return int(self._driver._onSynth(wav, count, events))
        self._driver._onSynth(None, 0, (_Event(_EVENT_END), _Event(0)))  # in this mode espeak does not send it
        return 1


@dataclass(frozen=True, slots=True)
class _Event:
    """An event as the driver reads it."""

    type: int


def read_speech(path: Path) -> Audio:
    """Return the audio of a file as the drivers write it: WAV, or AIFF whatever its name says; raise VoiceError."""
    import soundfile

    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)  # as int16, a float file is all zeros
    except (OSError, soundfile.LibsndfileError) as error:
        raise VoiceError("the voice wrote no audio that can be read", "no_audio") from error
    return Audio((samples[:, 0] * 32768).round().clip(-32768, 32767).astype("<i2").tobytes(), int(rate))


if __name__ == "__main__":
    serve(Pyttsx3Engine)
