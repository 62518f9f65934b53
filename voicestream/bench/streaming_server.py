"""The server that the clients of `voicestream bench model` are measured against, in a process of its own.

The path says what is wanted: /COUNT/PACE/v1/chat/completions streams COUNT chunks, PACE microseconds apart (0: as
fast as they are taken), each with the time of its writing as its text; a COUNT of the form prefillN reads N characters
a second of what it has not read before. /seen tells when requests were seen to be closed, and what is still open.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable

_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


class StreamingServer:
    """Streams chunks in the shape of OpenAI or Anthropic, and remembers what it saw."""

    def __init__(self) -> None:
        self.closed: list[float] = []
        self.open = 0
        self.read = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection until it is closed."""
        self.open += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                lengths = [line for line in head.lower().split("\r\n") if line.startswith("content-length:")]
                body = await reader.readexactly(int(lengths[0].split(":")[1])) if lengths else b""
                path = head.split(" ")[1]
                if path == "/seen":
                    self._tell(writer)
                elif not await self._answer(path, body, reader, writer):
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open -= 1
            writer.close()

    def _tell(self, writer: asyncio.StreamWriter) -> None:
        body = json.dumps({"closed": self.closed, "open": self.open}).encode()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
        self.closed = []

    async def _answer(self, path: str, body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Stream what `path` asks for; say whether the client took it to its end."""
        count, pace, *_ = path.strip("/").split("/")
        if count.startswith("prefill"):
            await self._prefill(body.decode(), int(count.removeprefix("prefill")))
            count = "1"
        stream = asyncio.create_task(_stream(writer, int(count), int(pace) / 1e6, path.endswith("/messages")))
        gone = asyncio.create_task(reader.read(1))
        await asyncio.wait([stream, gone], return_when=asyncio.FIRST_COMPLETED)
        is_gone = gone.done()
        if is_gone:
            self.closed.append(time.monotonic())
        for task in (stream, gone):
            task.cancel()
        await asyncio.gather(stream, gone, return_exceptions=True)
        return not is_gone

    async def _prefill(self, prompt: str, characters_per_second: int) -> None:
        """Take the time of reading what follows the longest beginning that was read before, as llama.cpp does."""
        messages = prompt[prompt.index('"messages"') : prompt.index("]")]
        pairs = zip(messages, self.read, strict=False)
        known = next(
            (place for place, (new, old) in enumerate(pairs) if new != old), min(len(messages), len(self.read))
        )
        await asyncio.sleep((len(messages) - known) / characters_per_second)
        self.read = messages


async def _stream(writer: asyncio.StreamWriter, count: int, pace: float, is_anthropic: bool) -> None:
    chunk = _anthropic_chunk if is_anthropic else _openai_chunk
    before, after = (_ANTHROPIC_HEAD, _ANTHROPIC_TAIL) if is_anthropic else (b"", _OPENAI_TAIL)
    writer.write(_HEAD + (_framed(before) if before else b""))
    ready = [_framed(chunk(f" word{number}")) for number in range(count)] if not pace and count > 1 else []
    following = time.perf_counter()
    for number in range(count):
        if pace:
            following += pace
            await asyncio.sleep(max(0.0, following - time.perf_counter()))
        writer.write(ready[number] if ready else _framed(chunk(f" {time.monotonic():.7f}")))
        if number % 8 == 7:
            await writer.drain()
    writer.write(_framed(after) + b"0\r\n\r\n")
    await writer.drain()


def _framed(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(body), body)


def _event(payload: object) -> bytes:
    return b"data: " + json.dumps(payload, separators=(",", ":")).encode() + b"\n\n"


def _openai_chunk(text: str) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "logprobs": None, "finish_reason": None}
    shape = {"id": "chatcmpl-7", "object": "chat.completion.chunk", "created": 1730000000, "model": "gpt-4o-mini"}
    more = {"service_tier": "default", "system_fingerprint": "fp_0ba0d124f1", "usage": None, "obfuscation": "a1b2c3"}
    return _event({**shape, "choices": [choice], **more})


def _anthropic_chunk(text: str) -> bytes:
    delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
    return b"event: content_block_delta\n" + _event(delta)


def _anthropic(name: str, **payload: object) -> bytes:
    return f"event: {name}\n".encode() + _event({"type": name, **payload})


_OPENAI_TAIL = (
    _event({"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}) + b"data: [DONE]\n\n"
)
_ANTHROPIC_HEAD = _anthropic(
    "message_start",
    message={"id": "m", "type": "message", "role": "assistant", "content": [], "model": "x", "stop_reason": None}
    | {"stop_sequence": None, "usage": {"input_tokens": 9, "output_tokens": 1}},
) + _anthropic("content_block_start", index=0, content_block={"type": "text", "text": ""})
_ANTHROPIC_TAIL = (
    _anthropic("content_block_stop", index=0)
    + _anthropic("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage={"output_tokens": 4})
    + _anthropic("message_stop")
)


async def run(tell: Callable[[str], object]) -> None:
    """Serve on a free port of loopback, which is told first, until the process is ended."""
    server = await asyncio.start_server(StreamingServer().serve, "127.0.0.1", 0)
    tell(f"{server.sockets[0].getsockname()[1]}\n")
    await server.serve_forever()


def _say(line: str) -> None:
    sys.stdout.write(line)
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(run(_say))
