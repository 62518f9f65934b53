"""Laws of the Wyoming voice, against the real server classes of the wyoming package on loopback."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from functools import partial

import numpy as np
import pytest
from spoken import say

pytest.importorskip("wyoming", reason="the wyoming package is not installed (extra wyoming)")

with warnings.catch_warnings():  # wyoming.audio takes the old audioop where Python still has it
    warnings.simplefilter("ignore", DeprecationWarning)
    from wyoming.audio import AudioChunk, AudioStart, AudioStop

from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Attribution, Describe, Info, TtsProgram, TtsVoice
from wyoming.server import AsyncEventHandler, AsyncTcpServer
from wyoming.tts import Synthesize

from voicestream.backends.voice_wyoming import WyomingSettings, WyomingVoice
from voicestream.errors import VoiceError

TONE = np.sin(np.arange(22_050) / 20) * 0.5
THEM = Attribution(name="tests", url="")
VOICE = TtsVoice(
    name="lessac", attribution=THEM, installed=True, description="Lessac", version="1", languages=["en_US"]
)


class Speaker(AsyncEventHandler):
    """A server whose text says what it is to do."""

    def __init__(self, asked: list[Synthesize], gone: asyncio.Event, *streams: object) -> None:
        super().__init__(*streams)
        self._asked = asked
        self._gone = gone

    async def handle_event(self, event: Event) -> bool:
        if Describe.is_type(event.type):
            program = TtsProgram(
                name="tiny", attribution=THEM, installed=True, description="", version="1", voices=[VOICE]
            )
            await self.write_event(Info(tts=[program]).event())
            return True
        request = Synthesize.from_event(event)
        self._asked.append(request)
        if "fail" in request.text:
            await self.write_event(Error("no such voice\x1b[31m").event())
            return True
        if "vanish" in request.text:
            return False
        wide = "wide" in request.text
        width, channels = (4, 2) if wide else (2, 1)
        data = (TONE * (2**31 - 1 if wide else 32_767)).astype("<i4" if wide else "<i2")
        audio = np.repeat(data, channels).tobytes()
        await self.write_event(AudioStart(22_050, width, channels).event())
        for start in range(0, len(audio), 4_096):
            chunk = audio[start : start + 4_096]
            await self.write_event(AudioChunk(22_050, width, channels, chunk).event())
        if "silent" not in request.text:
            await self.write_event(AudioStop().event())
        return True

    async def disconnect(self) -> None:
        self._gone.set()


@asynccontextmanager
async def server(asked: list[Synthesize], gone: asyncio.Event) -> AsyncIterator[str]:
    listening = AsyncTcpServer("127.0.0.1", 0)
    await listening.start(partial(Speaker, asked, gone))
    inner = listening._server
    assert inner is not None
    try:
        yield f"tcp://127.0.0.1:{inner.sockets[0].getsockname()[1]}"
    finally:
        await listening.stop()


def test_a_sentence_is_spoken_by_the_voice_of_its_language() -> None:
    async def run() -> None:
        asked: list[Synthesize] = []
        async with server(asked, asyncio.Event()) as address:
            settings = WyomingSettings(address=address, voice="lessac", voices={"de": "thorsten"}, volume=0.5)
            async with WyomingVoice(settings) as voice:
                for text in ("Hello.", "A wide one."):
                    speech = await say(voice, text)
                    assert speech.rate == 22_050
                    assert speech.seconds == pytest.approx(1)
                    assert float(np.abs(speech.samples).max()) == pytest.approx(0.25, rel=0.01)
                await say(voice, "Hallo.", "de")
                assert (await say(voice, "!?")).pieces == 0
                assert [(one.id, one.language) for one in await voice.voices()] == [("lessac", "en_US")]
        assert [request.voice.name for request in asked if request.voice] == ["lessac", "lessac", "thorsten"]

    asyncio.run(run())


def test_closing_early_closes_the_connection() -> None:
    async def run() -> None:
        gone = asyncio.Event()
        async with (
            server([], gone) as address,
            WyomingVoice(WyomingSettings(address=address)) as voice,
            aclosing(voice.synthesize("Hello, silent one.")) as pieces,
        ):
            await anext(pieces)
            await pieces.aclose()
            await asyncio.wait_for(gone.wait(), 2)

    asyncio.run(run())


def test_every_fault_is_one_clear_error() -> None:
    async def run() -> None:
        async with server([], asyncio.Event()) as address:
            settings = WyomingSettings(address=address, silence_limit=0.2)
            async with WyomingVoice(settings) as voice:
                for text, message in (
                    ("fail", r"no such voice \[31m"),
                    ("vanish", "closed"),
                    ("silent", "kept silent"),
                ):
                    with pytest.raises(VoiceError, match=message):
                        await say(voice, text)
        async with WyomingVoice(settings) as voice:
            with pytest.raises(VoiceError, match="not there"):
                await say(voice, "Hello.")
        for wrong in ("", "http://host", "tcp://host"):
            with pytest.raises(VoiceError, match=r"speaking\.address"):
                async with WyomingVoice(WyomingSettings(address=wrong)):
                    pass

    asyncio.run(run())
