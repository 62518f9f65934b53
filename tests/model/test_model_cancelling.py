"""Cancelling closes the connection at once, loses none, and leaves nothing running."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest
from misbehaving_server import DONE, STOP, Writer, chunk, delta, head, misbehaving_server, until

from voicestream.backends.model_server import Limits, ModelServer
from voicestream.errors import ModelError
from voicestream.thinking import openai_chat
from voicestream.vocabulary import Delta, Finish, Message

QUESTION = [Message("user", "Hello?")]


async def brief(writer: Writer) -> None:
    """Answer in pieces a hair's breadth apart, so that cancels also meet the end."""
    await head(writer)
    for number in range(4):
        chunk(writer, delta(f"{number} "))
        await writer.drain()
        await asyncio.sleep(0)
    chunk(writer, STOP + DONE)
    await asyncio.sleep(0)
    writer.write(b"0\r\n\r\n")


async def read_all(model: ModelServer) -> str:
    async with aclosing(model.stream(QUESTION)) as parts:
        return "".join([part.text async for part in parts if isinstance(part, Delta)])


@pytest.mark.parametrize("fault", ["infinite", "stall_mid", "stall_headers", "stall_first_byte", "stall_keepalive"])
def test_the_server_sees_a_cancel(fault: str) -> None:
    async def run() -> None:
        async with misbehaving_server() as server, ModelServer(server.base_url(fault), openai_chat, model="m") as model:
            task = asyncio.create_task(read_all(model))
            await until(lambda: server.requests)
            await asyncio.sleep(0.02)
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()
            await until(lambda: server.closed)
            assert not [task for task in asyncio.all_tasks() if task.get_name() == "model response"]

    asyncio.run(run())


def test_closing_the_stream_ends_the_request() -> None:
    async def run() -> None:
        async with misbehaving_server() as server:
            model = ModelServer(server.base_url("infinite"), openai_chat, model="m")
            async with model, aclosing(model.stream(QUESTION)) as parts:
                async for _ in parts:
                    break
            await until(lambda: server.closed)

    asyncio.run(run())


@pytest.mark.parametrize("is_double", [False, True])
def test_no_connection_is_lost_by_cancels_at_random_moments(is_double: bool) -> None:
    async def run() -> None:
        chance = random.Random(400)
        ended = 0
        async with (
            misbehaving_server({"brief": brief}) as server,
            ModelServer(server.base_url("brief"), openai_chat, model="m") as model,
        ):
            for _ in range(150):
                task = asyncio.create_task(read_all(model))
                for _ in range(chance.randrange(60)):
                    await asyncio.sleep(0)
                if chance.random() < 0.5:
                    await asyncio.sleep(chance.random() * 0.004)
                ended += task.done()
                task.cancel()
                if is_double:
                    for _ in range(chance.randrange(3)):
                        await asyncio.sleep(0)
                    task.cancel()
                await asyncio.wait([task])
            await until(lambda: not [task for task in asyncio.all_tasks() if task.get_name() == "model response"])
            assert ended < 150
            pool = model._open()._transport._pool  # type: ignore[attr-defined] # only it knows what was lost
            assert not pool._requests
            assert all(connection.is_idle() for connection in pool.connections)
            await until(lambda: server.open_connections == len(pool.connections))
            assert await read_all(model) == "0 1 2 3 "

    asyncio.run(run())


def test_a_cancel_while_connecting_leaves_no_connection_behind() -> None:
    @asynccontextmanager
    async def mute() -> AsyncIterator[tuple[int, list[asyncio.StreamReader]]]:
        """Accept connections, and never answer the handshake."""
        readers: list[asyncio.StreamReader] = []

        async def accept(reader: asyncio.StreamReader, writer: Writer) -> None:
            readers.append(reader)
            await reader.read()
            writer.close()

        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1], readers
        finally:
            server.close()
            await server.wait_closed()

    async def run() -> None:
        async with mute() as (port, readers):
            async with ModelServer(f"https://127.0.0.1:{port}", openai_chat, model="m") as model:
                task = asyncio.create_task(read_all(model))
                await until(lambda: readers)
                task.cancel()
                await asyncio.wait([task])
                assert task.cancelled()
            await until(lambda: all(reader.at_eof() for reader in readers))

    asyncio.run(run())


def test_the_next_answer_does_not_wait_for_a_cancelled_one() -> None:
    async def run() -> None:
        async with (
            misbehaving_server({"brief": brief}) as server,
            ModelServer(server.base_url("stall_mid"), openai_chat, model="m") as model,
        ):
            first = asyncio.create_task(read_all(model))
            await until(lambda: server.requests)
            first.cancel()
            model.base_url = server.base_url("brief")
            assert await read_all(model) == "0 1 2 3 "
            await asyncio.wait([first])

    asyncio.run(run())


def test_an_answer_is_over_at_its_end_mark_although_the_server_goes_on() -> None:
    async def run() -> None:
        async with misbehaving_server() as server:
            url = server.base_url("done_but_open")
            async with ModelServer(url, openai_chat, model="m", limits=Limits(next_token=60)) as model:
                async with aclosing(model.stream(QUESTION)) as parts:
                    assert isinstance([part async for part in parts][-1], Finish)
                await until(lambda: server.closed)

    asyncio.run(run())


def test_closing_the_model_ends_what_runs() -> None:
    async def run() -> None:
        async with misbehaving_server() as server:
            async with ModelServer(server.base_url("infinite"), openai_chat, model="m") as model:
                task = asyncio.create_task(read_all(model))
                await until(lambda: server.requests)
            await until(lambda: server.closed)
            await asyncio.wait([task])
            error = task.exception()
            assert isinstance(error, ModelError)
            assert error.code == "incomplete"

    asyncio.run(run())
