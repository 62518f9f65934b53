"""The line between a voice and the child process that makes its sound: frames of bytes, and the child's loop.

A frame is a header (little endian: bytes of the payload u32, kind u8, number of the request u32) and a payload. It
knows no engine, and imports no numpy: a child starts in a tenth of a second and needs 15 MB less.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import struct
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import Protocol

from voicestream.errors import VoiceError
from voicestream.speaking.voice_names import VoiceDescription

_HEADER = struct.Struct("<IBI")
_AUDIO = struct.Struct("<IH")
_WORD = struct.Struct("<IIf")
_LONGEST_PAYLOAD = 64 * 1024 * 1024


class Kind(IntEnum):
    """What a frame is. To the child: SPEAK, CANCEL, LIST. From it: READY, AUDIO, END, FAULT, VOICES."""

    SPEAK = 1
    CANCEL = 2
    LIST = 3
    READY = 4
    AUDIO = 5
    END = 6
    FAULT = 7
    VOICES = 8


@dataclass(frozen=True, slots=True)
class VoiceFrame:
    """One message between a voice and its child."""

    kind: Kind
    request: int = 0
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word that begins in a piece of audio: its place in the text, in characters, and its time in seconds."""

    start: int
    end: int
    time: float


@dataclass(frozen=True, slots=True)
class Audio:
    """A piece of a voice's audio: mono, 16 bit, little endian."""

    pcm: bytes
    rate: int
    """Hertz."""
    words: tuple[SpokenWord, ...] = ()


@dataclass(frozen=True, slots=True)
class SpeakRequest:
    """A text to be spoken, and its language (two letters, or empty)."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class VoiceSettings:
    """What a child is started with."""

    voice: str = ""
    rate: int = 175
    """Words a minute."""
    pitch: int = 50
    """0 to 100."""
    volume: float = 1.0
    voices: tuple[tuple[str, str], ...] = ()
    """Language and the voice that speaks it."""
    folders: tuple[str, ...] = ()
    """Where the models of neural voices lie."""
    threads: int = 2

    def as_json(self) -> str:
        """Return the settings as the child's argument."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> VoiceSettings:
        """Return the settings that as_json wrote."""
        fields = json.loads(text)
        fields["voices"] = tuple((language, voice) for language, voice in fields["voices"])
        fields["folders"] = tuple(fields["folders"])
        return VoiceSettings(**fields)


def encode(frame: VoiceFrame) -> bytes:
    """Return the bytes of a frame."""
    return _HEADER.pack(len(frame.payload), frame.kind, frame.request) + frame.payload


class FrameDecoder:
    """Turns bytes, cut anywhere, into frames."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def add(self, data: bytes) -> list[VoiceFrame]:
        """Return the frames that `data` completes; raise VoiceError where they are no frames."""
        self._bytes += data
        frames, at = [], 0
        while len(self._bytes) - at >= _HEADER.size:
            size, kind, request = _HEADER.unpack_from(self._bytes, at)
            if size > _LONGEST_PAYLOAD or kind not in Kind.__members__.values():
                raise VoiceError("the voice's process sent something that is no frame", "protocol")
            end = at + _HEADER.size + size
            if len(self._bytes) < end:
                break
            frames.append(VoiceFrame(Kind(kind), request, bytes(self._bytes[at + _HEADER.size : end])))
            at = end
        del self._bytes[:at]
        return frames


def encode_audio(audio: Audio) -> bytes:
    """Return the payload of an AUDIO frame."""
    words = b"".join(_WORD.pack(word.start, word.end, word.time) for word in audio.words)
    return _AUDIO.pack(audio.rate, len(audio.words)) + words + audio.pcm


def decode_audio(payload: bytes) -> Audio:
    """Return what encode_audio packed."""
    rate, count = _AUDIO.unpack_from(payload)
    end = _AUDIO.size + count * _WORD.size
    words = tuple(SpokenWord(*fields) for fields in _WORD.iter_unpack(payload[_AUDIO.size : end]))
    return Audio(payload[end:], rate, words)


def encode_request(request: SpeakRequest) -> bytes:
    """Return the payload of a SPEAK frame."""
    return json.dumps(asdict(request)).encode()


def decode_request(payload: bytes) -> SpeakRequest:
    """Return what encode_request packed."""
    return SpeakRequest(**json.loads(payload))


def encode_voices(voices: Sequence[VoiceDescription]) -> bytes:
    """Return the payload of a VOICES frame."""
    return json.dumps([asdict(voice) for voice in voices]).encode()


def decode_voices(payload: bytes) -> list[VoiceDescription]:
    """Return the voices of a VOICES frame."""
    return [VoiceDescription(**fields) for fields in json.loads(payload)]


# ---------------------------------------------------------------------------------------------- the child's side

Hand = Callable[[Audio], bool]
"""Hands a piece of audio to the parent; returns False once the request was cancelled, and the engine is to stop."""


class Engine(Protocol):
    """What makes the sound inside a child; called on its main thread only."""

    def speak(self, text: str, language: str, hand: Hand) -> None:
        """Make the audio of `text` and hand it over piece by piece; raise VoiceError."""
        ...

    def stop(self) -> None:
        """Help a running `speak` to end soon; called on another thread, after `hand` began to return False."""
        ...

    def voices(self) -> list[VoiceDescription]:
        """Return the voices that are installed."""
        ...


def serve(open_engine: Callable[[VoiceSettings], Engine]) -> None:
    """Answer the parent's requests until it is gone; the body of a voice's child process.

    Descriptor 1 is kept for the frames alone: engines and their libraries print to it (pyttsx3 does).
    """
    line = _Line(os.dup(1))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the terminal is for the parent to handle
    _die_with_parent()
    try:
        engine = open_engine(VoiceSettings.from_json(sys.argv[1]))
    except VoiceError as error:
        line.send(VoiceFrame(Kind.FAULT, 0, _fault(error)))
        return
    line.send(VoiceFrame(Kind.READY))
    requests: queue.Queue[VoiceFrame] = queue.Queue()
    threading.Thread(target=_read, args=(line, requests, engine), daemon=True).start()
    while True:
        _answer(engine, line, requests.get())


class _Line:
    """The child's end of the line."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.cancelled = 0
        """The newest request that was cancelled; requests count upwards."""

    def send(self, frame: VoiceFrame) -> None:
        rest = memoryview(encode(frame))
        while rest:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except OSError:  # the parent is gone
                os._exit(0)


def _read(line: _Line, requests: queue.Queue[VoiceFrame], engine: Engine) -> None:
    decoder = FrameDecoder()
    while data := os.read(0, 65536):
        for frame in decoder.add(data):
            if frame.kind is Kind.CANCEL:
                line.cancelled = max(line.cancelled, frame.request)
                engine.stop()
            else:
                requests.put(frame)
    os._exit(0)  # the parent closed the line or died: nobody listens, whatever the engine is doing


def _answer(engine: Engine, line: _Line, frame: VoiceFrame) -> None:
    def hand(audio: Audio) -> bool:
        if line.cancelled >= frame.request:
            return False
        if audio.pcm or audio.words:
            line.send(VoiceFrame(Kind.AUDIO, frame.request, encode_audio(audio)))
        return line.cancelled < frame.request

    try:
        if frame.kind is Kind.LIST:
            line.send(VoiceFrame(Kind.VOICES, frame.request, encode_voices(engine.voices())))
        elif line.cancelled < frame.request:
            request = decode_request(frame.payload)
            engine.speak(request.text, request.language, hand)
    except VoiceError as error:
        line.send(VoiceFrame(Kind.FAULT, frame.request, _fault(error)))
    except Exception as error:  # the child's stage ends here; a foreign library may raise anything
        failure = VoiceError(f"the voice failed: {type(error).__name__}: {error}", "engine")
        line.send(VoiceFrame(Kind.FAULT, frame.request, _fault(failure)))
    else:
        line.send(VoiceFrame(Kind.END, frame.request))


def _fault(error: VoiceError) -> bytes:
    return json.dumps({"message": str(error), "code": error.code}).encode()


def decode_fault(payload: bytes) -> VoiceError:
    """Return the error of a FAULT frame."""
    return VoiceError(**json.loads(payload))


def _die_with_parent() -> None:
    """Let Linux kill this process when its parent dies, even while an engine hangs; elsewhere the line's end does it.

    https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html
    """
    if sys.platform != "linux":
        return
    import ctypes

    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL, 0, 0, 0)
