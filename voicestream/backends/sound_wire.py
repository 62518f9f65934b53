"""The line between the assistant and the process that runs PortAudio: frames of bytes, read and written at both ends.

A frame is a header (little endian: bytes of the payload u32, kind u8, number u32, time f64) and a payload. No numpy is
imported here: PortAudio's process needs 15 MB less without it.
"""

from __future__ import annotations

import json
import os
import struct
import sys
import threading
from contextlib import suppress
from enum import IntEnum
from typing import IO, NamedTuple

_HEADER = struct.Struct("<IBId")

PRIORITY, NICENESS = 5, -11
"""Of the threads that carry sound, where permitted (limits rtprio and nice): what PulseAudio takes for its own."""


class Kind(IntEnum):
    """What a frame is. To PortAudio's process: CALL and FILLED; from it: all others."""

    CALL = 1
    """Work to be done, as JSON; the number is given back with its ANSWER or FAULT."""
    FILLED = 2
    """A block for the stream of that number: float32, mono, or nothing for silence. The answer to WANTED."""
    ANSWER = 3
    """What a call gave, as JSON."""
    FAULT = 4
    """Why a call failed, as JSON: message and code of a DeviceError."""
    OPENING = 5
    """The stream of that number begins: its rate and channels, as JSON. Comes before its first block."""
    RECORDED = 6
    """A block of that stream: float32, the channels in turn. The time is that of its last sample."""
    WANTED = 7
    """That stream asks for a block; the payload is its length in samples, the time that of its first sample."""
    ENDED = 8
    """That stream ended by itself."""


class Frame(NamedTuple):
    """One message."""

    kind: Kind
    number: int
    """Of the call or the stream."""
    time: float = 0.0
    """Seconds of the monotonic clock, which all processes of a machine share."""
    payload: bytes = b""


def encode(frame: Frame) -> bytes:
    """Return the bytes of a frame."""
    return _HEADER.pack(len(frame.payload), frame.kind, frame.number, frame.time) + frame.payload


class Line:
    """Both directions; any thread may write, one reads."""

    def __init__(self, source: IO[bytes], sink: IO[bytes]) -> None:
        self._source = source
        self._sink = sink
        self._writing = threading.Lock()

    def read(self) -> Frame | None:
        """Wait for a frame; return None where the other end has gone."""
        header = self._source.read(_HEADER.size)
        if len(header) < _HEADER.size:
            return None
        size, kind, number, time = _HEADER.unpack(header)
        payload = self._source.read(size)
        return Frame(Kind(kind), number, time, payload) if len(payload) == size else None

    def write(self, kind: Kind, number: int, payload: bytes = b"", time: float = 0.0) -> None:
        """Send a frame."""
        self.send(encode(Frame(kind, number, time, payload)))

    def send(self, frames: bytes) -> None:
        """Send encoded frames at once; where the other end has gone, its reader will know."""
        rest = memoryview(frames)
        with self._writing, suppress(BrokenPipeError):
            while rest:
                rest = rest[os.write(self._sink.fileno(), rest) :]

    def write_json(self, kind: Kind, number: int, fields: object) -> None:
        """Send a frame whose payload is JSON."""
        self.write(kind, number, json.dumps(fields).encode())


def take_precedence() -> None:
    """Run this thread before all others, as far as the system allows: 30 ms of buffer do not outlast a busy machine."""
    if sys.platform != "linux":  # elsewhere PortAudio's threads have it already
        return
    try:
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(PRIORITY))
    except OSError:
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
