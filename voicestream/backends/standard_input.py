"""Standard input, beside the event loop; and in place of a microphone: a WAV of any width, or raw 16-bit at 16 kHz."""

from __future__ import annotations

import asyncio
import os
import struct
import sys
import threading
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voicestream.errors import InputError
from voicestream.hearing.frames import cut_frames, pace_frames
from voicestream.hearing.live_channel import LiveChannel
from voicestream.vocabulary import SAMPLE_RATE, Frame, Samples

QUICKER = 1.01
"""A pipe is read one percent quicker than the clock, so that a sender with a quick clock leaves no backlog."""

MOST_BYTES = 65_536
"""Read at a time: what a pipe of Linux holds, so that one that is full is empty after one read."""


class InputMicrophone:
    """The bytes of a file descriptor, standard input unless another is named, as the microphone."""

    def __init__(self, descriptor: int | None = None, is_fast: bool = False) -> None:
        self._descriptor = descriptor
        self._is_fast = is_fast

    @asynccontextmanager
    async def listen(self) -> AsyncGenerator[AsyncIterator[Frame], None]:
        """Hand out frames until the sender closes, at the pace of the clock or as they come.

        What is no audio raises InputError at the first frame: a sender may take its time, and nothing else waits.
        """
        descriptor = sys.stdin.fileno() if self._descriptor is None else self._descriptor
        reader = InputReader(descriptor)
        frames = pace_frames(_frames(reader), self._is_fast, QUICKER)
        try:
            yield frames
        finally:
            await frames.aclose()


async def _frames(reader: InputReader) -> AsyncGenerator[Frame, None]:
    form, first = await _find_form(reader)
    async with aclosing(cut_frames(_pieces(reader, form, first), form.rate)) as frames:
        async for frame in frames:
            yield frame


@dataclass(frozen=True, slots=True)
class _Form:
    """How the bytes are to be read."""

    rate: int = SAMPLE_RATE
    channels: int = 1
    bytes_per_sample: int = 2
    is_float: bool = False


class InputReader:
    """Reads a descriptor in a thread of its own, one request after the other.

    The thread is a daemon: a read of a terminal or an idle pipe cannot be called off, and must not hold up the exit.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    async def read(self, count: int) -> bytes:
        """Return `count` bytes, or fewer at the end."""
        data = b""
        while len(data) < count and (piece := await self.read_some(count - len(data))):
            data += piece
        return data

    async def read_some(self, most: int) -> bytes:
        """Return what comes next, at most so many bytes; nothing at the end; raise InputError."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bytes | OSError] = loop.create_future()

        def give(data: bytes | OSError) -> None:
            if not answer.done():
                answer.set_result(data)

        def work() -> None:
            data: bytes | OSError
            try:
                data = os.read(self._descriptor, most)
            except OSError as error:
                data = error
            if not loop.is_closed():
                loop.call_soon_threadsafe(give, data)

        threading.Thread(target=work, name="standard input", daemon=True).start()
        data = await answer
        if isinstance(data, OSError):
            raise InputError(f"standard input: cannot be read: {data.strerror}") from data
        return data


async def _find_form(reader: InputReader) -> tuple[_Form, bytes]:
    """Read the header, if there is one; return what follows it in the same read."""
    head = await reader.read(12)
    if not head:
        raise InputError("standard input: is empty; expected a WAV or raw 16-bit mono at 16 kHz")
    if head[:4] == b"fLaC" or head[:4] == b"OggS":
        raise InputError("standard input: is FLAC or Ogg; only WAV and raw 16-bit can be read from a pipe")
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        return _Form(), head
    form = None
    while True:
        chunk = await reader.read(8)
        if len(chunk) < 8:
            raise InputError("standard input: is truncated: the WAV header ends before the samples")
        name, length = struct.unpack("<4sI", chunk)
        if name == b"data":
            break
        if length > 1 << 20:
            raise InputError("standard input: is damaged: a chunk of the WAV header is over a megabyte long")
        body = await reader.read(length + length % 2)
        if name == b"fmt ":
            form = _wav_form(body)
    if form is None:
        raise InputError("standard input: is damaged: the WAV header does not tell its format")
    return form, b""


def _wav_form(body: bytes) -> _Form:
    """Read a format chunk. http://soundfile.sapp.org/doc/WaveFormat/"""
    if len(body) < 16:
        raise InputError("standard input: is damaged: the WAV format is too short")
    kind, channels, rate, _, _, bits = struct.unpack("<HHIIHH", body[:16])
    if kind == 0xFFFE and len(body) >= 26:  # WAVE_FORMAT_EXTENSIBLE: the true kind begins the GUID
        (kind,) = struct.unpack("<H", body[24:26])
    is_float = kind == 3
    if kind not in (1, 3) or bits not in ((32, 64) if is_float else (8, 16, 24, 32)):
        raise InputError(f"standard input: WAV of kind {kind} with {bits} bits cannot be read from a pipe")
    if not 1 <= channels <= 32 or not 4_000 <= rate <= 384_000:
        raise InputError(f"standard input: is damaged: a WAV of {channels} channels at {rate} Hz")
    return _Form(rate, channels, bits // 8, is_float)


async def _pieces(reader: InputReader, form: _Form, first: bytes) -> AsyncGenerator[Samples, None]:
    stride = form.channels * form.bytes_per_sample
    channel = LiveChannel()
    data = first
    while True:
        more = await reader.read_some(MOST_BYTES)
        data += more
        whole = len(data) // stride * stride
        if whole:
            yield channel.pick(_decode(data[:whole], form).reshape(-1, form.channels))
        if not more:
            return
        data = data[whole:]


def _decode(data: bytes, form: _Form) -> NDArray[np.float32]:
    """Return the samples of all channels, one after the other, as float32 in [-1, 1]."""
    width = form.bytes_per_sample
    if form.is_float:
        samples = np.frombuffer(data, f"<f{width}").astype(np.float32)
        return np.nan_to_num(samples, posinf=1, neginf=-1).clip(-1, 1)
    if width == 1:
        return (np.frombuffer(data, np.uint8).astype(np.float32) - np.float32(128)) / np.float32(128)
    if width == 3:
        octets = np.frombuffer(data, np.uint8).reshape(-1, 3)
        wide = np.zeros((len(octets), 4), np.uint8)
        wide[:, 1:] = octets
        return wide.reshape(-1).view("<i4").astype(np.float32) / np.float32(2**31)
    return np.frombuffer(data, f"<i{width}").astype(np.float32) / np.float32(2 ** (8 * width - 1))
