"""A language model behind HTTP: one client for the life of the process, one task for each response.

    async with ModelServer("http://127.0.0.1:8080/v1", openai_chat, model="llama3", key=key) as model:
        await model.warm()  # while the user still speaks
        async with aclosing(model.stream([Message("user", "How far is the moon?")])) as parts:
            async for part in parts:
                print(part)  # Delta, Reasoning, ToolCall, ModelNotice; a Finish last, or ModelError

Does I/O, time limits and further tries; what the bytes mean is decided in thinking/. HTTP/1.1 only: on HTTP/2 a cancel
never reaches the server, because httpcore sends no RST_STREAM.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import ssl
import sys
import uuid
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from voicestream.errors import ModelError
from voicestream.stages import Channel
from voicestream.thinking.chat_protocol import ChatProtocol, ChatRequest, Effort, ReplyPart
from voicestream.thinking.faults import Fault, Retries, as_error, one_line
from voicestream.thinking.reply_reader import BodyReader, ErrorReader, ReplyReader, ResponseReader
from voicestream.vocabulary import Delta, Message, ModelNotice, ModelPart, ToolCall, ToolDescription

if TYPE_CHECKING:
    import httpx

_UNREAD_PARTS = 4096
"""Parts that may wait for the reader: a whole spoken answer, so that its connection is soon free again."""

_DRAIN_SECONDS = 0.1
"""After the end mark: the time for the response's own end, so that the connection can serve again."""

_MARK_SECONDS = 1.0
"""After the reason to end: the time for usage and end mark, which some servers never send."""

_OPTIONAL = frozenset({"tools", "think", "stream_options", "reasoning_effort", "chat_template_kwargs", "cache_prompt"})
"""Parts of a request without which it can be tried again, where a server refuses them."""

Trim = Callable[[Sequence[Message]], Sequence[Message]]


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


class ModelServer:
    """A Model that is asked over HTTP; see the module's example."""

    def __init__(
        self,
        base_url: str,
        protocol: ChatProtocol,
        *,
        model: str = "",
        key: str = "",
        limits: Limits | None = None,
        max_tokens: int = 600,
        reasoning: Effort = "off",
        server: str = "",
        prefer: Sequence[str] = (),
        trim: Trim | None = None,
        certificates: ssl.SSLContext | None = None,
    ) -> None:
        self.base_url = (base_url or protocol.DEFAULT_URL).rstrip("/")
        self.model = model
        self._protocol = protocol
        self._key = key
        self._limits = limits or Limits()
        self._max_tokens = max_tokens
        self._reasoning = reasoning
        self._server = server
        self._prefer = prefer
        self._trim = trim
        self._certificates = certificates
        self._client: httpx.AsyncClient | None = None
        self._exchanges: set[_Exchange] = set()
        self._reading_ahead: _Exchange | None = None
        self._refused: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"ModelServer({self.base_url!r}, model={self.model!r})"

    async def __aenter__(self) -> ModelServer:
        self._open()
        return self

    async def __aexit__(self, *reason: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End what runs and close the connections."""
        for exchange in self._exchanges:
            exchange.stop(at_once=True)
        if self._exchanges:
            await asyncio.wait([exchange.task for exchange in self._exchanges])
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def warm(self, messages: Sequence[Message] = (), tools: Sequence[ToolDescription] = ()) -> bool:
        """Open a connection, so that the next request finds it ready; say whether the server is there. Never raises.

        A server nearby is also given the conversation so far, one token long: reading it takes seconds on a small
        machine, and what was read once is kept there.
        """
        try:
            if messages and self.model and is_local(self.base_url):
                await self._read_ahead(messages, tools)
            else:
                self.pick(await self.model_names())
        except ModelError:
            return False
        return True

    def pick(self, names: Sequence[str]) -> bool:
        """Take the first preferred of `names`, or the first, where no model is set; say whether there is one now."""
        if not self.model and names:
            preferred = (name for wanted in self._prefer for name in names if wanted in name)
            self.model = next(preferred, names[0])
        return bool(self.model)

    async def model_names(self) -> list[str]:
        """Return the models that the server lists; raise ModelError."""
        body = BodyReader()
        exchange = self._exchange("GET", self._protocol.MODELS_PATH, None, lambda encoding: body)
        async with aclosing(exchange.parts()) as parts:
            async for part in parts:
                if isinstance(part, Fault):
                    raise self._error(part)
        try:
            return self._protocol.model_names(json.loads(body.body))
        except ValueError as error:
            raise self._error(Fault("protocol", "the list of models is not JSON: is base_url right?")) from error

    async def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolDescription] = ()
    ) -> AsyncGenerator[ModelPart, None]:
        """Yield the answer as it is written, a Finish last; raise ModelError; closing it ends the request at once."""
        retries = Retries(self._limits.first_token)
        is_released = is_trimmed = is_told = False
        self._end_reading_ahead()
        while True:
            if not self.pick([] if self.model else await self.model_names()):
                raise self._error(Fault("not_found", "the server offers no model; set thinking.model"))
            fault: Fault | None = None
            async with aclosing(self._ask(messages, tools).parts()) as parts:
                async for part in parts:
                    if isinstance(part, Fault):
                        fault = part
                        break
                    is_released = is_released or isinstance(part, (Delta, ToolCall))
                    yield _named(part)
            if fault is None:
                return
            if is_released:
                raise self._error(fault)
            if fault.code == "context_overflow" and self._trim is not None and not is_trimmed:
                shorter = self._trim(messages)
                if len(shorter) < len(messages):
                    messages, is_trimmed = shorter, True
                    continue
            if fault.refused_option in _OPTIONAL - self._refused:
                self._refused |= {fault.refused_option}
                continue
            delay = retries.delay(fault)
            if delay is None:
                raise self._error(fault)
            if fault.code == "loading" and not is_told:
                is_told = True
                yield ModelNotice("loading", "the model is still being loaded", "One moment, the model is loading.")
            await asyncio.sleep(delay)

    def _ask(self, messages: Sequence[Message], tools: Sequence[ToolDescription], max_tokens: int = 0) -> _Exchange:
        request = ChatRequest(
            self.model,
            messages,
            tools,
            max_tokens or self._max_tokens,
            self._reasoning,
            self._server,
            self._refused,
        )
        return self._exchange(
            "POST",
            self._protocol.path(self.model),
            self._protocol.encode(request),
            lambda encoding: ReplyReader(self._protocol, encoding, self._limits.characters),
        )

    async def _read_ahead(self, messages: Sequence[Message], tools: Sequence[ToolDescription]) -> None:
        self._end_reading_ahead()
        exchange = self._reading_ahead = self._ask([*messages, Message("user", "…")], tools, max_tokens=1)
        async with aclosing(exchange.parts()) as parts:
            async for part in parts:
                if isinstance(part, Fault):
                    raise self._error(part)

    def _end_reading_ahead(self) -> None:
        """Close the warm-up: a server that does one thing at a time would let the question wait behind it."""
        if self._reading_ahead is not None:
            self._reading_ahead.stop()
            self._reading_ahead = None

    def _exchange(
        self, method: str, path: str, body: dict[str, Any] | None, new_reader: Callable[[str], ResponseReader]
    ) -> _Exchange:
        client = self._open()
        import httpx

        headers = {"accept-encoding": "identity", "accept": "text/event-stream, application/json"}
        headers |= self._protocol.headers(self._key)
        try:
            request = client.build_request(method, f"{self.base_url}{path}", headers=headers, json=body)
        except (ValueError, httpx.InvalidURL):
            raise self._error(Fault("bad_request", "address, key or conversation hold what cannot be sent")) from None
        exchange = _Exchange(client, request, new_reader, self._limits)
        self._exchanges.add(exchange)
        exchange.task.add_done_callback(lambda _: self._exchanges.discard(exchange))
        return exchange

    def _error(self, fault: Fault) -> ModelError:
        error = as_error(fault)
        place = urlsplit(self.base_url)
        message = f"{place.hostname}: {fault.message}"
        if self._key:  # some servers repeat the key in their error
            message = message.replace(self._key, "[key]")
        return ModelError(one_line(message), error.code, error.spoken)

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = open_client(self.base_url, self._limits.connect, self._certificates)
        return self._client


def _named(part: ModelPart) -> ModelPart:
    """Return `part`; a call to which the server gave no name of its own gets one, so that its result can be told."""
    if isinstance(part, ToolCall) and not part.id:
        return ToolCall(f"call_{uuid.uuid4().hex[:16]}", part.name, part.arguments)
    return part


class _Exchange:
    """One request and its response, in a task of its own that is cancelled at most once.

    httpx loses a connection for good when a cancel lands while it closes a response, and a cancel that meets the
    natural end does: so the task is left alone from the moment in which it begins to close, and while it connects.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        request: httpx.Request,
        new_reader: Callable[[str], ResponseReader],
        limits: Limits,
    ) -> None:
        request.extensions["trace"] = self._trace
        self._client = client
        self._request = request
        self._new_reader = new_reader
        self._limits = limits
        self._clock = asyncio.get_running_loop().time
        self._started_at = self._progressed_at = self._clock()
        self._channel: Channel[ReplyPart] = Channel(_UNREAD_PARTS)
        self._reader: ResponseReader | None = None
        self._is_connecting = self._is_stopped = self._is_closing = False
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
                for item in items:
                    yield item
        finally:
            self.stop()
            if not self._is_connecting and not self._is_closing:
                await asyncio.wait([self.task])

    async def _next(self) -> list[ReplyPart]:
        """Wait for a part, at most for its time limit; return nothing at the end."""
        waiting_since = self._clock()
        while True:
            seen = self._progressed_at
            try:
                async with asyncio.timeout_at(max(seen, waiting_since) + self._patience()):
                    return [await anext(self._channel)]
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
        response: httpx.Response | None = None
        failure: Exception | None = None
        try:
            async with asyncio.timeout(None) as limit:
                response = await self._client.send(self._request, stream=True)
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

    async def _read(self, response: httpx.Response, limit: asyncio.Timeout) -> None:
        self._reader = reader = self._reader_for(response)
        async for piece in response.stream:  # type: ignore[union-attr] # that of an AsyncClient is asynchronous
            if reader.is_over:
                continue  # never break: httpx's nested generators, left half-way, would close after us
            progress = reader.progress
            await self._hand_on(reader.add(piece))
            if reader.progress != progress:
                self._progressed_at = self._clock()
            if self._clock() - self._started_at > self._limits.whole:
                await self._hand_on(reader.break_off(Fault("incomplete", "the answer took too long as a whole")))
            if reader.is_over:
                self._is_closing = True
                self._channel.end()
                limit.reschedule(self._clock() + (_DRAIN_SECONDS if reader.has_finish else 0))
        await self._hand_on(reader.end())

    async def _hand_on(self, parts: list[ReplyPart]) -> None:
        for part in parts:
            await self._channel.put(part)

    def _reader_for(self, response: httpx.Response) -> ResponseReader:
        if response.status_code != 200:
            return ErrorReader(response.status_code, dict(response.headers))
        return self._new_reader(response.headers.get("content-encoding", ""))

    async def _trace(self, step: str, details: object) -> None:
        """Follow the connection; called by httpcore at each step of the request."""
        if step == "connection.connect_tcp.started":
            self._is_connecting = True
        elif step == "http11.send_request_headers.started":
            self._is_connecting = False
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


def open_client(base_url: str, connect: float, certificates: ssl.SSLContext | None = None) -> httpx.AsyncClient:
    """Return the one HTTP client for a server; the only place that knows how httpx is set up."""
    import_httpx()
    import httpx

    is_near = is_local(base_url)
    # the TLS context costs 25 to 90 ms, also for http://, where it is never used
    verify: ssl.SSLContext | bool = (certificates or True) if base_url.startswith("https:") else False
    return httpx.AsyncClient(
        http2=False,
        verify=verify,
        trust_env=not is_near,  # HTTP_PROXY would capture 127.0.0.1 as well
        timeout=httpx.Timeout(None, connect=min(connect, 2.0) if is_near else connect, write=10.0),
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=4, keepalive_expiry=120.0),
    )


def import_httpx() -> None:
    """Import httpx without its command line, which alone takes 280 ms where click and rich are installed."""
    if "httpx" in sys.modules:
        return
    sys.modules["httpx._main"] = None  # type: ignore[assignment] # makes its import fail, as where click is missing
    try:
        import httpx  # noqa: F401
    finally:
        del sys.modules["httpx._main"]


def is_local(base_url: str) -> bool:
    """Say whether an address is this machine, or one in the same house."""
    host = urlsplit(base_url).hostname or ""
    if host == "localhost" or host.endswith(".local"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_private or address.is_link_local
