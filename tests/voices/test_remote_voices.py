"""Laws of the remote voices, against servers on loopback that behave and misbehave."""

from __future__ import annotations

import asyncio
import io
import json
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager

import numpy as np
import pytest
from spoken import say

from voicestream.backends.voice_remote import RemoteSettings, RemoteVoice
from voicestream.errors import VoiceError

TONE = (np.sin(np.arange(24_000) / 20) * 12_000).astype("<i2").tobytes()
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter, dict[str, object]], Awaitable[None]]


@asynccontextmanager
async def server(serve: Serve) -> AsyncIterator[str]:
    """Run an HTTP server for one kind of answer, and give its address."""
    served: list[asyncio.Task[None]] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        served.append(task)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            sizes = [line.split(":")[1] for line in head.split("\r\n") if line.lower().startswith("content-length:")]
            request = json.loads(await reader.readexactly(int(sizes[0]))) if sizes else {}
            await serve(reader, writer, {**request, "head": head})
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
    finally:
        listening.close()
        for task in served:
            task.cancel()
        await asyncio.gather(*served, return_exceptions=True)


def answer(body: bytes, kind: str = "audio/pcm", status: str = "200 OK") -> Serve:
    """Answer every request alike, and close."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: dict[str, object]) -> None:
        writer.write(f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n".encode() + body)
        await writer.drain()

    return serve


def as_wav(channels: int = 1, rate: int = 24_000, width: int = 2) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writing:
        writing.setnchannels(channels)
        writing.setsampwidth(width)
        writing.setframerate(rate)
        writing.writeframes(TONE)
    return file.getvalue()


@pytest.mark.parametrize(
    ("body", "kind", "rate", "seconds"),
    [
        (TONE, "audio/pcm", 24_000, 1.0),
        (TONE, "audio/L16; rate=16000; channels=1", 16_000, 1.5),
        (as_wav(), "audio/wav", 24_000, 1.0),
        (as_wav(channels=2, rate=12_000), "audio/wav", 12_000, 1.0),
        (TONE[:-1], "audio/pcm", 24_000, 23_999 / 24_000),
    ],
)
def test_pcm_and_wav_are_understood_whatever_the_server_was_asked_for(
    body: bytes, kind: str, rate: int, seconds: float
) -> None:
    async def run() -> None:
        async with server(answer(body, kind)) as address, RemoteVoice(RemoteSettings(address=address)) as voice:
            speech = await say(voice, "Hello there.")
        assert speech.rate == rate
        assert speech.seconds == pytest.approx(seconds)
        assert float(np.abs(speech.samples).max()) == pytest.approx(12_000 / 32_768, rel=0.01)

    asyncio.run(run())


def test_the_request_carries_text_voice_speed_and_key() -> None:
    asked: list[dict[str, object]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: dict[str, object]) -> None:
        asked.append(request)
        await answer(TONE)(reader, writer, request)

    async def run() -> None:
        async with server(serve) as address:
            settings = RemoteSettings(address=address, key="secret", voice="nova", voices={"de": "hans"}, rate=350)
            assert "secret" not in repr(settings)
            async with RemoteVoice(settings) as voice:
                await say(voice, "Hello\x1b[31m.")
                await say(voice, "Hallo.", "de")
                assert (await say(voice, "…")).pieces == 0

    asyncio.run(run())
    first, second = asked
    assert {key: first[key] for key in ("input", "voice", "speed", "response_format")} == {
        "input": "Hello [31m.",
        "voice": "nova",
        "speed": 2.0,
        "response_format": "pcm",
    }
    assert second["voice"] == "hans"
    assert "authorization: bearer secret" in str(first["head"]).lower()
    assert str(first["head"]).startswith("POST /v1/audio/speech ")


def test_audio_is_handed_on_as_it_arrives_and_closing_closes_the_connection() -> None:
    async def run() -> None:
        closed = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: dict[str, object]) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: audio/pcm\r\nConnection: close\r\n\r\n" + TONE[:9_601])
            await writer.drain()
            assert await reader.read() == b""
            closed.set()

        async with (
            server(serve) as address,
            RemoteVoice(RemoteSettings(address=address)) as voice,
            aclosing(voice.synthesize("Hello.")) as pieces,
        ):
            assert len((await anext(pieces)).samples) == 4_800
            await pieces.aclose()
            await asyncio.wait_for(closed.wait(), 2)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("serve", "message"),
    [
        (answer(b'{"error": {"message": "bad key"}}', "application/json", "401 No"), "key_variable; bad key"),
        (answer(b"nothing", "text/plain", "404 Not Found"), r"remote_model"),
        (answer(b"[1]", "text/plain", "500 Oops"), "status 500"),
        (answer(b"ID3" + b"\0" * 100, "audio/mpeg"), "sent MP3"),
        (answer(b'{"a": 1}', "application/json"), "sent JSON"),
        (answer(as_wav(width=1), "audio/wav"), "8 bits"),
        (answer(b"RIFF" + b"\0" * 100_000, "audio/wav"), "WAV without audio"),
        (answer(TONE * 200), "far more audio"),
    ],
)
def test_every_fault_of_the_server_is_one_clear_error(serve: Serve, message: str) -> None:
    async def run() -> None:
        async with server(serve) as address, RemoteVoice(RemoteSettings(address=address)) as voice:
            with pytest.raises(VoiceError, match=message):
                await say(voice, "Hello.")

    asyncio.run(run())


def test_a_server_that_is_not_there_or_says_nothing_is_given_up() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: dict[str, object]) -> None:
        await reader.read()

    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: dict[str, object]) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n" + TONE[:1000])
        await writer.drain()

    async def code_of(address: str) -> str:
        async with RemoteVoice(RemoteSettings(address=address, silence_limit=0.2)) as voice:
            with pytest.raises(VoiceError) as caught:
                await say(voice, "Hello.")
            return caught.value.code

    async def run() -> None:
        async with server(silent) as address:
            assert await code_of(address) == "timeout"
        assert await code_of(address) == "lost"
        async with server(cut) as address:
            assert await code_of(address) == "lost"
        for wrong in ("", "127.0.0.1:80", "http://", "ftp://host/v1"):
            with pytest.raises(VoiceError, match=r"speaking\.address"):
                async with RemoteVoice(RemoteSettings(address=wrong)):
                    pass

    asyncio.run(run())


def test_voices_are_listed_where_the_server_names_them() -> None:
    async def names(body: bytes, status: str = "200 OK") -> list[str]:
        serve = answer(body, "application/json", status)
        async with server(serve) as address, RemoteVoice(RemoteSettings(address=address)) as voice:
            return [one.id for one in await voice.voices()]

    assert asyncio.run(names(b'{"voices": ["af_heart", {"id": "am_adam"}, {"name": "b"}]}')) == [
        "af_heart",
        "am_adam",
        "b",
    ]
    assert asyncio.run(names(b"no", "404 Not Found")) == []
    assert asyncio.run(names(b"not json")) == []
