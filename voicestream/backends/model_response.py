"""One request to a model's server and its response: a task of its own, its time limits, and what ends it.

Knows httpx and asyncio, and nothing of protocols: a reader of thinking/ says what the bytes mean.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

from voicestream.stages import Channel
from voicestream.thinking.chat_protocol import ReplyPart
from voicestream.thinking.faults import Fault, one_line
from voicestream.thinking.reply_reader import ErrorReader, ResponseReader
from voicestream.vocabulary import Delta, Reasoning

if TYPE_CHECKING:
    import httpcore
    import httpx

_UNREAD_SIZE = 64 * 1024
"""Characters of text that may wait for the reader, where each part counts _PART_SIZE more: a whole spoken answer, so
that its connection is soon free again, and never so much that it fills the memory."""

_PART_SIZE = 16

_DRAIN_SECONDS = 0.1
"""After the end mark: the time for the response's own end, so that the connection can serve again."""

_MARK_SECONDS = 1.0
"""After the reason to end: the time for usage and end mark, which some servers never send."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a person is kept waiting. Timers run on pieces of the answer: keep-alives do not wind them up."""

    connect: float = 4.0
    first_token: float = 30.0
    next_token: float = 8.0
    whole: float = 120.0
    """Seconds that one answer may take."""
    characters: int = 20_000
    """Length at which an answer is cut off, for servers that never stop."""


class Response(Protocol):
    """What is asked of a response of httpx."""

    @property
    def status_code(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def stream(self) -> AsyncIterator[bytes]:
        """The body as it comes over the wire."""
        ...

    async def aclose(self) -> None:
        """Give the connection back, or close it."""
        ...


Send = Callable[["httpx.Request"], Awaitable[Response]]
"""Sends a request; returns as soon as the head of the response is there, and raises the errors of httpx."""


def send_by(client: httpx.AsyncClient) -> Send:
    """Return what sends by a client."""

    async def send(request: httpx.Request) -> Response:
        return cast(Response, await client.send(request, stream=True))  # its stream is asynchronous, typed as either

    return send


class Exchange:
    """One request and its response, in a task of its own that is cancelled at most once.

    httpx loses a connection for good when a cancel lands while it closes a response, and a cancel that meets the
    natural end does: so the task is left alone from the moment in which it begins to close, and while it connects.
    """

    def __init__(
        self,
        send: Send,
        request: httpx.Request,
        new_reader: Callable[[str], ResponseReader],
        limits: Limits,
    ) -> None:
        request.extensions["trace"] = self._trace
        self._send = send
        self._request = request
        self._new_reader = new_reader
        self._limits = limits
        self._clock = asyncio.get_running_loop().time
        self._started_at = self._progressed_at = self._clock()
        self._channel: Channel[ReplyPart] = Channel(ahead=1)  # bounded by size, see _hand_on
        self._room = asyncio.Event()
        self._unread = 0
        self._reader: ResponseReader | None = None
        self._is_connecting = self._is_stopped = self._is_closing = False
        self._half_open: httpcore.AsyncNetworkStream | None = None
        self.task = asyncio.create_task(self._run(), name="model response")

    def stop(self, *, at_once: bool = False) -> None:
        """Close the response; a connection that is just being made is closed when it stands, unless `at_once`."""
        is_first, self._is_stopped = not self._is_stopped, True
        if not self._is_closing and (at_once or (is_first and not self._is_connecting)):
            self.task.cancel()

    async def parts(self) -> AsyncGenerator[ReplyPart, None]:
        """Yield the reply, a Finish or a Fault last; leaving it ends the exchange."""
        try:
            while items := self._channel.take() or await self._next():
                self._unread = 0
                self._room.set()
                for item in items:
                    yield item
        finally:
            self.stop()
            if not self._is_connecting and not self._is_closing:
                await asyncio.wait([self.task])

    async def _next(self) -> list[ReplyPart]:
        """Wait for parts, at most for the time limit; return nothing at the end."""
        waiting_since = self._clock()
        while True:
            seen = self._progressed_at
            try:
                async with asyncio.timeout_at(max(seen, waiting_since) + self._patience()):
                    return [await anext(self._channel), *self._channel.take()]
            except StopAsyncIteration:
                return []
            except TimeoutError:
                if self._progressed_at == seen:
                    fault = Fault("timeout", "nothing came from the server within the time limit")
                    return self._reader.break_off(fault) if self._reader else [fault]

    def _patience(self) -> float:
        reader = self._reader
        if reader is None or not reader.progress:
            return self._limits.first_token
        return min(_MARK_SECONDS, self._limits.next_token) if reader.has_finish else self._limits.next_token

    async def _run(self) -> None:
        response: Response | None = None
        failure: Exception | None = None
        try:
            async with asyncio.timeout(None) as limit:
                response = await self._send(self._request)
                await self._read(response, limit)
        except TimeoutError:
            pass  # the response goes on after the end of the reply
        except Exception as error:  # whatever it is must reach the reader, who would wait for ever
            fault = fault_of(error, has_response=response is not None)
            failure = error if fault is None else None
            if fault is not None:
                await self._hand_on(self._reader.break_off(fault) if self._reader else [fault])
        finally:
            self._is_closing = True
            self._channel.end(failure)
            if response is not None:
                await response.aclose()
            if self._half_open is not None:  # httpcore forgets a socket whose TLS handshake is cancelled
                await self._half_open.aclose()

    async def _read(self, response: Response, limit: asyncio.Timeout) -> None:
        self._reader = reader = self._reader_for(response)
        progress = reader.progress
        async for piece in response.stream:
            if reader.is_over:
                continue  # never break: httpx's nested generators, left half-way, would close after us
            await self._hand_on(reader.add(piece))
            now = self._clock()
            if reader.progress != progress:
                progress = reader.progress
                self._progressed_at = now
            if now - self._started_at > self._limits.whole:
                await self._hand_on(reader.break_off(Fault("incomplete", "the answer took too long as a whole")))
            if reader.is_over:
                self._is_closing = True
                self._channel.end()
                limit.reschedule(now + (_DRAIN_SECONDS if reader.has_finish else 0))
        await self._hand_on(reader.end())

    async def _hand_on(self, parts: list[ReplyPart]) -> None:
        for part in parts:
            self._unread += _PART_SIZE + (len(part.text) if isinstance(part, (Delta, Reasoning)) else 0)
            self._channel.put_now(part)
        if self._unread > _UNREAD_SIZE:
            blocked_at = self._clock()
            self._room.clear()
            await self._room.wait()
            self._started_at += self._clock() - blocked_at  # a slow reader is no slow server

    def _reader_for(self, response: Response) -> ResponseReader:
        if response.status_code != 200:
            return ErrorReader(response.status_code, dict(response.headers))
        return self._new_reader(response.headers.get("content-encoding", ""))

    async def _trace(self, step: str, details: dict[str, Any]) -> None:
        """Follow the connection; called by httpcore at each step of the request."""
        if step == "connection.connect_tcp.started":
            self._is_connecting = True
        elif step == "connection.connect_tcp.complete":
            self._half_open = details["return_value"]
        elif step == "http11.send_request_headers.started":
            self._is_connecting = False
            self._half_open = None
            if self._is_stopped:
                raise asyncio.CancelledError


def fault_of(error: Exception, *, has_response: bool) -> Fault | None:
    """Return what an exception of httpx means, or None where it is a bug; the one place that maps them."""
    import httpx

    text = one_line(str(error))
    if isinstance(error, (httpx.ConnectTimeout, httpx.PoolTimeout)):
        return Fault("connect", "no connection within the time limit; is it https:// to a server of http://?")
    if isinstance(error, (httpx.ConnectError, httpx.ProxyError)):
        return Fault("connect", f"no connection: {text}")
    if isinstance(error, httpx.RemoteProtocolError):
        if "without sending a response" in text:
            return Fault("connect", "the server closed the connection without an answer")
        if "peer closed connection" in text:
            return Fault("incomplete", "the connection was closed in the middle of the answer")
        return Fault("protocol", f"the server does not speak HTTP as it should: {text}")
    if isinstance(error, httpx.NetworkError):
        told = "the connection was lost in the middle of the answer" if has_response else "the connection was lost"
        return Fault("incomplete" if has_response else "connect", told)
    if isinstance(error, httpx.TimeoutException):
        return Fault("timeout", "the server did not take the request within the time limit")
    if isinstance(error, (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.LocalProtocolError)):
        return Fault("bad_request", f"the address or the key cannot be sent: {type(error).__name__}", may_retry=False)
    return None
