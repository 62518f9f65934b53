"""Recordings in place of a microphone; a growing WAV file, or nothing, in place of a loudspeaker.

Both keep the pace of the event loop's clock, so that a conversation runs the same on a loop with virtual time.
"""

from __future__ import annotations

import asyncio
import struct
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol, Self

from voicestream.backends.audio_wav import WavFile, WavPipe
from voicestream.errors import DeviceError, InputError
from voicestream.hearing.frames import PIECE, cut_frames, pace_frames
from voicestream.hearing.live_channel import LiveChannel
from voicestream.speaking.playback import MarkKind, Playback
from voicestream.speaking.reference import Reference
from voicestream.stages import ended
from voicestream.vocabulary import Frame, Played, Samples, Sentence, Sound


class FileMicrophone:
    """A recording of any rate, width and channel count (a live one is taken) as the microphone."""

    def __init__(self, path: Path, is_fast: bool = False) -> None:
        self._path = path
        self._is_fast = is_fast

    def listen(self) -> AbstractAsyncContextManager[AsyncIterator[Frame]]:
        """Open the file and hand out its frames at the pace of the clock, or at once if fast; raise InputError."""
        return self._listen()

    @asynccontextmanager
    async def _listen(self) -> AsyncGenerator[AsyncIterator[Frame], None]:
        import soundfile

        check_wav_length(self._path)
        try:
            source = soundfile.SoundFile(self._path)
        except soundfile.LibsndfileError as error:
            raise InputError(f"{self._path}: is not audio that can be read (WAV, FLAC, …): {_reason(error)}") from error
        with source:
            if not source.frames:
                raise InputError(f"{self._path}: holds no audio")
            frames = pace_frames(cut_frames(_file_pieces(source, self._path), source.samplerate), self._is_fast)
            try:
                yield frames
            finally:
                await frames.aclose()


def check_wav_length(path: Path) -> None:
    """Raise InputError if `path` is no file, is empty, or is a WAV whose header promises more than there is."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(12)
            if not head:
                raise InputError(f"{path}: is empty")
            if head[:4] != b"RIFF" or head[8:] != b"WAVE":
                return
            for _ in range(64):  # a WAV has a handful of chunks before its samples
                chunk = file.read(8)
                if len(chunk) < 8:
                    raise InputError(f"{path}: is truncated: its header ends before the samples")
                name, length = struct.unpack("<4sI", chunk)
                here = file.tell()
                if name == b"data":
                    # A recorder that writes to a pipe leaves 0 or a huge length: then the file's end is the end.
                    if here + length > size and length < 0x7FFFF000:
                        raise InputError(f"{path}: is truncated: {size - here} of {length} bytes of audio are there")
                    return
                file.seek(here + length + length % 2)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error


class _Source(Protocol):
    def read(self, frames: int, dtype: str, always_2d: bool) -> Samples: ...
    @property
    def frames(self) -> int: ...
    @property
    def samplerate(self) -> int: ...


async def _file_pieces(source: _Source, path: Path) -> AsyncGenerator[Samples, None]:
    import soundfile

    left = source.frames
    channel = LiveChannel()
    while left > 0:
        try:
            piece = source.read(round(PIECE * source.samplerate), dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise InputError(f"{path}: is damaged: {_reason(error)}") from error
        if not len(piece):
            raise InputError(f"{path}: is truncated: {left / source.samplerate:.2f} s of its audio are missing")
        left -= len(piece)
        yield channel.pick(piece)


def _reason(error: Exception) -> str:
    return str(error).rpartition(": ")[2].rstrip(".").lower()


UNSENT_BYTES = 64 * 1024
"""That a pipe may be behind before the voice waits for its reader."""


class FileSpeaker:
    """Plays into a WAV file (`-` is standard output), or to nobody, at the pace of the event loop's clock.

    Silence is written too: the file's time line is the conversation's. If fast, it writes at once all that it is given,
    and no silence.
    """

    def __init__(
        self,
        path: str = "",
        rate: int = 24_000,
        *,
        ahead: float = 2.0,
        block: float = 0.01,
        is_fast: bool = False,
    ) -> None:
        self.rate = rate
        self.on_sound: Callable[[MarkKind, Sentence, float], None] = lambda kind, sentence, at: None
        self._path = path
        self._ahead = ahead
        self._block = block
        self._is_fast = is_fast
        self._is_drained = False
        self._playback = Playback(rate)
        self._reference = Reference(rate)
        self._changed = asyncio.Event()
        self._file: IO[bytes] | None = None
        self._wav: WavFile | WavPipe | None = None
        self._start = 0.0
        self._error: OSError | None = None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._start = self._loop.time()
        self._reference.time.note(0, self._start)
        if self._path:
            self._open()
        self._task = asyncio.create_task(self._run(), name="file speaker")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await ended(self._task)
        self._catch_up()
        if self._file is not None and self._path != "-":
            self._file.close()

    def _open(self) -> None:
        try:
            if self._path == "-" and not sys.stdout.seekable():
                self._wav = WavPipe(sys.stdout.fileno(), self.rate, self._tell_from_thread)
                return
            self._file = sys.stdout.buffer if self._path == "-" else open(self._path, "wb", buffering=0)  # noqa: SIM115
            self._wav = WavFile(self._file, self.rate)
        except OSError as error:
            if self._file is not None:
                self._file.close()
            raise DeviceError(f"{self._path}: cannot be written: {error.strerror}") from error

    async def play(self, sound: Sound) -> None:
        """Take a piece of a sentence; return as soon as there is room for the next; raise DeviceError."""
        self._catch_up()
        if self._is_drained:
            self._playback.forget_heard()
            self._is_drained = False
        self._playback.add(sound)
        self._catch_up()
        self._tell()
        self._check()
        while self._playback.queued > self._ahead or self._unsent_bytes > UNSENT_BYTES:
            await self._change()
            self._check()

    async def drain(self) -> None:
        """Return when the last sample that was taken has been written."""
        self._playback.finish()
        self._catch_up()
        self._tell()
        self._check()
        while not self._playback.is_idle or self._unsent_bytes:
            await self._change()
            self._check()
        self._is_drained = True

    def pause(self) -> None:
        """Fade out from now on, and keep the rest."""
        self._catch_up()
        self._playback.pause()
        self._tell()

    def resume(self) -> None:
        """Go on at the sample after the last one heard."""
        self._catch_up()
        self._playback.resume()
        self._catch_up()
        self._tell()

    def stop(self) -> list[Played]:
        """Fade out from now on and forget the rest; return what was heard of it all."""
        self._catch_up()
        played = self._playback.stop()
        self._catch_up()
        self._tell()
        return played

    def played(self) -> list[Played]:
        """Return what has been heard since the last stop, or since the first sound after the last drain."""
        self._catch_up()
        return self._playback.played(self._playback.position)

    def remaining(self) -> float:
        """Return the seconds of audio that were taken and are not written yet."""
        self._catch_up()
        return self._playback.queued

    def reference(self, time: float, count: int) -> Samples:
        """Return `count` samples at SAMPLE_RATE as played from `time` of the loop's clock on."""
        self._catch_up()
        return self._reference.read(time, count)

    async def _run(self) -> None:
        """Render block after block while there is something to play, and sleep while there is not."""
        while True:
            if self._is_fast or self._playback.is_idle or self._playback.is_paused:
                await self._change()
            else:
                await asyncio.sleep(self._time_of(self._playback.position) + self._block - self._loop.time())
            self._catch_up()

    def _catch_up(self) -> None:
        """Render all that is due by now."""
        if self._is_fast:
            self._render_certain()
            return
        due = round((self._loop.time() - self._start) * self.rate)
        while self._playback.position < due:
            block = round((self._block if not self._playback.is_idle else 1) * self.rate)
            self._render(min(block, due - self._playback.position))

    def _render_certain(self) -> None:
        """Render all but what a late voice would fade out: where no time passes, no voice is late."""
        count = self.rate
        while count == self.rate and not self._playback.is_paused:
            count = min(self._playback.certain, self.rate)
            self._render(count)

    def _render(self, count: int) -> None:
        rendered = self._playback.render(count)
        self._reference.add(rendered.samples, rendered.position)
        if self._wav is not None:
            try:
                self._wav.write(rendered.samples)
            except OSError as error:
                self._wav = None
                self._error = error
        for mark in rendered.marks:
            self.on_sound(mark.kind, mark.sentence, self._time_of(mark.position))
        self._tell()

    def _time_of(self, position: int) -> float:
        return self._loop.time() if self._is_fast else self._start + position / self.rate

    @property
    def _unsent_bytes(self) -> int:
        return self._wav.unsent_bytes if isinstance(self._wav, WavPipe) else 0

    def _check(self) -> None:
        """Raise the error of the file or the pipe."""
        error = self._error or (self._wav.error if isinstance(self._wav, WavPipe) else None)
        if isinstance(error, BrokenPipeError):  # the reader of standard output has gone: not a fault
            raise error
        if error is not None:
            raise DeviceError(f"{self._path}: cannot be written: {error.strerror}") from error

    def _tell_from_thread(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        self._changed.set()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()
