"""Recognition by a Wyoming server (Home Assistant's protocol), to which the speech is streamed while it is spoken.

Protocol: https://github.com/OHF-Voice/wyoming: transcribe, audio-start, audio-chunk …, audio-stop; then a transcript,
whole or, from a server that streams, in chunks.
"""

from __future__ import annotations

import asyncio
import contextlib
import warnings
from importlib.util import find_spec
from types import TracebackType
from typing import Any, Self

import numpy as np

from voicestream.errors import RecognitionError
from voicestream.hearing.growing_audio import GrowingAudio
from voicestream.vocabulary import SAMPLE_RATE, Hypothesis, Samples

CHUNK_SAMPLES = 1024


class WyomingRecognizer:
    """Keep one stream open for the running speech; a final text ends it, the next speech opens another.

    `hot_words` are names that are likely to be said, with spaces between them, or with commas where one has spaces.
    """

    def __init__(
        self,
        address: str,
        *,
        model: str = "",
        language: str = "",
        hot_words: str = "",
        connect_limit: float = 2.5,
        answer_limit: float = 10.0,
    ) -> None:
        scheme, _, rest = address.partition("://")
        if scheme not in ("tcp", "unix") or not rest:
            raise RecognitionError(f"{address!r} is no address; expected such as tcp://127.0.0.1:10300", "address")
        self._address = address
        self._model = model
        self._language = language
        self._names = [name.strip() for name in (hot_words.split(",") if "," in hot_words else hot_words.split())]
        self._connect_limit = connect_limit
        self._answer_limit = answer_limit
        self._growing = GrowingAudio()
        self._stream: _Stream | None = None

    async def __aenter__(self) -> Self:
        """Look whether the package is there; raise RecognitionError."""
        if find_spec("wyoming") is None:
            raise RecognitionError("Wyoming is not installed: pip install wyoming", "missing")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._leave()

    async def transcribe(self, audio: Samples, *, is_final: bool, prompt: str = "") -> Hypothesis:
        """Send what is new of `audio`; wait for the text if it is final, else return what has come so far."""
        if not audio.size:
            return Hypothesis("")
        is_done = False
        try:
            async with asyncio.timeout(self._answer_limit):
                if self._stream is None or not self._growing.continues(audio):
                    await self._leave()
                    self._stream = await self._open()
                await self._stream.send(self._growing.add(audio))
                text = await self._stream.finish() if is_final else self._stream.text
            is_done = True
        except TimeoutError as error:
            raise RecognitionError(f"{self._address} did not answer in time", "timeout") from error
        except (OSError, EOFError) as error:
            raise RecognitionError(f"{self._address} broke off the stream", "broken") from error
        finally:
            if is_final or not is_done:  # also when cancelled: what was sent is not known then
                await self._leave()
        return Hypothesis(" ".join(text.split()), language=self._language)

    async def _open(self) -> _Stream:
        with warnings.catch_warnings():  # the package imports audioop, which Python 3.13 has no more, if it can
            warnings.simplefilter("ignore", DeprecationWarning)
            from wyoming.asr import Transcribe
            from wyoming.audio import AudioStart
            from wyoming.client import AsyncClient

        try:
            client = AsyncClient.from_uri(self._address, connect_timeout=self._connect_limit)
            await client.connect()
        except (OSError, TimeoutError, ValueError) as error:
            raise RecognitionError(f"{self._address} cannot be reached", "unreachable") from error
        stream = _Stream(client, self._address)
        await stream.begin(
            Transcribe(
                name=self._model or None,
                language=self._language or None,
                transcript_names=self._names or None,  # a server that knows no bias leaves it out
            ),
            AudioStart(rate=SAMPLE_RATE, width=2, channels=1),
        )
        return stream

    async def _leave(self) -> None:
        stream, self._stream = self._stream, None
        self._growing.forget()
        if stream is not None:
            await stream.close()


class _Stream:
    """A connection on which one speech is sent while a task reads what comes back."""

    def __init__(self, client: Any, address: str) -> None:
        self._client = client
        self._address = address
        self._reading = asyncio.create_task(self._read(), name="wyoming transcript")
        self.text = ""
        """What the server has written so far."""

    async def begin(self, *requests: Any) -> None:
        for request in requests:
            await self._client.write_event(request.event())

    async def send(self, audio: Samples) -> None:
        from wyoming.audio import AudioChunk

        for start in range(0, audio.size, CHUNK_SAMPLES):
            if self._reading.done():  # the server has heard enough
                return
            pcm = (np.clip(audio[start : start + CHUNK_SAMPLES], -1, 1) * 32767).astype("<i2").tobytes()
            await self._client.write_event(AudioChunk(rate=SAMPLE_RATE, width=2, channels=1, audio=pcm).event())

    async def finish(self) -> str:
        """Say that the speech is over and return its text."""
        from wyoming.audio import AudioStop

        if not self._reading.done():
            await self._client.write_event(AudioStop().event())
        await self._reading
        return self.text

    async def close(self) -> None:
        self._reading.cancel()
        await asyncio.wait([self._reading])
        if not self._reading.cancelled():
            self._reading.exception()  # it has been told already, or belongs to a stream that is given up
        with contextlib.suppress(OSError):  # the other side was faster
            await self._client.disconnect()

    async def _read(self) -> None:
        from wyoming.asr import Transcript, TranscriptChunk, TranscriptStop
        from wyoming.error import Error

        while True:
            event = await self._client.read_event()
            if event is None:
                raise EOFError
            if Transcript.is_type(event.type):
                self.text = Transcript.from_event(event).text
                return
            if TranscriptChunk.is_type(event.type):
                self.text += TranscriptChunk.from_event(event).text
            elif TranscriptStop.is_type(event.type):
                return
            elif Error.is_type(event.type):
                raise RecognitionError(f"{self._address} could not recognize the speech", "server_error")
