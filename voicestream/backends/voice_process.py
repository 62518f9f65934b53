"""A voice whose sound is made in a child process that can be killed: pyttsx3, espeak, Piper, Kokoro.

Knows the line and the life of the process, and no engine.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

import numpy as np

from voicestream.backends.voice_wire import (
    FrameDecoder,
    Kind,
    SpeakRequest,
    VoiceFrame,
    VoiceSettings,
    decode_audio,
    decode_fault,
    decode_voices,
    encode,
    encode_request,
)
from voicestream.errors import VoiceError
from voicestream.speaking.plain_text import is_speakable
from voicestream.speaking.voice_names import VoiceDescription
from voicestream.vocabulary import Pcm, WordTime

_MOST_BUFFERED = 256 * 1024
"""Bytes taken from a child and not read yet (6 s of espeak); then the pipe fills, and the child waits."""


_NO_SOUND_SERVER = {"PULSE_SERVER": "unix:/dev/null"}
"""A child plays nothing, but espeak-ng connects to the sound server as it begins: where that hangs, for ever."""


@dataclass(frozen=True, slots=True)
class ChildProgram:
    """A module that serves the line, and how long it may take."""

    module: str
    has_spare: bool = True
    """Whether a second process is kept warm; not for models that need much memory."""
    start_limit: float = 15.0
    """Seconds until it is ready."""
    sentence_limit: float = 2.0
    """Seconds that it may keep its reader waiting for a text of no length …"""
    letter_limit: float = 0.005
    """… and for each character of the text."""


PYTTSX3 = ChildProgram("voicestream.backends.voice_pyttsx3")
ESPEAK = ChildProgram("voicestream.backends.voice_espeak")
PIPER = ChildProgram("voicestream.backends.voice_piper", False, 60.0, 10.0, 0.25)
KOKORO = ChildProgram("voicestream.backends.voice_kokoro", False, 60.0, 10.0, 0.5)


class ChildVoice:
    """Speaks through a child process; fulfils Voice.

    One text at a time. A child that hangs or dies is replaced at once, by a spare that is warm; it costs at most its
    sentence, and not even that where no audio of it had come.
    """

    def __init__(self, program: ChildProgram, settings: VoiceSettings | None = None) -> None:
        self._program = program
        self._settings = settings or VoiceSettings()
        self._turn = asyncio.Lock()
        self._current: _Child | None = None
        self._spare: asyncio.Task[_Child] | None = None
        self._buried: set[_Child] = set()
        self._rate: Callable[[], int] | None = None

    def follow_rate(self, rate: Callable[[], int]) -> None:
        """Speak as fast as `rate` tells, words a minute, from each sentence on; a change starts another child."""
        self._rate = rate

    async def __aenter__(self) -> Self:
        """Start the child and wait until it is ready; raise VoiceError."""
        try:
            await self._living_child()
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    @property
    def process_id(self) -> int | None:
        """Return the number of the process that speaks, or None where none is alive."""
        return self._current.process_id if self._current is not None and self._current.is_alive else None

    async def voices(self) -> list[VoiceDescription]:
        """Return the voices that the engine has; raise VoiceError."""
        async with self._turn:
            child = await self._living_child()
            request = child.ask(Kind.LIST, b"")
            frame = await child.next_frame(request, self._program.sentence_limit)
            found = decode_voices(frame.payload) if frame and frame.kind is Kind.VOICES else []
            await child.next_frame(request, self._program.sentence_limit)
            return found

    async def synthesize(self, text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
        """Yield the audio of `text` as the child makes it; raise VoiceError; closing it stops the child's work."""
        if not is_speakable(text):
            return
        async with self._turn:
            for is_last_try in (False, True):
                child = await self._living_child()
                stream = self._listen(child, text, language)
                has_sounded = False
                try:
                    async for pcm in stream:
                        has_sounded = True
                        yield pcm
                    return
                except _ChildDiedError:
                    if has_sounded or is_last_try:
                        raise VoiceError("the voice's process died in the middle of a sentence", "died") from None
                finally:
                    await stream.aclose()

    async def _listen(self, child: _Child, text: str, language: str) -> AsyncGenerator[Pcm, None]:
        """Yield what the child makes of `text`; the time that its reader takes is not counted against it."""
        request = child.ask(Kind.SPEAK, encode_request(SpeakRequest(text, language)))
        patience = self._program.sentence_limit + self._program.letter_limit * len(text)
        is_over = False
        try:
            while not is_over:
                asked = asyncio.get_running_loop().time()
                frame = await child.next_frame(request, patience)
                patience -= asyncio.get_running_loop().time() - asked
                if frame is None:
                    is_over = True
                    raise _ChildDiedError
                is_over = frame.kind in (Kind.END, Kind.FAULT)
                if frame.kind is Kind.FAULT:
                    raise decode_fault(frame.payload)
                if frame.kind is Kind.AUDIO:
                    yield _as_pcm(frame.payload)
        except TimeoutError:
            is_over = True
            child.kill()
            raise VoiceError("the voice took too long over a sentence and was restarted", "hung") from None
        finally:
            if not is_over:
                child.tell(Kind.CANCEL, request)

    # ------------------------------------------------------------------------------------------ life of children

    async def _take_rate(self) -> None:
        """Leave the children that speak at another rate than is wanted now."""
        if self._rate is None or (wanted := self._rate()) == self._settings.rate:
            return
        self._settings = replace(self._settings, rate=wanted)
        if self._current is not None:
            self._bury(self._current)
            self._current = None
        if self._spare is not None:
            spare, self._spare = self._spare, None
            await asyncio.wait([spare])
            if spare.exception() is None:
                self._bury(spare.result())

    async def _living_child(self) -> _Child:
        await self._take_rate()
        if self._current is not None and self._current.is_alive:
            return self._current
        if self._current is not None:
            self._bury(self._current)
            self._current = None
        spare, self._spare = self._spare, None
        task = spare or self._start()
        try:
            child = await asyncio.shield(task)
        except asyncio.CancelledError:
            self._spare = task  # the caller has gone; the process that was being started has not
            raise
        if not child.is_alive:  # a spare that died while it waited
            self._bury(child)
            child = await self._start()
        self._current = child
        if self._program.has_spare:
            self._spare = self._start()
        return child

    def _start(self) -> asyncio.Task[_Child]:
        return asyncio.create_task(_start_child(self._program, self._settings), name=f"start {self._program.module}")

    def _bury(self, child: _Child) -> None:
        child.kill()
        self._buried = {old for old in self._buried if not old.is_gone} | {child}

    async def _close(self) -> None:
        if self._spare is not None:
            await asyncio.wait([self._spare])
            if self._spare.exception() is None:
                self._bury(self._spare.result())
            self._spare = None
        if self._current is not None:
            self._bury(self._current)
            self._current = None
        for child in self._buried:
            await child.gone()
        self._buried.clear()


class _ChildDiedError(Exception):
    """The process ended before its answer did."""


class _Child(asyncio.SubprocessProtocol):
    """A running child and the frames that came from it."""

    def __init__(self) -> None:
        self.is_alive = True
        self._decoder = FrameDecoder()
        self._frames: deque[VoiceFrame] = deque()
        self._buffered = 0
        self._arrived = asyncio.Event()
        self._is_gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._requests = 0

    @property
    def is_gone(self) -> bool:
        """Tell whether the process has ended and its pipes are closed."""
        return self._is_gone.done()

    @property
    def process_id(self) -> int | None:
        """Return the number of the process."""
        return self._transport.get_pid()

    def ask(self, kind: Kind, payload: bytes) -> int:
        """Send a request, and return its number."""
        self._requests += 1
        self.tell(kind, self._requests, payload)
        return self._requests

    def tell(self, kind: Kind, request: int, payload: bytes = b"") -> None:
        """Send a frame; a child that has died takes none."""
        pipe = self._transport.get_pipe_transport(0)
        if self.is_alive and isinstance(pipe, asyncio.WriteTransport):
            pipe.write(encode(VoiceFrame(kind, request, payload)))

    async def next_frame(self, request: int, patience: float) -> VoiceFrame | None:
        """Return the next frame of `request`, None where the child has died; raise TimeoutError after `patience`.

        Frames of older requests, which were cancelled, are dropped.
        """
        async with asyncio.timeout(patience):
            while True:
                while self._frames:
                    frame = self._frames.popleft()
                    self._buffered -= len(frame.payload)
                    self._read_on()
                    if frame.request == request:
                        return frame
                if not self.is_alive:
                    return None
                self._arrived.clear()
                await self._arrived.wait()

    def kill(self) -> None:
        """End the process now, whatever it does."""
        self.is_alive = False
        self._arrived.set()
        if sys.platform == "win32":
            self._transport.close()  # kills it, and closes the pipes
            return
        for descriptor in (0, 1):
            if pipe := self._transport.get_pipe_transport(descriptor):
                pipe.close()
        # Not by the transport: it takes the exit status of a process that has just died away from asyncio's watcher,
        # which then writes a warning to the terminal.
        process = self._transport.get_pid()
        if process is not None and self._transport.get_returncode() is None:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    async def gone(self) -> None:
        """Wait until nothing is left of it."""
        await asyncio.shield(self._is_gone)

    # what asyncio tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.SubprocessTransport)
        self._transport = transport

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        try:
            frames = self._decoder.add(data)
        except VoiceError:
            self.kill()
            return
        self._frames += frames
        self._buffered += sum(len(frame.payload) for frame in frames)
        self._read_on()
        self._arrived.set()

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self.is_alive = False
        self._arrived.set()

    def process_exited(self) -> None:
        self.is_alive = False
        self._arrived.set()
        self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._is_gone.done():
            self._is_gone.set_result(None)

    def _read_on(self) -> None:
        pipe = self._transport.get_pipe_transport(1)
        if isinstance(pipe, asyncio.ReadTransport):
            if self._buffered > _MOST_BUFFERED:
                pipe.pause_reading()
            else:
                pipe.resume_reading()


async def _start_child(program: ChildProgram, settings: VoiceSettings) -> _Child:
    """Start the program and return it when it is ready; raise VoiceError."""
    _, child = await asyncio.get_running_loop().subprocess_exec(
        _Child,
        sys.executable,
        "-m",
        program.module,
        settings.as_json(),
        stderr=None if os.environ.get("VOICESTREAM_DEBUG") else asyncio.subprocess.DEVNULL,
        env={**os.environ, **_NO_SOUND_SERVER},
    )
    try:
        frame = await child.next_frame(0, program.start_limit)
    except TimeoutError:
        child.kill()
        await child.gone()
        raise VoiceError(f"the voice was not ready after {program.start_limit:g} s", "hung") from None
    except asyncio.CancelledError:
        child.kill()
        await child.gone()
        raise
    if frame is not None and frame.kind is Kind.READY:
        return child
    child.kill()
    await child.gone()
    raise decode_fault(frame.payload) if frame else VoiceError("the voice's process ended at once", "died")


def _as_pcm(payload: bytes) -> Pcm:
    audio = decode_audio(payload)
    samples = np.frombuffer(audio.pcm, "<i2").astype(np.float32) / np.float32(32768)
    return Pcm(samples, audio.rate, tuple(WordTime(word.start, word.end, word.time) for word in audio.words))
