"""Reads audio as it arrives from a server: bare 16-bit samples, or a WAV whose header says what they are."""

from __future__ import annotations

import re
import struct

import numpy as np

from voicestream.errors import VoiceError
from voicestream.vocabulary import Samples

USUAL_RATE = 24_000
"""Hertz of bare samples: what OpenAI and the servers that follow it send.
https://platform.openai.com/docs/guides/text-to-speech"""

_LONGEST_HEADER = 64 * 1024


class PcmStream:
    """Turns bytes, cut anywhere, into samples."""

    def __init__(self, content_type: str = "") -> None:
        rate = re.search(r"rate=(\d{4,6})", content_type)
        self.rate = int(rate[1]) if rate else USUAL_RATE
        """Hertz; certain once samples came."""
        self._channels = 1
        self._bytes = b""
        self._is_open = False

    def add(self, data: bytes) -> Samples:
        """Return the samples that `data` completes; raise VoiceError where the audio is of another kind."""
        self._bytes += data
        if not self._is_open:
            self._is_open = self._open()
        if not self._is_open:
            return np.zeros(0, np.float32)
        width = 2 * self._channels
        whole = len(self._bytes) - len(self._bytes) % width
        frames = np.frombuffer(self._bytes[:whole], "<i2").reshape(-1, self._channels)
        self._bytes = self._bytes[whole:]
        samples: Samples = frames.mean(axis=1, dtype=np.float32) / np.float32(32768)
        return samples

    def _open(self) -> bool:
        """Read a WAV's header, where there is one; tell whether samples follow now."""
        if len(self._bytes) < 4:
            return False
        if self._bytes[:4] != b"RIFF":
            for magic, name in (
                (b"ID3", "MP3"),
                (b"OggS", "Ogg"),
                (b"fLaC", "FLAC"),
                (b"\xff\xfb", "MP3"),
                (b"{", "JSON"),
            ):
                if self._bytes.startswith(magic):
                    raise VoiceError(f"the voice's server sent {name} instead of PCM or WAV", "format")
            return True
        at = 12
        while len(self._bytes) >= at + 8:
            chunk, size = self._bytes[at : at + 4], int.from_bytes(self._bytes[at + 4 : at + 8], "little")
            if chunk == b"data":  # its size is not asked: a WAV that is streamed does not know it
                self._bytes = self._bytes[at + 8 :]
                return True
            if chunk == b"fmt ":
                if len(self._bytes) < at + 24:
                    return False
                kind, self._channels, self.rate, bits = struct.unpack_from("<HHI6xH", self._bytes, at + 8)
                if kind not in (1, 0xFFFE) or bits != 16 or not self._channels or not self.rate:
                    raise VoiceError(f"the voice's server sent a WAV of {bits} bits, expected 16", "format")
            at += 8 + size + size % 2
        if len(self._bytes) > _LONGEST_HEADER:
            raise VoiceError("the voice's server sent a WAV without audio", "format")
        return False
