"""Recognition by a server that speaks OpenAI's /v1/audio/transcriptions: OpenAI, Groq, speaches, whisper.cpp, LocalAI.

Protocol: https://platform.openai.com/docs/api-reference/audio/createTranscription
"""

from __future__ import annotations

import io
import json
import os
import time
import wave
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpx
import numpy as np

from voicestream.errors import RecognitionError
from voicestream.hearing.growing_audio import GrowingAudio
from voicestream.vocabulary import SAMPLE_RATE, Hypothesis, Samples

OPENAI = "https://api.openai.com/v1"

PACE = 2.0
"""A partial text is asked for when this many times the last answer's seconds have passed since it was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteSettings:
    """Which server to ask, and how long to wait for it."""

    base_url: str = OPENAI
    model: str = "whisper-1"
    key_variable: str = "OPENAI_API_KEY"
    """Environment variable that holds the key; it is read when it is needed, and kept nowhere."""
    language: str = ""
    """Two letters, or empty: the server finds out."""
    hot_words: str = ""
    """Names and rare words that are likely to be said: they stand before the text so far in the prompt."""
    connect_limit: float = 2.5
    """Seconds until a server that does not answer counts as gone."""
    answer_limit: float = 10.0
    """Seconds for the whole of an answer's next piece."""
    partials: bool = True
    """Whether unfinished speech is sent too, which costs requests."""


class RemoteRecognizer:
    """Send the speech as a WAV file, take the text of the answer."""

    def __init__(
        self,
        settings: RemoteSettings,
        environment: Mapping[str, str] = os.environ,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        try:
            url = httpx.URL(f"{settings.base_url.rstrip('/')}/audio/transcriptions")
        except httpx.InvalidURL as error:
            raise RecognitionError(f"{settings.base_url!r} is no address: {error}", "address") from error
        if url.scheme not in ("http", "https") or not url.host:
            raise RecognitionError(f"{settings.base_url!r} is no address; expected such as {OPENAI}", "address")
        self._url = url
        self._settings = settings
        self._environment = environment
        self._clock = clock
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(settings.answer_limit, connect=settings.connect_limit),
            trust_env=url.host not in ("127.0.0.1", "localhost", "::1"),  # a proxy cannot reach our loopback
        )
        self._growing = GrowingAudio()
        self._latest = Hypothesis("")
        self._next_partial_at = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def transcribe(self, audio: Samples, *, is_final: bool, prompt: str = "") -> Hypothesis:
        """Recognize `audio`; an unfinished one that comes too soon after the last gets the last one's text."""
        if not self._growing.continues(audio):
            self._latest = Hypothesis("")
        self._growing.add(audio)
        if not audio.size:
            return Hypothesis("")
        began = self._clock()
        if not is_final and (not self._settings.partials or began < self._next_partial_at):
            return self._latest
        self._latest = _read_answer(await self._ask(audio, prompt), self._settings)
        self._next_partial_at = began + PACE * (self._clock() - began)
        return self._latest

    async def _ask(self, audio: Samples, prompt: str) -> bytes:
        key = self._environment.get(self._settings.key_variable, "") if self._settings.key_variable else ""
        fields = {"model": self._settings.model, "response_format": "json", "temperature": "0"}
        fields |= {"language": self._settings.language} if self._settings.language else {}
        prompt = f"{self._settings.hot_words} {prompt}".strip()
        fields |= {"prompt": prompt} if prompt else {}
        for is_last_try in (False, True):
            try:
                response = await self._client.post(
                    self._url,
                    data=fields,
                    files={"file": ("speech.wav", _as_wav(audio), "audio/wav")},
                    headers={"Authorization": f"Bearer {key}"} if key else {},
                )
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as error:
                if is_last_try:  # the first may have been a connection that the server had closed meanwhile
                    raise RecognitionError(f"{self._url.host} broke off the answer", "broken") from error
            except httpx.TimeoutException as error:
                raise RecognitionError(f"{self._url.host} did not answer in time", "timeout") from error
            except (httpx.TransportError, UnicodeEncodeError) as error:
                # UnicodeEncodeError: a key that no header can hold; its text must not be told
                raise RecognitionError(f"{self._url.host} cannot be reached", "unreachable") from error
            else:
                break
        if response.is_success:
            return response.content
        raise self._as_error(response, key)

    def _as_error(self, response: httpx.Response, key: str) -> RecognitionError:
        host, status = self._url.host, response.status_code
        if status in (401, 403):
            variable = self._settings.key_variable
            what = f"the key in {variable}" if key else f"to answer without a key, and {variable or 'none'} holds none"
            return RecognitionError(f"{host} refused {what} ({status})", "auth")
        if status == 429:
            return RecognitionError(f"{host} wants no further requests for now (429)", "rate_limit")
        if status == 404:
            return RecognitionError(
                f"{self._url} is not there (404); is base_url right, and {self._settings.model!r} known?",
                "not_found",
            )
        return RecognitionError(f"{host} answered {status} {response.reason_phrase}", "server_error")


def _as_wav(audio: Samples) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((np.clip(audio, -1, 1) * 32767).astype("<i2").tobytes())
    return buffer.getvalue()


def _read_answer(body: bytes, settings: RemoteSettings) -> Hypothesis:
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    text = answer.get("text") if isinstance(answer, dict) else None
    if not isinstance(text, str):
        raise RecognitionError("the recognition server's answer holds no text; is it one for transcription?", "answer")
    language = answer.get("language", "")
    if not isinstance(language, str) or len(language) != 2:  # OpenAI's verbose form writes "english"
        language = settings.language
    return Hypothesis(" ".join(text.split()), language=language)
