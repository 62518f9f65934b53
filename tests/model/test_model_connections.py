"""Connections: kept, warmed, spoken in HTTP/1.1 only, never through a proxy to this machine, with TLS checked."""

from __future__ import annotations

import asyncio
import json
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path

import pytest
from misbehaving_server import FAULTS, GOOD, Writer, chunk, head, misbehaving_server, until

from voicestream.backends.model_server import Limits, ModelServer, is_local
from voicestream.errors import ModelError
from voicestream.thinking import ollama_chat, openai_chat
from voicestream.vocabulary import Delta, Message

QUESTION = [Message("user", "Hello?")]


async def read_all(model: ModelServer) -> str:
    async with aclosing(model.stream(QUESTION)) as parts:
        return "".join([part.text async for part in parts if isinstance(part, Delta)])


async def error_of(model: ModelServer) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await read_all(model)
    return caught.value


@asynccontextmanager
async def raw_server(context: ssl.SSLContext | None = None) -> AsyncIterator[tuple[int, list[str], list[str | None]]]:
    """Answer every request; tell the port, the request lines, and the protocols agreed on in the TLS handshake."""
    lines: list[str] = []
    agreed: list[str | None] = []
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: Writer) -> None:
        tls = writer.get_extra_info("ssl_object")
        agreed.append(tls.selected_alpn_protocol() if tls else None)
        try:
            while True:
                request = (await reader.readuntil(b"\r\n\r\n")).decode()
                lines.append(request.split("\r\n")[0])
                length = next(
                    (line for line in request.lower().split("\r\n") if line.startswith("content-length:")), ":0"
                )
                await reader.readexactly(int(length.split(":")[1]))
                await head(writer)
                chunk(writer, GOOD)
                writer.write(b"0\r\n\r\n")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            writer.close()
            with suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()

    def start(reader: asyncio.StreamReader, writer: Writer) -> None:
        tasks.add(asyncio.create_task(serve(reader, writer)))

    server = await asyncio.start_server(start, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1], lines, agreed
    finally:
        server.close()
        if tasks:
            await asyncio.wait(tasks, timeout=5)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost that nobody trusts, with its key, made now."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", str(path), "-out", f"{path}.crt", "-days", "1", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs the openssl program to make a certificate")
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path


def server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


def test_one_connection_serves_the_whole_conversation() -> None:
    async def run() -> None:
        async with misbehaving_server() as server, ModelServer(server.base_url("ok"), openai_chat) as model:
            assert await model.warm()
            assert model.model == "first-model"
            for _ in range(5):
                assert await read_all(model) == "Hello there."
            assert server.connections == 1
            assert [path.rsplit("/v1")[1] for path, _, _ in server.requests] == ["/models"] + ["/chat/completions"] * 5

    asyncio.run(run())


def test_warming_never_raises() -> None:
    async def run() -> None:
        async with misbehaving_server() as server:
            port = server.port
            async with ModelServer("http://127.0.0.1:9/v1", openai_chat) as nobody:
                assert not await nobody.warm()
            async with ModelServer(f"http://127.0.0.1:{port}/close_at_once/elsewhere", openai_chat, model="m") as odd:
                assert not await odd.warm(QUESTION)

    asyncio.run(run())


def test_a_server_nearby_reads_the_conversation_ahead_and_is_not_asked_twice_at_once() -> None:
    async def run() -> None:
        async with misbehaving_server() as server:
            async with ModelServer(server.base_url("ok"), openai_chat, model="m") as model:
                assert await model.warm([Message("system", "be brief")])
                sent = json.loads(server.requests[-1][2])
                assert sent["max_tokens"] == 1
                assert sent["messages"][0]["content"] == "be brief"
            async with ModelServer(server.base_url("stall_headers"), openai_chat, model="m") as model:
                ahead = asyncio.create_task(model.warm(QUESTION))
                await until(lambda: len(server.requests) == 2)
                question = asyncio.create_task(read_all(model))
                await ahead  # it gave way, although the server never answers
                await until(lambda: server.closed)
                question.cancel()
                await asyncio.wait([question])

    asyncio.run(run())


def test_requests_ask_for_no_compression_and_carry_the_key_in_a_header_only() -> None:
    async def run() -> None:
        async with misbehaving_server() as server:
            async with ModelServer(server.base_url("ok"), openai_chat, model="m", key="secret-key") as model:
                await read_all(model)
            path, headers, body = server.requests[-1]
            assert headers["accept-encoding"] == "identity"
            assert headers["authorization"] == "bearer secret-key"
            assert "secret" not in path
            assert b"secret" not in body
            assert "secret" not in repr(model)

    asyncio.run(run())


def test_only_http_1_1_is_spoken_even_to_a_server_that_offers_more(certificate: Path) -> None:
    async def run() -> None:
        async with raw_server(server_context(certificate)) as (port, lines, agreed):
            trusted = ssl.create_default_context(cafile=str(certificate))
            url = f"https://127.0.0.1:{port}/v1"
            async with ModelServer(url, openai_chat, model="m", certificates=trusted) as model:
                assert await read_all(model) == "Hello there."
            assert lines == ["POST /v1/chat/completions HTTP/1.1"]
            assert agreed == ["http/1.1"]

    asyncio.run(run())


def test_a_certificate_that_nobody_trusts_is_refused(certificate: Path) -> None:
    async def run() -> None:
        async with raw_server(server_context(certificate)) as (port, lines, _):
            async with ModelServer(f"https://127.0.0.1:{port}/v1", openai_chat, model="m", key="secret") as model:
                error = await error_of(model)
            assert error.code == "connect"
            assert "certificate" in str(error)
            assert lines == []

    asyncio.run(run())


def test_tls_to_a_server_without_it_says_so() -> None:
    async def run() -> None:
        async with raw_server() as (port, _, _):
            limits = Limits(connect=0.2)
            async with ModelServer(f"https://127.0.0.1:{port}/v1", openai_chat, model="m", limits=limits) as model:
                error = await error_of(model)
            assert error.code == "connect"
            assert "is it https:// to a server of http://?" in str(error)

    asyncio.run(run())


def test_a_proxy_is_used_for_the_world_and_never_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with raw_server() as (proxy_port, lines, _), misbehaving_server() as server:
            monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy_port}")
            monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy_port}")
            monkeypatch.delenv("NO_PROXY", raising=False)
            async with ModelServer(server.base_url("ok"), openai_chat, model="m") as near:
                assert await read_all(near) == "Hello there."
            assert lines == []
            async with ModelServer("http://model.invalid/v1", openai_chat, model="m") as far:
                assert await read_all(far) == "Hello there."
            assert lines == ["POST http://model.invalid/v1/chat/completions HTTP/1.1"]

    asyncio.run(run())


def test_a_proxy_that_is_not_there_is_a_lost_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with ModelServer("http://model.invalid/v1", openai_chat, model="m") as model:
            assert (await error_of(model)).code == "connect"

    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    asyncio.run(run())


@pytest.mark.parametrize("url", ["http://[::bad/v1", "nonsense", "ftp://127.0.0.1/v1"])
def test_an_address_that_is_none_is_told(url: str) -> None:
    async def run() -> None:
        async with ModelServer(url, openai_chat, model="m") as model:
            assert (await error_of(model)).code == "bad_request"

    asyncio.run(run())


@pytest.mark.parametrize("key", ["schlüssel", "two\nlines"])
def test_a_key_that_cannot_be_sent_is_not_shown(key: str) -> None:
    async def run() -> None:
        async with misbehaving_server() as server:
            async with ModelServer(server.base_url("ok"), openai_chat, model="m", key=key) as model:
                error = await error_of(model)
            assert error.code == "bad_request"
            assert key not in str(error)
            assert server.requests == []

    asyncio.run(run())


def test_a_connection_closed_as_the_request_arrives_is_opened_anew() -> None:
    async def run() -> None:
        asked = 0

        async def stale(writer: Writer) -> None:
            nonlocal asked
            asked += 1
            await (FAULTS["close_at_once"] if asked == 2 else FAULTS["ok"])(writer)

        async with (
            misbehaving_server({"stale": stale}) as server,
            ModelServer(server.base_url("stale"), openai_chat, model="m") as model,
        ):
            assert [await read_all(model), await read_all(model)] == ["Hello there."] * 2
            assert asked == 3

    asyncio.run(run())


def test_lines_of_json_are_streamed_too() -> None:
    async def lines(writer: Writer) -> None:
        await head(writer, "200 OK", "application/x-ndjson")
        for text in ("Hel", "lo."):
            chunk(writer, b'{"message": {"content": "%s"}, "done": false}\n' % text.encode())
        chunk(writer, b'{"message": {"content": ""}, "done": true, "done_reason": "stop"}')
        writer.write(b"0\r\n\r\n")

    async def run() -> None:
        async with (
            misbehaving_server({"lines": lines}) as server,
            ModelServer(f"http://127.0.0.1:{server.port}/lines", ollama_chat) as model,
        ):
            assert await read_all(model) == "Hello."
            assert model.model == "first"

    asyncio.run(run())


@pytest.mark.parametrize(
    ("url", "near"),
    [
        ("http://127.0.0.1:8080/v1", True),
        ("http://localhost:11434", True),
        ("http://[::1]:8080/v1", True),
        ("http://192.168.1.20:8080/v1", True),
        ("http://nas.local:8080/v1", True),
        ("https://api.openai.com/v1", False),
        ("http://8.8.8.8/v1", False),
        ("", False),
    ],
)
def test_what_is_near(url: str, near: bool) -> None:
    assert is_local(url) == near
