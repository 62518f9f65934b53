"""Laws of pyttsx3 on macOS and Windows, with its own engine and stand-ins for their drivers.

The stand-ins keep the drivers' order of calls (pyttsx3 2.99, drivers/nsss.py and drivers/sapi5.py): when they are busy,
when the loop ends, and which file lies there then. What the system itself does is a tone as long as the text.
"""

from __future__ import annotations

import struct
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pyttsx3")

import pyttsx3
from pyttsx3.voice import Voice

from voicestream.backends.voice_pyttsx3 import LONGEST, Pyttsx3Engine
from voicestream.backends.voice_wire import Audio, VoiceSettings
from voicestream.errors import VoiceError

RATE = 22_050
LETTER = 100
"""Samples that a letter takes."""


def tone(text: str) -> bytes:
    return np.full(LETTER * len(text), len(text) % 100, "<i2").tobytes()


def as_aiff(pcm: bytes) -> bytes:
    """Return what NSSpeechSynthesizer writes: AIFF, big endian, whatever the name of the file says."""
    sound = struct.pack(">II", 0, 0) + np.frombuffer(pcm, "<i2").astype(">i2").tobytes()
    rate = struct.pack(">HQ", 0x3FFF + 14, RATE << 49)  # an 80-bit float
    common = struct.pack(">hIh", 1, len(pcm) // 2, 16) + rate
    chunks = b"COMM" + struct.pack(">I", len(common)) + common + b"SSND" + struct.pack(">I", len(sound)) + sound
    return b"FORM" + struct.pack(">I", 4 + len(chunks)) + b"AIFF" + chunks


def as_wav(pcm: bytes) -> bytes:
    """Return what SAPI's SpFileStream writes: a format chunk of 18 bytes, with an empty extension."""
    form = struct.pack("<HHIIHHH", 1, 1, RATE, 2 * RATE, 2, 16, 0)
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(pcm)) + pcm
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


class Driver:
    """What both drivers have in common."""

    voices = (Voice("id.anna", "Anna", ["de_DE"]), Voice("id.alex", "Alex", ["en_US"]))

    def __init__(self, proxy: Any) -> None:
        self._proxy = proxy
        self._looping = False
        self._pending: tuple[str, str] | None = None
        self.set: dict[str, object] = {"voice": "id.alex", "rate": 200, "volume": 1.0}
        self.said: list[str] = []

    def getProperty(self, name: str) -> object:
        return self.voices if name == "voices" else self.set[name]

    def setProperty(self, name: str, value: object) -> None:
        assert name in self.set, "no pitch here"
        self.set[name] = value

    def stop(self) -> None: ...

    def destroy(self) -> None: ...

    def endLoop(self) -> None:
        self._looping = False


class MacDriver(Driver):
    """nsss: begins to write, and is busy until its loop tells that the synthesizer has finished; a stop cuts it off."""

    def save_to_file(self, text: str, filename: str) -> None:
        self._proxy.setBusy(True)
        Path(filename).write_bytes(as_aiff(b""))
        self._pending = (text, filename)

    def stop(self) -> None:
        self._pending = None

    def startLoop(self) -> None:
        self._looping = True
        self._proxy.setBusy(False)  # onPumpFirst_
        while self._looping:
            assert self._pending is not None, "the loop has nothing that could end it"
            (text, filename), self._pending = self._pending, None
            self.said.append(text)
            Path(filename).write_bytes(as_aiff(tone(text)))
            self._proxy.notify("finished-utterance", completed=True)
            self._proxy.setBusy(False)


class WindowsDriver(Driver):
    """sapi5: writes before it returns; the event of the stream's end, which ends the loop, waits for the loop."""

    has_ended = False

    def save_to_file(self, text: str, filename: str) -> None:
        self.said.append(text)
        Path(filename).write_bytes(as_wav(tone(text)))
        self.has_ended = True

    def startLoop(self) -> None:
        self._looping = True
        self._proxy.setBusy(False)
        while self._looping:
            assert self.has_ended, "the loop has nothing that could end it"
            self.has_ended = False
            self._proxy.setBusy(False)
            self.endLoop()


@pytest.fixture(params=[("nsss", MacDriver), ("sapi5", WindowsDriver)], ids=["macos", "windows"])
def drivers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[Driver]:
    """Put a stand-in where pyttsx3 looks for its driver; return those that were built."""
    name, kind = request.param
    built: list[Driver] = []

    def build(proxy: Any) -> Driver:
        built.append(kind(proxy))
        return built[-1]

    module = types.ModuleType(f"pyttsx3.drivers.{name}")
    module.buildDriver = build  # type: ignore[attr-defined] # a module made here
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr("pyttsx3.engine.engines_by_sys_platform", lambda: (name,))
    monkeypatch.setattr(pyttsx3, "_activeEngines", {})
    return built


def spoken(engine: Pyttsx3Engine, text: str, language: str = "", most: int = 1_000) -> list[Audio]:
    pieces: list[Audio] = []

    def hand(audio: Audio) -> bool:
        pieces.append(audio)
        return len(pieces) < most

    engine.speak(text, language, hand)
    return pieces


def test_each_sentence_is_its_own_audio_however_many(drivers: list[Driver]) -> None:
    engine = Pyttsx3Engine(VoiceSettings())
    for number in range(1, 60):
        (audio,) = spoken(engine, "a" * number)
        assert (audio.pcm, audio.rate) == (tone("a" * number), RATE)
    assert len(drivers) == 1


def test_voice_rate_and_volume_are_set_and_follow_the_language(drivers: list[Driver]) -> None:
    engine = Pyttsx3Engine(VoiceSettings(rate=150, volume=0.5))
    assert [(voice.id, voice.language) for voice in engine.voices()] == [("id.anna", "de_DE"), ("id.alex", "en_US")]
    spoken(engine, "Hallo.", "de")
    assert drivers[0].set == {"voice": "id.anna", "rate": 150, "volume": 0.5}
    spoken(engine, "Hello.", "en")
    assert drivers[0].set["voice"] == "id.alex"


def test_an_unknown_voice_names_the_nearest(drivers: list[Driver]) -> None:
    with pytest.raises(VoiceError, match="Anna"):
        Pyttsx3Engine(VoiceSettings(voice="Ana"))
    assert len(drivers) == 1


def test_a_long_text_comes_in_pieces_and_ends_when_it_is_stopped(drivers: list[Driver]) -> None:
    engine = Pyttsx3Engine(VoiceSettings())
    text = "word " * 400
    assert "".join(drivers[0].said) == ""
    pieces = spoken(engine, text)
    assert len(pieces) > 4
    assert "".join(drivers[0].said).split() == text.split()
    assert max(map(len, drivers[0].said)) <= LONGEST
    assert len(spoken(engine, text, most=2)) == 2
    assert spoken(engine, "Yes.")[0].pcm == tone("Yes.")


def test_nothing_that_the_systems_take_for_commands_reaches_them(drivers: list[Driver]) -> None:
    engine = Pyttsx3Engine(VoiceSettings())
    spoken(engine, "[[slnc 5000]] <volume level='0'/> one \x1b[2J \x01 two &amp;")
    (said,) = drivers[0].said
    assert not set("[]<>\x1b\x01") & set(said)
    assert "one" in said
