"""`talk` whose recognizer is a server on loopback that dies in mid-conversation, and comes back."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial

import numpy as np
import pytest
from headless_talk import Talk, talking
from spoken_questions import RATE, say

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # the package imports audioop where Python still has it
    pytest.importorskip("wyoming.audio", reason="needs the wyoming package")

from wyoming.asr import Transcript
from wyoming.audio import AudioStop
from wyoming.event import Event
from wyoming.server import AsyncEventHandler, AsyncServer

FAR = "how are you today"
"""What the server hears, whatever is said: so it is seen who heard it."""

NEAR = "what can you do"

Serve = Callable[[int], AbstractAsyncContextManager[int]]


class Ears(AsyncEventHandler):
    async def handle_event(self, event: Event) -> bool:
        if AudioStop.is_type(event.type):
            await self.write_event(Transcript(FAR).event())
        return True


@asynccontextmanager
async def wyoming(port: int) -> AsyncIterator[int]:
    server = AsyncServer.from_uri(f"tcp://127.0.0.1:{port or 0}")
    await server.start(partial(Ears))
    try:
        yield server._server.sockets[0].getsockname()[1]
    finally:
        await server.stop()


@asynccontextmanager
async def openai(port: int) -> AsyncIterator[int]:
    open_now: set[asyncio.StreamWriter] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_now.add(writer)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
                await reader.readexactly(int(lengths[0].split(b":")[1]))
                body = f'{{"text": "{FAR}"}}'.encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            open_now.discard(writer)
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in tuple(open_now):
            writer.transport.abort()


@pytest.mark.parametrize(("recognizer", "serve"), [("remote", openai), ("wyoming", wyoming)])
def test_the_local_recognizer_stands_in_while_the_server_is_away(recognizer: str, serve: Serve) -> None:
    question = np.concatenate((np.zeros(RATE // 2, np.float32), say(NEAR), np.zeros(2 * RATE, np.float32)))
    pcm = (np.clip(question, -1, 1) * 32767).astype("<i2").tobytes()

    async def ask(talk: Talk) -> str:
        talk.process.stdin.write(pcm)
        await talk.process.stdin.drain()
        text = str((await talk.until("turn"))["text"]).lower().strip(" ?.")
        await talk.until("answer")
        return text

    async def live() -> None:
        async with AsyncExitStack() as first_life:
            port = await first_life.enter_async_context(serve(0))
            settings = {
                "hearing.recognizer": recognizer,
                "hearing.model": "tiny-synthetic",
                "hearing.language": "en",
                "remote_hearing.base_url": f"http://127.0.0.1:{port}/v1",
                "remote_hearing.wyoming": f"tcp://127.0.0.1:{port}",
                "thinking.provider": "offline",
                "control.socket": "none",
            }
            async with talking("--input", "-", "--fast", "--output", "none", settings=settings, hears=True) as talk:
                talk.process.stdin.write(bytes(RATE // 2))
                await talk.until("ready")
                assert await ask(talk) == FAR
                await first_life.aclose()
                assert await ask(talk) == NEAR
                async with serve(port):
                    while await ask(talk) != FAR:  # it is asked again after some seconds, with the next words
                        pass
                    assert await talk.end() == 0
                told = [event["message"] for event in talk.seen if event.get("code") == "recognizer"]
                assert len(told) == 2
                assert told[0].endswith("the local recognizer takes over")
                assert told[1] == "the remote recognizer is back"

    asyncio.run(live())
