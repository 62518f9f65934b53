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
import json
import os
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from voicestream.backends.model_response import Exchange, Send, send_by
from voicestream.backends.model_response import Limits as Limits  # for whoever makes a ModelServer
from voicestream.errors import ModelError
from voicestream.thinking.chat_protocol import ChatProtocol, ChatRequest, Effort
from voicestream.thinking.faults import Fault, Retries, as_error, one_line
from voicestream.thinking.overflow import drop_older_half
from voicestream.thinking.reply_reader import BodyReader, ReplyReader, ResponseReader
from voicestream.vocabulary import Delta, Finish, Message, ModelNotice, ModelPart, ToolCall, ToolDescription

if TYPE_CHECKING:
    import ssl

    import httpx

_OPTIONAL = frozenset(
    {
        "cache_prompt",
        "chat_template_kwargs",
        "max_completion_tokens",
        "max_tokens",
        "reasoning",
        "reasoning_effort",
        "stream_options",
        "think",
        "tools",
    }
)
"""Parts of a request without which it can be tried again, where a server refuses them."""

ADVICE = {
    "connect": "is the server running at {url}? See thinking.base_url",
    "auth": "check the key in the environment, and thinking.key_variable",
    "not_found": "check thinking.model",
    "quota": "check the account, or set thinking.fallback_provider",
}
"""What a person can do about a fault, by its class."""

Trim = Callable[[Sequence[Message]], Sequence[Message]]


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
        reasoning: Effort = "none",
        server: str = "",
        prefer: Sequence[str] = (),
        trim: Trim = drop_older_half,
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
        self._send_by: Callable[[httpx.AsyncClient, str], Send] = lambda client, key: send_by(client)
        self._exchanges: set[Exchange] = set()
        self._reading_ahead: Exchange | None = None
        self._refused: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"ModelServer({self.base_url!r}, model={self.model!r})"

    async def __aenter__(self) -> ModelServer:
        self._open()
        return self

    async def __aexit__(self, *reason: object) -> None:
        await self.aclose()

    def send_by(self, sending: Callable[[httpx.AsyncClient, str], Send]) -> None:
        """Let what `sending` makes of a client, and of the key, send from now on."""
        self._send_by = sending

    def describe(self) -> dict[str, Any]:
        """Return what it was made of, but for its key and its limits (Any: JSON)."""
        return {
            "protocol": str(getattr(self._protocol, "__name__", "")).rpartition(".")[2],  # it is a module
            "base_url": without_user(self.base_url),
            "model": self.model,
            "server": self._server,
            "prefer": list(self._prefer),
        }

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
        except (ValueError, RecursionError) as error:
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
                    match part:
                        case Delta():
                            is_released = True
                        case ToolCall():
                            is_released = True
                            part = _named(part)
                        case Fault():
                            fault = part
                            break
                    yield part
                    if isinstance(part, Finish):
                        return
            if fault is None:
                raise self._error(Fault("incomplete", "the connection was closed from this side"))
            if is_released:
                raise self._error(fault)
            if fault.code == "context_overflow" and not is_trimmed:
                shorter = self._trim(messages)
                if len(shorter) < len(messages):
                    messages, is_trimmed = shorter, True
                    continue
            if fault.refused_option in _OPTIONAL - self._refused:
                self._refused |= {fault.refused_option}
                yield ModelNotice(
                    "option_refused", f"the server does not take {fault.refused_option}: asked without it"
                )
                continue
            delay = retries.delay(fault)
            if delay is None:
                raise self._error(fault)
            if fault.code == "loading" and not is_told:
                is_told = True
                yield ModelNotice("loading", "the model is still being loaded", "One moment, the model is loading.")
            await asyncio.sleep(delay)

    def _ask(self, messages: Sequence[Message], tools: Sequence[ToolDescription], max_tokens: int = 0) -> Exchange:
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
    ) -> Exchange:
        client = self._open()
        import httpx

        headers = {"accept-encoding": "identity", "accept": "text/event-stream, application/json"}
        headers |= self._protocol.headers(self._key)
        try:
            request = client.build_request(method, f"{self.base_url}{path}", headers=headers, json=body)
        except (ValueError, httpx.InvalidURL):
            raise self._error(Fault("bad_request", "address, key or conversation hold what cannot be sent")) from None
        exchange = Exchange(self._send_by(client, self._key), request, new_reader, self._limits)
        self._exchanges.add(exchange)
        exchange.task.add_done_callback(lambda _: self._exchanges.discard(exchange))
        return exchange

    def _error(self, fault: Fault) -> ModelError:
        error = as_error(fault)
        message = f"{host_of(self.base_url) or self.base_url}: {fault.message}"
        if self._key:  # some servers repeat the key in their error
            message = message.replace(self._key, "[key]")
        if advice := ADVICE.get(error.code):
            message = f"{one_line(message)}; {advice.format(url=self.base_url)}"
        return ModelError(one_line(message), error.code, error.spoken)

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = open_client(self.base_url, self._limits.connect, self._certificates)
        return self._client


def _named(call: ToolCall) -> ToolCall:
    """Return `call`; where the server gave it no id, it gets one, so that its result can be told."""
    return call if call.id else ToolCall(f"call_{os.urandom(8).hex()}", call.name, call.arguments)


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


def host_of(base_url: str) -> str:
    """Return the name of the machine in an address, or nothing where the address is none."""
    try:
        return urlsplit(base_url).hostname or ""
    except ValueError:
        return ""


def without_user(base_url: str) -> str:
    """Return an address without a name and password in it."""
    scheme, mark, rest = base_url.partition("://")
    place, slash, path = rest.partition("/")
    return f"{scheme}{mark}{place.rpartition('@')[2]}{slash}{path}"


def is_local(base_url: str) -> bool:
    """Say whether an address is this machine, or one in the same house."""
    import ipaddress

    host = host_of(base_url)
    if host == "localhost" or host.endswith(".local"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_private or address.is_link_local
