"""Tools of MCP servers (Model Context Protocol): child processes, or servers over streamable HTTP.

Needs the extra `mcp`. Each server belongs to one task, because the library's connections must be closed by the task
that opened them; a server that dies is opened again at its next call."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import re
import shlex
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from voicestream import __version__
from voicestream.config import Tools
from voicestream.thinking.tools import Arguments, Tool, ToolProblem
from voicestream.vocabulary import ToolDescription

if TYPE_CHECKING:
    import mcp_types
    from mcp.client import Client

Confirm = Literal["never", "destructive", "effects"]

OPENING_LIMIT = 15.0
"""Seconds; servers started through npx or uvx may have to be fetched first."""
LONGEST_LIST = 200
"""Tools of one server; more would fill a model's whole window."""


@dataclass(frozen=True, slots=True)
class ToolServers:
    """What the configured servers offer."""

    tools: tuple[Tool, ...]
    """Sorted by name: models keep the beginning of a request in their cache."""
    problems: tuple[str, ...]
    """One line for each server that could not be opened."""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """How servers are opened and used."""

    confirm: Confirm = "destructive"
    confirm_tools: frozenset[str] = frozenset()
    timeout: float = 20.0
    """Seconds, of one call."""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Variables that child processes get besides the usual ones; never shown, as keys are among them."""
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Bearer tokens of HTTP servers, by server name; never shown."""


def read_settings(tools: Tools, environment: Mapping[str, str]) -> ServerSettings:
    """Return what config.yaml and the environment say about tool servers."""
    variables = {name: f"VOICESTREAM_MCP_{re.sub(r'[^A-Z0-9]', '_', name.upper())}_KEY" for name in tools.mcp}
    return ServerSettings(
        tools.confirm,
        frozenset(tools.confirm_tools),
        tools.timeout,
        {name: environment[name] for name in tools.mcp_environment if name in environment},
        {name: environment[variable] for name, variable in variables.items() if environment.get(variable)},
    )


@asynccontextmanager
async def open_tool_servers(
    addresses: Mapping[str, str], settings: ServerSettings
) -> AsyncGenerator[ToolServers, None]:
    """Open all servers at the same time, for the length of a block; those that fail cost a line, not the others.

    An address is a URL or a command line.
    """
    if not addresses:
        yield ToolServers((), ())
        return
    try:
        await asyncio.to_thread(importlib.import_module, "mcp.client")  # a second of importing
    except ImportError:
        yield ToolServers((), ("tools.mcp needs the extra mcp: pip install mcp",))
        return
    servers = [_Server(name, address, settings) for name, address in sorted(addresses.items())]
    try:
        found = await asyncio.gather(*(server.list_tools() for server in servers), return_exceptions=True)
        tools: list[Tool] = []
        problems: list[str] = []
        for result in found:
            if isinstance(result, ToolProblem):
                problems.append(str(result))
            elif isinstance(result, BaseException):
                raise result
            else:
                tools += result
        yield ToolServers(tuple(sorted(tools, key=lambda tool: tool.description.name)), tuple(problems))
    finally:
        await asyncio.gather(*(server.close() for server in servers), return_exceptions=True)


class _Server:
    """One server and the task that owns its connection."""

    def __init__(self, name: str, address: str, settings: ServerSettings) -> None:
        self._name = name
        self._address = address
        self._settings = settings
        self._closing = asyncio.Event()
        self._opening = asyncio.Lock()
        self._owner: asyncio.Task[None] | None = None
        self._opened: asyncio.Future[Client] | None = None
        self._client: Client | None = None

    async def list_tools(self) -> list[Tool]:
        """Open the server and return its tools; raise ToolProblem."""
        client = await self._open()
        listed: list[mcp_types.Tool] = []
        cursor: str | None = None
        try:
            async with asyncio.timeout(OPENING_LIMIT):
                while len(listed) < LONGEST_LIST:
                    page = await client.list_tools(cursor=cursor)
                    listed += page.tools
                    cursor = page.next_cursor
                    if not cursor:
                        break
        except Exception as error:
            raise self._problem(error) from None
        return [self._as_tool(tool) for tool in listed[:LONGEST_LIST]]

    async def close(self) -> None:
        """Close the connection and end the child process."""
        self._closing.set()
        if self._owner is not None and self._opened is not None:
            if not self._opened.done():
                self._owner.cancel()
            await asyncio.wait([self._owner])

    async def _open(self) -> Client:
        """Return the open connection, opening it where there is none or where it broke."""
        async with self._opening:
            if self._client is not None:
                return self._client
            if self._owner is not None:
                await self.close()
            self._closing = asyncio.Event()
            self._opened = opened = asyncio.get_running_loop().create_future()
            self._owner = asyncio.create_task(self._own(opened, self._closing), name=f"tool server {self._name}")
            try:
                async with asyncio.timeout(OPENING_LIMIT):
                    client: Client = await asyncio.shield(opened)
            except Exception as error:
                if not opened.done():
                    self._owner.cancel()
                raise self._problem(error) from None
            self._client = client
            return client

    async def _own(self, opened: asyncio.Future[Client], closing: asyncio.Event) -> None:
        """Open the connection, keep it until `closing`, and close it: all in one task."""
        try:
            async with AsyncExitStack() as stack:
                client = await self._connect(stack)
                opened.set_result(client)
                await closing.wait()
        except Exception as error:  # a stage ends here: who waits for the opening is told, later calls open it anew
            if not opened.done():
                opened.set_exception(error)
        finally:
            self._client = None
            opened.cancel()

    async def _connect(self, stack: AsyncExitStack) -> Client:
        import httpx2
        from mcp.client import Client
        from mcp.client.stdio import StdioServerParameters, stdio_client
        from mcp.client.streamable_http import streamable_http_client
        from mcp_types import Implementation

        info = Implementation(name="voicestream", version=__version__)
        url = urlsplit(self._address)
        if url.scheme in ("http", "https"):
            key = self._settings.keys.get(self._name)
            http = httpx2.AsyncClient(
                headers={"Authorization": f"Bearer {key}"} if key else None,
                timeout=httpx2.Timeout(OPENING_LIMIT, read=300),  # a server may be silent while its tool works
                trust_env=url.hostname not in ("127.0.0.1", "localhost", "::1"),  # no proxy for this machine
            )
            http = await stack.enter_async_context(http)
            transport = streamable_http_client(self._address, http_client=http)
        else:
            command, *arguments = shlex.split(self._address)
            # the server's own log would run through the terminal's display; the null device never blocks
            silent = stack.enter_context(open(os.devnull, "w", encoding="utf-8"))  # noqa: ASYNC230, SIM115
            environment = dict(self._settings.environment)
            parameters = StdioServerParameters(command=command, args=arguments, env=environment)
            transport = stdio_client(parameters, errlog=silent)
        return await stack.enter_async_context(Client(transport, client_info=info))

    def _as_tool(self, listed: mcp_types.Tool) -> Tool:
        hints = listed.annotations
        is_read_only = bool(hints and hints.read_only_hint)
        is_destructive = not is_read_only and not (hints and hints.destructive_hint is False)
        name = _safe_name(f"{self._name}_{listed.name}")
        asked = {"never": False, "destructive": is_destructive, "effects": not is_read_only}[self._settings.confirm]
        return Tool(
            ToolDescription(name, (listed.description or listed.title or listed.name)[:1000], listed.input_schema),
            self._caller(listed.name, is_read_only),
            has_effects=not is_read_only,
            needs_confirmation=asked or name in self._settings.confirm_tools,
            timeout=self._settings.timeout,
        )

    def _caller(self, name: str, may_repeat: bool) -> Callable[[Arguments], Awaitable[str]]:
        async def call(arguments: Arguments) -> str:
            client = await self._open()
            try:
                return await self._call(client, name, arguments)
            except ConnectionError as error:
                self._forget(client)
                if not may_repeat:  # it may have been done before the connection broke
                    raise self._problem(error) from None
            return await self._call(await self._open(), name, arguments)

        return call

    async def _call(self, client: Client, name: str, arguments: Arguments) -> str:
        """Call the tool once; raise ToolProblem, or ConnectionError where the server is gone."""
        from mcp import MCPError
        from mcp_types import CONNECTION_CLOSED

        try:
            result = await client.call_tool(name, dict(arguments))
        except MCPError as error:
            if error.error.code == CONNECTION_CLOSED:
                raise ConnectionError("it closed the connection") from None
            raise ToolProblem(f"{name} failed: {error}") from None
        text = "\n".join(block.text for block in result.content if block.type == "text")
        text = text or (json.dumps(result.structured_content) if result.structured_content else "Done.")
        if result.is_error:
            raise ToolProblem(text)
        return text

    def _forget(self, client: Client) -> None:
        if self._client is client:
            self._client = None
            self._closing.set()

    def _problem(self, error: BaseException) -> ToolProblem:
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        reason = str(error) or type(error).__name__
        if isinstance(error, FileNotFoundError):
            reason = "its command was not found"
        elif isinstance(error, TimeoutError):
            reason = f"it did not answer within {OPENING_LIMIT:g} seconds"
        return ToolProblem(f"The tool server {self._name} cannot be used: {reason}.")


def _safe_name(name: str) -> str:
    """Return a name that every model server accepts: letters, digits, _ and -, at most 64."""
    return re.sub(r"[^a-zA-Z0-9_-]", "_", name)[:64]
