"""The child process that runs pyttsx3: one engine, one utterance at a time, its audio handed over and never played.

Written against the drivers of pyttsx3 2.99. espeak (Linux): its callback is tapped, so that audio and word times
leave while the rest is made; saving to the null device keeps the driver from playing through `aplay`. sapi5 and nsss
(Windows, macOS): saved to a file, WAV or AIFF, which is complete when runAndWait returns.
"""

from __future__ import annotations

import ctypes
import os
import tempfile
import threading
from pathlib import Path
from typing import Any

from voicestream.errors import VoiceError
from voicestream.speaking.plain_text import cut_long, plain_text, without_markup
from voicestream.speaking.voice_names import VoiceDescription, find_espeak_voice, find_voice, voice_of_language
from voicestream.voice_wire import Audio, Hand, SpokenWord, VoiceSettings, serve

LONGEST = 400
"""Characters given to pyttsx3 at a time: its espeak driver tells espeak ten times the true size of the text
(`len(text) * 10`), and espeak copies that much, past its end."""

_EVENT_WORD = 1
_EVENT_END = 6
_ESPEAK_RATE = 22_050
"""Hertz; hard-coded in the driver too."""


class Pyttsx3Engine:
    """pyttsx3 behind the child's protocol."""

    def __init__(self, settings: VoiceSettings) -> None:
        """Open the system's driver; raise VoiceError where there is none or the voice is unknown."""
        try:
            import pyttsx3

            self._engine: Any = pyttsx3.init()  # Any: pyttsx3 has no types
        except Exception as error:  # a missing library raises RuntimeError, OSError, ImportError, or COM's own
            raise VoiceError(
                f"pyttsx3 found no speech engine ({error}); on Linux install one: sudo apt install espeak-ng", "missing"
            ) from error
        self._settings = settings
        self._is_espeak = self._engine.driver_name == "espeak"
        self._find = find_espeak_voice if self._is_espeak else find_voice
        self._voices = self.voices()
        self._default = self._find(settings.voice or str(self._engine.getProperty("voice")), self._voices)
        self._by_language = {language: self._find(name, self._voices) for language, name in settings.voices}
        self._current: VoiceDescription | None = None
        self._tap = _Tap(self._engine) if self._is_espeak else None
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
        self._set_voice(self._voice_for(language))
        if self._tap is not None:
            self._tap.speak(plain_text(text), hand)
            return
        for _, piece in cut_long(without_markup(plain_text(text)), LONGEST):
            if not hand(self._speak_to_file(piece)):
                return

    def _voice_for(self, language: str) -> VoiceDescription:
        if language in self._by_language:
            return self._by_language[language]
        if not language or self._default.language.casefold().split("-")[0] == language:
            return self._default
        return voice_of_language(language, self._voices) or self._default

    def _set_voice(self, voice: VoiceDescription) -> None:
        if voice == self._current:
            return
        self._current = voice
        self._engine.setProperty("voice", voice.id)
        self._engine.setProperty("rate", self._settings.rate)  # after init() it is 175 or 200, by chance
        self._engine.setProperty("volume", self._settings.volume)
        if not self._is_espeak:
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
            self._engine.save_to_file(text, str(path))
            self._engine.runAndWait()
            return read_speech(path)


class _Tap:
    """Listens in on the callback of pyttsx3's espeak driver."""

    def __init__(self, engine: Any) -> None:
        from pyttsx3.drivers import _espeak

        self._engine = engine
        self._driver = engine.proxy._driver
        self._finished = threading.Event()
        self._hand: Hand | None = None
        self._offset = 0
        self._made_samples = 0
        self._before_samples = 0
        _espeak.SetSynthCallback(self._heard)

    def speak(self, text: str, hand: Hand) -> None:
        """Hand over the audio of `text` while espeak makes it."""
        self._hand = hand
        self._made_samples = 0
        for offset, piece in cut_long(text, LONGEST):
            self._offset, self._before_samples = offset, self._made_samples
            self._finished.clear()
            self._engine.save_to_file(piece, os.devnull)
            self._engine.runAndWait()
            self._finished.wait()  # runAndWait does not wait for espeak
            if self._hand is None:
                return
        self._hand = None

    def _heard(self, wav: Any, count: int, events: Any) -> int:
        """Take a piece on espeak's own thread (Any: pointers of ctypes), and let the driver have it too."""
        words, at, is_end = [], 0, False
        before = self._before_samples / _ESPEAK_RATE
        while events[at].type:
            event = events[at]
            is_end = is_end or event.type == _EVENT_END
            if event.type == _EVENT_WORD and event.text_position > 0:
                start = self._offset + event.text_position - 1
                words.append(SpokenWord(start, start + event.length, before + event.audio_position / 1000))
            at += 1
        pcm = ctypes.string_at(wav, 2 * count) if count > 0 else b""
        self._made_samples += count
        if self._hand is not None and not self._hand(Audio(pcm, _ESPEAK_RATE, tuple(words))):
            self._hand = None
        answer = int(self._driver._onSynth(wav, count, events))
        if (
            is_end
        ):  # not on the driver's own "finished-utterance": after that it still ends "the" loop, perhaps the next
            self._finished.set()
        return answer


def read_speech(path: Path) -> Audio:
    """Return the audio of a file as the drivers write it: WAV, or AIFF whatever its name says; raise VoiceError."""
    import soundfile

    try:
        samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        raise VoiceError("the voice wrote no audio that can be read", "no_audio") from error
    return Audio(samples[:, 0].astype("<i2").tobytes(), int(rate))


if __name__ == "__main__":
    serve(Pyttsx3Engine)
