"""The child process that runs espeak-ng itself: audio in pieces of 30 ms from the first, true word times.

libespeak-ng is GPL-3, keeps one state a process, and may crash: it is loaded here at run time and nowhere else. Taken
from the system, or from the `espeakng-loader` wheel where that is installed.
https://github.com/espeak-ng/espeak-ng/blob/master/src/include/espeak-ng/speak_lib.h
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER, c_char_p, c_int, c_short, c_size_t, c_ubyte, c_uint, c_void_p
from typing import Any

from voicestream.backends.voice_wire import Audio, Hand, SpokenWord, VoiceSettings, serve
from voicestream.errors import VoiceError
from voicestream.speaking.plain_text import plain_text
from voicestream.speaking.voice_names import VoiceDescription, find_espeak_voice, voice_for

PIECE_MILLISECONDS = 30

_SYNCHRONOUS = 2
_DO_NOT_EXIT = 0x8000  # on an error inside the library
_UTF8_WITH_END_PAUSE = 0x1001  # and neither SSML (0x10) nor phonemes in [[ ]] (0x100): text is never obeyed
_RATE, _VOLUME, _PITCH = 1, 2, 3
_WORD = 1
_GO_ON, _STOP = 0, 1
_LIBRARIES = (
    "libespeak-ng.so.1",
    "/opt/homebrew/lib/libespeak-ng.1.dylib",
    "/usr/local/lib/libespeak-ng.1.dylib",
    r"C:\Program Files\eSpeak NG\libespeak-ng.dll",
)


class _Event(ctypes.Structure):
    """espeak_EVENT."""

    _fields_ = (
        ("type", c_int),
        ("unique_identifier", c_uint),
        ("text_position", c_int),  # characters, from 1
        ("length", c_int),  # characters
        ("audio_position", c_int),  # milliseconds from the start of the text
        ("sample", c_int),
        ("user_data", c_void_p),
        ("id", ctypes.c_uint64),
    )


class _Voice(ctypes.Structure):
    """espeak_VOICE."""

    _fields_ = (
        ("name", c_char_p),
        ("languages", c_void_p),  # for each language a byte of priority and a text that ends with zero
        ("identifier", c_char_p),
        ("gender", c_ubyte),
        ("age", c_ubyte),
        ("variant", c_ubyte),
        ("xx1", c_ubyte),
        ("score", c_int),
        ("spare", c_void_p),
    )


_Callback = ctypes.CFUNCTYPE(c_int, POINTER(c_short), c_int, POINTER(_Event))


class EspeakEngine:
    """espeak-ng behind the child's protocol."""

    def __init__(self, settings: VoiceSettings) -> None:
        """Load the library; raise VoiceError where there is none or the voice is unknown."""
        self._library, data = _load_library()
        self._rate = self._library.espeak_Initialize(_SYNCHRONOUS, PIECE_MILLISECONDS, data, _DO_NOT_EXIT)
        if self._rate <= 0:
            raise VoiceError("espeak-ng did not start: its data are missing; reinstall espeak-ng", "missing")
        self._settings = settings
        self._voices = self.voices()
        self._default = find_espeak_voice(settings.voice or "en", self._voices)
        self._by_language = {language: find_espeak_voice(name, self._voices) for language, name in settings.voices}
        self._current: VoiceDescription | None = None
        for voice in (*self._by_language.values(), self._default):
            self._set_voice(voice)
        self._hand: Hand = lambda audio: False
        self._callback = _Callback(self._made)  # kept: espeak holds only its address
        self._library.espeak_SetSynthCallback(self._callback)

    def voices(self) -> list[VoiceDescription]:
        """Return the voices that are installed."""
        found, at = [], 0
        listed = self._library.espeak_ListVoices(None)
        while listed[at]:
            voice = listed[at].contents
            language = ctypes.string_at(voice.languages + 1) if voice.languages else b""
            found.append(VoiceDescription(_text(voice.identifier), _text(voice.name), _text(language)))
            at += 1
        return found

    def speak(self, text: str, language: str, hand: Hand) -> None:
        """Hand over the audio of `text` while it is made."""
        self._set_voice(voice_for(language, self._default, self._by_language, self._voices))
        self._hand = hand
        data = plain_text(text).encode()
        status = self._library.espeak_Synth(data, len(data) + 1, 0, 1, 0, _UTF8_WITH_END_PAUSE, None, None)
        if status != 0:
            raise VoiceError(f"espeak-ng could not speak a sentence (status {status})", "engine")

    def _made(self, wav: Any, count: int, events: Any) -> int:
        """Take a piece from espeak (Any: pointers of ctypes); 1 stops it."""
        words, at = [], 0
        while events[at].type:
            event = events[at]
            if event.type == _WORD and event.text_position > 0:
                start = event.text_position - 1
                words.append(SpokenWord(start, start + event.length, event.audio_position / 1000))
            at += 1
        pcm = ctypes.string_at(wav, 2 * count) if wav and count > 0 else b""
        return _GO_ON if self._hand(Audio(pcm, self._rate, tuple(words))) else _STOP

    def stop(self) -> None:
        """Do nothing: espeak asks whether to go on with every piece of 30 ms."""

    def _set_voice(self, voice: VoiceDescription) -> None:
        if voice == self._current:
            return
        _, plus, variant = voice.id.partition("+")
        status = self._library.espeak_SetVoiceByName(voice.id.encode())
        current = self._library.espeak_GetCurrentVoice()
        if plus and not _text(current.contents.identifier).endswith("+" + variant):  # it takes any variant, silently
            raise VoiceError(
                f"there is no variant {variant!r}; `espeak-ng --voices=variant` lists them", "unknown_voice"
            )
        if status != 0:
            raise VoiceError(f"espeak-ng cannot load its voice {voice.name!r}", "unknown_voice")
        self._current = voice
        self._library.espeak_SetParameter(_RATE, self._settings.rate, 0)
        self._library.espeak_SetParameter(_VOLUME, round(100 * self._settings.volume), 0)
        self._library.espeak_SetParameter(_PITCH, self._settings.pitch, 0)


def library_version() -> str:
    """Return the version of espeak-ng and the library's name; raise VoiceError where there is none."""
    library, _ = _load_library()
    library.espeak_Info.argtypes = [c_void_p]
    library.espeak_Info.restype = c_char_p
    version = _text(library.espeak_Info(None)).split(" ")[0]
    return f"espeak-ng {version} ({library._name})"


def _load_library() -> tuple[ctypes.CDLL, bytes | None]:
    """Return the library, typed, and the folder of its data (None: its own); raise VoiceError."""
    for name in _LIBRARIES:
        try:
            return _typed(ctypes.CDLL(name)), None
        except OSError:
            continue
    try:
        import espeakng_loader

        data = espeakng_loader.get_data_path()
        return _typed(ctypes.CDLL(espeakng_loader.get_library_path())), data.encode()
    except (ImportError, OSError, RuntimeError) as error:
        raise VoiceError(
            "espeak-ng is not installed: sudo apt install espeak-ng, or pip install espeakng-loader", "missing"
        ) from error


def _typed(library: ctypes.CDLL) -> ctypes.CDLL:
    library.espeak_Initialize.argtypes = [c_int, c_int, c_char_p, c_int]
    library.espeak_SetSynthCallback.argtypes = [_Callback]
    library.espeak_SetSynthCallback.restype = None
    library.espeak_Synth.argtypes = [c_char_p, c_size_t, c_uint, c_int, c_uint, c_uint, c_void_p, c_void_p]
    library.espeak_ListVoices.argtypes = [c_void_p]
    library.espeak_ListVoices.restype = POINTER(POINTER(_Voice))
    library.espeak_GetCurrentVoice.restype = POINTER(_Voice)
    library.espeak_SetVoiceByName.argtypes = [c_char_p]
    library.espeak_SetParameter.argtypes = [c_int, c_int, c_int]
    return library


def _text(name: bytes | None) -> str:
    return (name or b"").decode("utf-8", "replace")


if __name__ == "__main__":
    serve(EspeakEngine)
