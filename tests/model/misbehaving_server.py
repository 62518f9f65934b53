"""A model's server on loopback that does everything wrong that a server can do: raw bytes, at the pace it is told."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import struct
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

Writer = asyncio.StreamWriter
EVENTS = "text/event-stream"
JSON = "application/json"


def event(payload: object) -> bytes:
    """Return one event of a stream."""
    return b"data: " + (payload if isinstance(payload, bytes) else json.dumps(payload).encode()) + b"\n\n"


def delta(content: str | None, finish: str | None = None, **more: object) -> bytes:
    """Return one chunk of an OpenAI stream."""
    choice = {"index": 0, "delta": {"content": content} if content is not None else {}, "finish_reason": finish}
    return event({"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "m", "choices": [choice], **more})


ROLE = event({"id": "chatcmpl-1", "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]})
HELLO, THERE, STOP, DONE = delta("Hello"), delta(" there."), delta(None, "stop"), event(b"[DONE]")
TEXT = ROLE + HELLO + THERE
GOOD = TEXT + STOP + DONE
PAGE = b"<!doctype html>\n<html><head><title>Log in</title></head>\n<body>data: Log in, please</body></html>\n"
ERROR = {"error": {"message": "The model ran into a wall", "type": "server_error", "code": 500}}


@dataclass
class MisbehavingServer:
    """What happened at the server; `base_url(fault)` is the address that misbehaves in that way."""

    port: int = 0
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    """Path, headers and body of each request, in order."""
    closed: list[float] = field(default_factory=list)
    """The loop's time when a connection was seen closed by the client in the middle of an answer."""
    connections: int = 0
    open_connections: int = 0

    def base_url(self, fault: str) -> str:
        """Return the address at which every request ends in `fault`."""
        return f"http://127.0.0.1:{self.port}/{fault}/v1"

    def requests_of(self, fault: str) -> int:
        """Return how many chat requests `fault` has met."""
        return sum(path.startswith(f"/{fault}/") and "/chat" in path for path, _, _ in self.requests)


async def head(writer: Writer, status: str = "200 OK", content_type: str | None = EVENTS, *lines: str) -> None:
    """Write the status line and the headers of a chunked response."""
    headers = [f"HTTP/1.1 {status}", "transfer-encoding: chunked", *lines]
    if content_type is not None:
        headers.append(f"content-type: {content_type}")
    writer.write("\r\n".join(headers).encode() + b"\r\n\r\n")


def chunk(writer: Writer, body: bytes) -> None:
    """Write one chunk."""
    writer.write(b"%x\r\n" % len(body) + body + b"\r\n")


async def whole(writer: Writer, status: str, body: object, *lines: str, content_type: str | None = JSON) -> None:
    """Write a response that ends where it should."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    await head(writer, status, content_type, *lines)
    if data:
        chunk(writer, data)
    writer.write(b"0\r\n\r\n")


async def stream(writer: Writer, *pieces: bytes, content_type: str | None = EVENTS) -> None:
    """Write a stream of events and its clean end."""
    await head(writer, "200 OK", content_type)
    for piece in pieces:
        chunk(writer, piece)
    writer.write(b"0\r\n\r\n")


async def for_ever(writer: Writer, piece: bytes = b"", every: float = 0.02) -> None:
    """Write `piece` again and again, or nothing, until the client is gone."""
    while True:
        if piece:
            chunk(writer, piece)
            await writer.drain()
        await asyncio.sleep(every)


def reset(writer: Writer) -> None:
    """End the connection with a TCP reset."""
    found = writer.get_extra_info("socket")
    found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


Act = Callable[[Writer], Awaitable[None]]


def events(*pieces: bytes, content_type: str | None = EVENTS) -> Act:
    """Return the act of streaming `pieces`."""
    return lambda writer: stream(writer, *pieces, content_type=content_type)


def answers(status: str, body: object, *lines: str, content_type: str | None = JSON) -> Act:
    """Return the act of answering in one piece."""
    return lambda writer: whole(writer, status, body, *lines, content_type=content_type)


async def trickle(writer: Writer) -> None:
    await head(writer)
    for start in range(0, len(GOOD), 3):  # one by one, it took longer on a busy machine than the client waits
        chunk(writer, GOOD[start : start + 3])
        await writer.drain()
        await asyncio.sleep(0)
    writer.write(b"0\r\n\r\n")


async def gzip_ok(writer: Writer) -> None:
    await head(writer, "200 OK", EVENTS, "content-encoding: gzip")
    squeeze = zlib.compressobj(wbits=31)
    for piece in (TEXT, STOP, DONE):
        chunk(writer, squeeze.compress(piece) + squeeze.flush(zlib.Z_SYNC_FLUSH))
        await writer.drain()
        await asyncio.sleep(0.01)
    chunk(writer, squeeze.flush())
    writer.write(b"0\r\n\r\n")


async def gzip_corrupt(writer: Writer) -> None:
    await head(writer, "200 OK", EVENTS, "content-encoding: gzip")
    squeeze = zlib.compressobj(wbits=31)
    chunk(writer, squeeze.compress(TEXT) + squeeze.flush(zlib.Z_SYNC_FLUSH))
    chunk(writer, b"\xff" * 64)
    writer.write(b"0\r\n\r\n")


async def close_delimited(writer: Writer) -> None:
    writer.write(b"HTTP/1.0 200 OK\r\ncontent-type: text/event-stream\r\n\r\n" + GOOD)
    await writer.drain()
    writer.close()


async def done_but_open(writer: Writer) -> None:
    await head(writer)
    chunk(writer, GOOD)
    await for_ever(writer)


async def keepalive_then_ok(writer: Writer) -> None:
    await head(writer)
    for _ in range(15):
        chunk(writer, b": keep-alive\n\n")
        await writer.drain()
        await asyncio.sleep(0.01)
    chunk(writer, GOOD)
    writer.write(b"0\r\n\r\n")


async def stall_headers(writer: Writer) -> None:
    await for_ever(writer)


async def stall_first_byte(writer: Writer) -> None:
    await head(writer)
    await for_ever(writer)


async def stall_mid(writer: Writer) -> None:
    await head(writer)
    chunk(writer, TEXT)
    await for_ever(writer)


async def stall_keepalive(writer: Writer) -> None:
    await head(writer)
    chunk(writer, TEXT)
    await for_ever(writer, b": keep-alive\n\n")


async def reset_mid(writer: Writer) -> None:
    await head(writer)
    chunk(writer, TEXT)
    await writer.drain()
    await asyncio.sleep(0.02)
    reset(writer)


async def reset_before_text(writer: Writer) -> None:
    await head(writer)
    chunk(writer, ROLE)
    await writer.drain()
    await asyncio.sleep(0.02)
    reset(writer)


async def fin_mid(writer: Writer) -> None:
    await head(writer)
    chunk(writer, TEXT)
    await writer.drain()
    writer.close()


async def close_at_once(writer: Writer) -> None:
    writer.close()


async def infinite(writer: Writer) -> None:
    await head(writer)
    await for_ever(writer, delta("and on it goes, "), 0.0005)


async def bad_status_line(writer: Writer) -> None:
    writer.write(b"HELLO 1.1 WORLD\r\n\r\n")
    await writer.drain()
    writer.close()


async def bad_chunking(writer: Writer) -> None:
    await head(writer)
    chunk(writer, TEXT)
    writer.write(b"zz not a size\r\n" + STOP + b"\r\n")
    await writer.drain()


ODD = [
    event({"id": "", "model": "", "choices": [], "prompt_filter_results": [{"prompt_index": 0}]}),
    event({"choices": [{"index": 0, "delta": None, "finish_reason": None}], "strange": {"deep": [1]}}),
    ROLE,
    ROLE,
    event({"choices": [{"index": 0, "delta": {"content": None}, "logprobs": None}]}),
    event({"choices": None, "usage": None}),
]
LATER = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
LIMIT = {"error": {"message": "Rate limit reached", "type": "requests", "code": "rate_limit_exceeded"}}
OVERFLOW = "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens."
COMPLETION = {
    "object": "chat.completion",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello there."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2},
}

FAULTS: dict[str, Act] = {
    "ok": events(ROLE, HELLO, THERE, STOP, DONE),
    "trickle": trickle,
    "crlf": events(GOOD.replace(b"\n", b"\r\n")),
    "gzip_ok": gzip_ok,
    "gzip_whole": answers("200 OK", gzip.compress(GOOD), "content-encoding: gzip", content_type=EVENTS),
    "close_delimited": close_delimited,
    "done_but_open": done_but_open,
    "finish_no_done": events(TEXT, STOP),
    "after_done": events(GOOD, delta("never"), b"data: {broken\n\n"),
    "done_no_blank": events(TEXT, b"data: [DONE]"),
    "keepalive_then_ok": keepalive_then_ok,
    "ctype_plain": events(GOOD, content_type="text/plain"),
    "ctype_missing": events(GOOD, content_type=None),
    "json_instead": answers("200 OK", COMPLETION),
    "odd_chunks": events(*ODD, HELLO, THERE, *ODD, STOP, DONE),
    "same_ids": events(*(b"id: 7\n" + piece for piece in (ROLE, HELLO, THERE, STOP, DONE))),
    "finish_twice": events(TEXT, STOP, STOP, event({"choices": [], "usage": {"prompt_tokens": 1}}), DONE),
    "huge_line": events(b"x" * 2_000_000 + b"\n", GOOD),
    "http400": answers("400 Bad Request", {"error": {"message": "bad temperature", "type": "invalid_request_error"}}),
    "http400_context_openai": answers(
        "400 Bad Request", {"error": {"message": OVERFLOW, "code": "context_length_exceeded"}}
    ),
    "http400_context_llamacpp": answers(
        "400 Bad Request", {"error": {"message": "too long", "type": "exceed_context_size_error", "n_ctx": 4096}}
    ),
    "http401": answers("401 Unauthorized", {"error": {"message": "Incorrect API key: secret-key", "code": "401"}}),
    "http403_html": answers("403 Forbidden", PAGE, content_type="text/html"),
    "http404_ollama": answers("404 Not Found", {"error": "model 'm' not found"}),
    "http404_openai": answers("404 Not Found", {"error": {"message": "no m", "code": "model_not_found"}}),
    "http404_detail": answers("404 Not Found", {"detail": "Not Found"}),
    "http429_after_1s": answers("429 Too Many Requests", LIMIT, "retry-after: 0.1"),
    "http429_ms": answers("429 Too Many Requests", LIMIT, "retry-after-ms: 50"),
    "http429_hour": answers("429 Too Many Requests", LIMIT, f"retry-after: {LATER}"),
    "http429_quota": answers("429 Too Many Requests", {"error": {"message": "no", "code": "insufficient_quota"}}),
    "http500": answers("500 Internal Server Error", ERROR),
    "http502_html": answers("502 Bad Gateway", PAGE, content_type="text/html"),
    "http503_loading": answers("503 Service Unavailable", {"error": {"code": 503, "message": "Loading model"}}),
    "http529_anthropic": answers("529 Overloaded", {"type": "error", "error": {"type": "overloaded_error"}}),
    "html_200": answers("200 OK", PAGE, content_type="text/html"),
    "html_200_as_sse": answers("200 OK", PAGE, content_type=EVENTS),
    "json_error_200": answers("200 OK", ERROR),
    "empty_200": answers("200 OK", b"", content_type=EVENTS),
    "redirect_301": answers("301 Moved Permanently", b"", "location: /elsewhere/v1/chat/completions"),
    "redirect_307_other_host": answers("307 Temporary Redirect", b"", "location: http://127.0.0.2:9/v1"),
    "bad_status_line": bad_status_line,
    "close_at_once": close_at_once,
    "stall_headers": stall_headers,
    "stall_first_byte": stall_first_byte,
    "stall_mid": stall_mid,
    "stall_keepalive": stall_keepalive,
    "reset_mid": reset_mid,
    "reset_before_text": reset_before_text,
    "fin_mid": fin_mid,
    "truncated_clean": events(TEXT),
    "truncated_line": events(ROLE, delta("Hello "), THERE[: len(THERE) // 2]),
    "error_in_data": events(TEXT, event(ERROR)),
    "error_event": events(TEXT, b"event: error\n" + event({"message": "The model ran into a wall"})),
    "error_first": events(event(ERROR)),
    "error_string": events(TEXT, event({"error": "The model ran into a wall"})),
    "error_plain_text": events(TEXT, event(b"Internal error: CUDA out of memory")),
    "bad_json_once": events(ROLE, HELLO, event(b'{"choices": [{"index": 0, "delta": {"cont'), THERE, STOP, DONE),
    "bad_utf8": events(ROLE, delta("Hello X").replace(b" X", b" \xff"), delta("there."), STOP, DONE),
    "finish_length": events(TEXT, delta(None, "length"), DONE),
    "finish_content_filter": events(TEXT, delta(None, "content_filter"), DONE),
    "infinite": infinite,
    "bad_chunking": bad_chunking,
    "gzip_corrupt": gzip_corrupt,
}


async def until(condition: Callable[[], object]) -> None:
    """Wait for what the server sees, in turns of the loop."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 # what another process would see cannot set an event
            await asyncio.sleep(0.001)


@asynccontextmanager
async def misbehaving_server(faults: dict[str, Act] | None = None) -> AsyncIterator[MisbehavingServer]:
    """Serve on a free port of loopback; /FAULT/v1/… ends in that fault, every time."""
    found = MisbehavingServer()
    acts = FAULTS | (faults or {})
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: Writer) -> None:
        found.connections += 1
        found.open_connections += 1
        try:
            while (request := await _read_request(reader)) is not None:
                found.requests.append(request)
                path = request[0]
                if path.endswith(("/models", "/tags")) and "/no_list" not in path:
                    await whole(writer, "200 OK", {"data": [{"id": "first-model"}], "models": [{"name": "first"}]})
                    await writer.drain()
                    continue
                act = asyncio.create_task(_act(acts[path.split("/")[1]], writer))
                gone = asyncio.create_task(_gone(reader))
                await asyncio.wait([act, gone], return_when=asyncio.FIRST_COMPLETED)
                has_left = gone.done()
                for task in (act, gone):
                    task.cancel()
                await asyncio.wait([act, gone])
                if has_left or (not act.cancelled() and act.result() is False):
                    found.closed.append(loop.time())
                    return
                if writer.is_closing():
                    return
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            found.open_connections -= 1
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    def start(reader: asyncio.StreamReader, writer: Writer) -> None:
        task = asyncio.create_task(serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(start, "127.0.0.1", 0, limit=2**20)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        if tasks:
            await asyncio.wait(list(tasks))


async def _gone(reader: asyncio.StreamReader) -> None:
    """Return when the client has closed the connection, or reset it."""
    with suppress(ConnectionError):
        await reader.read(1)


async def _act(act: Act, writer: Writer) -> bool:
    """Misbehave; say whether the client took it to the end."""
    try:
        await act(writer)
        await writer.drain()
    except ConnectionError:
        return False
    return True


async def _read_request(reader: asyncio.StreamReader) -> tuple[str, dict[str, str], bytes] | None:
    try:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    except asyncio.IncompleteReadError:
        return None
    headers = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return first.split(" ")[1], headers, body
