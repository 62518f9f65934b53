"""Servers of a model, a recognizer and a voice in the shape of OpenAI's, for benches: always the same answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import numpy as np

TEXT = "what can you do"
ANSWER = "I answer every question with this sentence, and then with another one that is a little longer."
VOICE_RATE = 24_000


@asynccontextmanager
async def pretend_servers() -> AsyncGenerator[str, None]:
    """Serve on a free port of loopback for the length of the block; give the address, such as http://…/v1."""
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await _answer(reader, writer)
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    lengths = [line for line in head.lower().split("\r\n") if line.startswith("content-length:")]
    if lengths:
        await reader.readexactly(int(lengths[0].split(":")[1]))
    elif "chunked" in head.lower():
        await _skip_chunks(reader)
    path = head.split(" ")[1]
    if path.endswith("/transcriptions"):
        kind, body = "application/json", json.dumps({"text": TEXT}).encode()
    elif path.endswith("/speech"):
        kind, body = "audio/pcm", _tone(2.0)
    elif path.endswith("/completions"):
        kind, body = "text/event-stream", _written(ANSWER)
    else:
        kind, body = "application/json", json.dumps({"data": [{"id": "pretended"}]}).encode()
    writer.write(f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
    await writer.drain()


async def _skip_chunks(reader: asyncio.StreamReader) -> None:
    while size := int(await reader.readuntil(b"\r\n"), 16):
        await reader.readexactly(size + 2)
    await reader.readuntil(b"\r\n")


def _tone(seconds: float) -> bytes:
    wave = 0.2 * np.sin(2 * np.pi * 220 * np.arange(round(seconds * VOICE_RATE)) / VOICE_RATE)
    return bytes((wave * 32767).astype("<i2").tobytes())


def _written(text: str) -> bytes:
    pieces = [{"choices": [{"index": 0, "delta": {"content": f"{word} "}}]} for word in text.split()]
    pieces += [{"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}]
    return b"".join(b"data: " + json.dumps(piece).encode() + b"\n\n" for piece in pieces) + b"data: [DONE]\n\n"
