"""A voice behind an OpenAI-compatible `/v1/audio/speech` server: its audio is handed on as it arrives.

https://platform.openai.com/docs/api-reference/audio/createSpeech
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Self

from voicestream.errors import VoiceError
from voicestream.speaking.pcm_stream import PcmStream
from voicestream.speaking.plain_text import is_speakable, plain_text
from voicestream.speaking.voice_names import VoiceDescription
from voicestream.vocabulary import Pcm

if TYPE_CHECKING:
    import httpx

USUAL_RATE = 175
"""Words a minute that count as speed 1."""

_MOST_SECONDS, _MOST_SECONDS_A_LETTER = 20.0, 1.0
"""Audio of a text after which a server is taken to be out of its mind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteSettings:
    """Where a remote voice is, and how it speaks."""

    address: str
    """Such as http://127.0.0.1:8880/v1."""
    key: str = field(default="", repr=False)
    model: str = "tts-1"
    voice: str = "alloy"
    voices: Mapping[str, str] = field(default_factory=dict)
    """The voice for each language."""
    rate: int = USUAL_RATE
    """Words a minute."""
    volume: float = 1.0
    connect_limit: float = 3.0
    silence_limit: float = 10.0
    """Seconds without a byte after which a sentence is given up."""


class RemoteVoice:
    """Speaks through a server; fulfils Voice."""

    def __init__(self, settings: RemoteSettings) -> None:
        self._settings = settings
        self._client: httpx.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        """Make the client; nothing is sent before the first sentence. Raise VoiceError for an address that is none."""
        import httpx

        settings = self._settings
        try:
            url = httpx.URL(settings.address.rstrip("/") + "/")
        except httpx.InvalidURL as error:
            raise VoiceError(f"speaking.address: {settings.address!r} is no address", "address") from error
        if url.scheme not in ("http", "https") or not url.host:
            raise VoiceError(
                f"speaking.address: found {settings.address!r}, expected such as http://127.0.0.1:8880/v1", "address"
            )
        self._client = httpx.AsyncClient(
            base_url=url,
            http2=False,  # on HTTP/2 a cancel does not reach the server
            trust_env=url.host not in ("127.0.0.1", "localhost", "::1"),  # no proxy for this machine
            headers={"authorization": f"Bearer {settings.key}"} if settings.key else {},
            timeout=httpx.Timeout(settings.silence_limit, connect=settings.connect_limit),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def synthesize(self, text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
        """Yield the audio as it arrives; raise VoiceError; closing it closes the connection."""
        import httpx

        assert self._client is not None, "a voice is opened with `async with`"
        if not is_speakable(text):
            return
        left = _MOST_SECONDS + _MOST_SECONDS_A_LETTER * len(text)
        try:
            async with self._client.stream("POST", "audio/speech", json=self._request(text, language)) as response:
                if response.status_code != 200:
                    raise _refusal(response.status_code, await response.aread())
                stream = PcmStream(response.headers.get("content-type", ""))
                async for data in response.aiter_bytes():
                    samples = stream.add(data)
                    left -= len(samples) / stream.rate
                    if left < 0:
                        raise VoiceError("the voice's server sent far more audio than the sentence has", "endless")
                    if len(samples):
                        yield Pcm(samples * self._settings.volume, stream.rate)
        except httpx.TimeoutException as error:
            raise VoiceError(
                f"the voice's server at {self._settings.address} kept silent too long", "timeout"
            ) from error
        except httpx.TransportError as error:
            name = type(error).__name__
            raise VoiceError(f"the voice's server at {self._settings.address} is not there ({name})", "lost") from error

    async def voices(self) -> list[VoiceDescription]:
        """Return the voices that the server names; many name none. Raise VoiceError where it is not there."""
        import httpx

        assert self._client is not None, "a voice is opened with `async with`"
        try:
            answer = await self._client.get("audio/voices")
            found = answer.json().get("voices", []) if answer.status_code == 200 else []
        except (httpx.TimeoutException, httpx.TransportError) as error:
            raise VoiceError(f"the voice's server at {self._settings.address} is not there", "lost") from error
        except (ValueError, AttributeError):
            return []
        names = [one.get("id") or one.get("name") or "" if isinstance(one, dict) else str(one) for one in found]
        return [VoiceDescription(name, name) for name in names if name]

    def _request(self, text: str, language: str) -> dict[str, str | float]:
        settings = self._settings
        return {
            "model": settings.model,
            "input": plain_text(text),
            "voice": settings.voices.get(language, settings.voice),
            "response_format": "pcm",
            "speed": round(min(4.0, max(0.25, settings.rate / USUAL_RATE)), 2),
        }


def _refusal(status: int, body: bytes) -> VoiceError:
    """Return what the server objected to, in one line."""
    try:
        error = json.loads(body).get("error", "")
        said = error.get("message", "") if isinstance(error, dict) else error
    except (ValueError, AttributeError):
        said = ""
    reason = {
        401: "it wants a key: set speaking.key_variable",
        403: "the key may not use it",
        404: "it has no /audio/speech, or not this model: check speaking.address and speaking.remote_model",
        429: "too many requests, or no credit left",
    }.get(status, "")
    detail = "; ".join(part for part in (reason, plain_text(str(said))[:200]) if part)
    return VoiceError(
        f"the voice's server answered with status {status}{': ' if detail else ''}{detail}", f"http_{status}"
    )
