"""A real model server on loopback that streams at a person's pace, and sees when it is left."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ToolCall:
    """An answer that calls a tool."""

    tool: str
    arguments: dict[str, object]


@dataclass
class ChatServer:
    """Speaks OpenAI's protocol; each word is a token."""

    answers: list[str | ToolCall]
    """In the order of the requests; the last one again and again."""
    tokens_per_second: float = 20.0
    requests: list[dict[str, object]] = field(default_factory=list)
    left: list[float] = field(default_factory=list)
    """The loop's time when a client left in the middle of an answer."""
    sent: list[int] = field(default_factory=list)
    """Tokens sent for each request."""
    refused: frozenset[int] = frozenset()
    """Numbers of the requests, from 1, that are refused with status 400."""
    port: int = 0
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    """Of all connections."""

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        try:
            while request := await reader.readline():
                length = 0
                while (line := await reader.readline()).strip():
                    name, _, value = line.decode().partition(":")
                    if name.lower() == "content-length":
                        length = int(value)
                body = await reader.readexactly(length)
                if b"/models" in request:
                    self._send(writer, "application/json", json.dumps({"data": [{"id": "test-model"}]}).encode())
                else:
                    self.requests.append(json.loads(body))
                    if len(self.requests) in self.refused:
                        self._send(writer, "application/json", b'{"error": {"message": "no"}}', "400 Bad Request")
                    else:
                        await self._stream(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _send(self, writer: asyncio.StreamWriter, kind: str, body: bytes, status: str = "200 OK") -> None:
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        self.sent.append(0)
        leaving = asyncio.create_task(reader.read(1))
        try:
            answer = self.answers[min(len(self.sent), len(self.answers)) - 1]
            if isinstance(answer, ToolCall):
                function = {"name": answer.tool, "arguments": json.dumps(answer.arguments)}
                call = {"index": 0, "id": f"call-{len(self.sent)}", "type": "function", "function": function}
                self._chunk(writer, {"delta": {"tool_calls": [call]}, "index": 0})
            for word in answer.split(" ") if isinstance(answer, str) else ():
                self._chunk(writer, {"delta": {"content": word + " "}, "index": 0})
                self.sent[-1] += 1
                done, _ = await asyncio.wait([leaving], timeout=1 / self.tokens_per_second)
                if done:
                    self.left.append(asyncio.get_running_loop().time())
                    raise ConnectionResetError
            reason = "tool_calls" if isinstance(answer, ToolCall) else "stop"
            self._chunk(writer, {"delta": {}, "index": 0, "finish_reason": reason})
            writer.write(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")
            await writer.drain()
        finally:
            leaving.cancel()
            await asyncio.wait([leaving])

    def _chunk(self, writer: asyncio.StreamWriter, choice: dict[str, object]) -> None:
        data = f"data: {json.dumps({'choices': [choice]})}\n\n".encode()
        writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")


@asynccontextmanager
async def chat_server(
    *answers: str | ToolCall, tokens_per_second: float = 20.0, refused: frozenset[int] = frozenset()
) -> AsyncIterator[ChatServer]:
    """Serve on a free port of loopback."""
    chat = ChatServer(list(answers), tokens_per_second, refused=refused)
    server = await asyncio.start_server(chat.serve, "127.0.0.1", 0)
    chat.port = server.sockets[0].getsockname()[1]
    try:
        yield chat
    finally:
        server.close()
        for writer in chat.writers:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for writer in chat.writers), return_exceptions=True)
