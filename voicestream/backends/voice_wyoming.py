"""A voice behind a Wyoming server, such as Piper of Home Assistant. https://github.com/OHF-Voice/wyoming"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np

from voicestream.errors import VoiceError
from voicestream.speaking.plain_text import is_speakable, plain_text
from voicestream.speaking.voice_names import VoiceDescription
from voicestream.vocabulary import Pcm, Samples

if TYPE_CHECKING:
    from wyoming.audio import AudioChunk
    from wyoming.client import AsyncClient

_SCALES = {1: ("u1", 128.0), 2: ("<i2", 32768.0), 4: ("<i4", 2147483648.0)}
_MOST_SECONDS, _MOST_SECONDS_A_LETTER = 20.0, 1.0
"""Audio of a text after which a server is taken to be out of its mind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WyomingSettings:
    """Where a Wyoming server is, and how it is to speak."""

    address: str
    """Such as tcp://127.0.0.1:10200 or unix:///run/piper.sock."""
    voice: str = ""
    voices: Mapping[str, str] = field(default_factory=dict)
    """The voice for each language."""
    volume: float = 1.0
    connect_limit: float = 3.0
    silence_limit: float = 10.0
    """Seconds without an event after which a sentence is given up."""


class WyomingVoice:
    """Speaks through a Wyoming server, a connection for each sentence; fulfils Voice."""

    def __init__(self, settings: WyomingSettings) -> None:
        self._settings = settings

    async def __aenter__(self) -> Self:
        """Check the address; nothing is sent before the first sentence. Raise VoiceError."""
        try:
            from wyoming.client import AsyncClient
        except ImportError as error:
            raise VoiceError("Wyoming is not installed: pip install wyoming", "missing") from error
        address = self._settings.address
        try:
            AsyncClient.from_uri(address)
        except ValueError as error:
            raise VoiceError(
                f"speaking.address: found {address!r}, expected such as tcp://127.0.0.1:10200", "address"
            ) from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    async def synthesize(self, text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
        """Yield the audio as it arrives; raise VoiceError; closing it closes the connection."""
        from wyoming.audio import AudioChunk, AudioStop
        from wyoming.error import Error
        from wyoming.tts import Synthesize, SynthesizeVoice

        if not is_speakable(text):
            return
        name = self._settings.voices.get(language, self._settings.voice)
        wanted = SynthesizeVoice(name=name or None, language=None if name else language or None)
        left = _MOST_SECONDS + _MOST_SECONDS_A_LETTER * len(text)
        async with self._connection() as client:
            await client.write_event(Synthesize(plain_text(text), wanted if name or language else None).event())
            while True:
                event = await client.read_event()
                if event is None:
                    raise VoiceError("the Wyoming server closed the line in a sentence", "lost")
                if AudioStop.is_type(event.type):
                    return
                if Error.is_type(event.type):
                    said = plain_text(Error.from_event(event).text)[:200]
                    raise VoiceError(f"the Wyoming server could not speak: {said}", "server")
                if AudioChunk.is_type(event.type):
                    pcm = _as_pcm(AudioChunk.from_event(event), self._settings.volume)
                    left -= len(pcm.samples) / pcm.rate
                    if left < 0:
                        raise VoiceError("the Wyoming server sent far more audio than the sentence has", "endless")
                    yield pcm

    async def voices(self) -> list[VoiceDescription]:
        """Return the voices that the server has; raise VoiceError."""
        from wyoming.info import Describe, Info

        async with self._connection() as client:
            await client.write_event(Describe().event())
            while event := await client.read_event():
                if Info.is_type(event.type):
                    programs = Info.from_event(event).tts
                    return [
                        VoiceDescription(voice.name, voice.description or voice.name, next(iter(voice.languages), ""))
                        for program in programs
                        for voice in program.voices
                    ]
        return []

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[AsyncClient, None]:
        """Connect for the length of a block; raise VoiceError for every fault of the network in it."""
        from wyoming.client import AsyncClient

        settings = self._settings
        client = AsyncClient.from_uri(settings.address, settings.connect_limit, settings.silence_limit)
        try:
            await client.connect()
            yield client
        except TimeoutError as error:
            raise VoiceError(f"the Wyoming server at {settings.address} kept silent too long", "timeout") from error
        except (OSError, asyncio.IncompleteReadError) as error:
            raise VoiceError(f"the Wyoming server at {settings.address} is not there ({error})", "lost") from error
        except (ValueError, KeyError) as error:
            raise VoiceError(f"the server at {settings.address} does not speak Wyoming", "protocol") from error
        finally:
            await client.disconnect()


def _as_pcm(chunk: AudioChunk, volume: float) -> Pcm:
    if chunk.width not in _SCALES or chunk.channels < 1 or chunk.rate < 1:
        raise VoiceError(f"the Wyoming server sent samples of {chunk.width} bytes, expected 1, 2 or 4", "format")
    kind, scale = _SCALES[chunk.width]
    size = chunk.width * chunk.channels
    frames = np.frombuffer(chunk.audio[: len(chunk.audio) - len(chunk.audio) % size], kind)
    samples: Samples = frames.reshape(-1, chunk.channels).astype(np.float32).mean(axis=1, dtype=np.float32)
    middle = 128.0 if chunk.width == 1 else 0.0
    return Pcm((samples - np.float32(middle)) * np.float32(volume / scale), chunk.rate)
