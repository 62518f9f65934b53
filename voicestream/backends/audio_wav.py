"""Mono 16-bit WAV as it is written: a file that can be read at any moment, or a pipe whose reader sets the pace."""

from __future__ import annotations

import errno
import os
import queue
import struct
import threading
from collections.abc import Callable
from typing import IO

import numpy as np

from voicestream.vocabulary import Samples

LONGEST_BYTES = 0xFFFFFFFF - 36
"""Of samples that a WAV's header can tell (24 hours at 24 kHz); a longer one tells this, as that of a stream does."""

MOST_UNSENT_BYTES = 16_000_000
"""Kept for a reader that does not read: five minutes; then the pipe counts as broken."""


class WavFile:
    """A WAV that can be read while it grows; where it cannot be rewound, its length stays open."""

    def __init__(self, file: IO[bytes], rate: int) -> None:
        self._file = file
        self._rate = rate
        self._bytes = 0
        self._can_seek = file.seekable()
        self._file.write(wav_header(rate, 0 if self._can_seek else None))

    def write(self, samples: Samples) -> None:
        """Append samples, and let the header tell them; raise OSError."""
        pcm = as_pcm16(samples)
        self._file.write(pcm)
        self._bytes += len(pcm)
        if self._can_seek:
            self._file.seek(0)
            self._file.write(wav_header(self._rate, self._bytes))
            self._file.seek(0, 2)
        self._file.flush()


class WavPipe:
    """A WAV of open length on a pipe. A thread writes it: a reader that does not read holds up nothing but the sound.

    The thread is a daemon: a write to such a pipe cannot be called off, and must not hold up the exit.
    """

    def __init__(self, descriptor: int, rate: int, on_progress: Callable[[], None]) -> None:
        """Write to `descriptor`; `on_progress` is called in the thread when a part was written, or the pipe broke."""
        self._descriptor = descriptor
        self._on_progress = on_progress
        self._parts: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._given = 0
        self._sent = 0
        self.error: OSError | None = None
        """Why nothing can be written any more, such as that the reader has gone."""
        threading.Thread(target=self._send, name="audio pipe", daemon=True).start()
        self._give(wav_header(rate, None))

    @property
    def unsent_bytes(self) -> int:
        """Bytes that were given and are not written yet."""
        return self._given - self._sent

    def write(self, samples: Samples) -> None:
        """Append samples; raise OSError."""
        if self.error is not None:
            raise self.error
        if self.unsent_bytes > MOST_UNSENT_BYTES:
            raise OSError(errno.ENOBUFS, "nobody reads it")
        self._give(as_pcm16(samples))

    def _give(self, data: bytes) -> None:
        self._given += len(data)
        self._parts.put(data)

    def _send(self) -> None:
        while self.error is None:
            rest = self._parts.get()
            try:
                while rest:
                    written = os.write(self._descriptor, rest)
                    self._sent += written
                    rest = rest[written:]
            except OSError as error:
                self.error = error
            self._on_progress()


def as_pcm16(samples: Samples) -> bytes:
    """Return samples as 16 bits each, little endian."""
    return np.clip(np.round(samples * 32768), -32768, 32767).astype("<i2").tobytes()


def wav_header(rate: int, length_bytes: int | None) -> bytes:
    """Return the 44 bytes before mono 16-bit samples; `None` is the length of a stream.

    http://soundfile.sapp.org/doc/WaveFormat/
    """
    length = LONGEST_BYTES if length_bytes is None else min(length_bytes, LONGEST_BYTES)
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16)
    return struct.pack("<4sI4s", b"RIFF", 36 + length, b"WAVE") + form + struct.pack("<4sI", b"data", length)
