"""One client of `voicestream bench model`, measured in a process of its own; prints its figures as JSON."""

from __future__ import annotations

import argparse
import asyncio
import resource
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from typing import Any

# json, random, statistics and urllib are imported where they are used: they would make the clients' imports look short

Stream = Callable[[str], AsyncGenerator[str, None]]


@dataclass(frozen=True, slots=True)
class Client:
    """A way to stream an answer from an address."""

    stream: Stream
    close: Callable[[], Awaitable[None]]
    lost: Callable[[], int]
    """Connections of its pool that no request can use any more, and that are not closed."""


def voicestream_client() -> Client:
    """Return the program's own client."""
    from voicestream.backends.model_server import Limits, ModelServer, import_httpx
    from voicestream.thinking import openai_chat
    from voicestream.thinking.sse import EventStream
    from voicestream.vocabulary import Delta, Message

    import_httpx()
    EventStream()
    model = ModelServer("", openai_chat, model="m", limits=Limits(characters=10**9))
    question = [Message("user", "x")]

    async def stream(base_url: str) -> AsyncGenerator[str, None]:
        model.base_url = base_url
        async with aclosing(model.stream(question)) as parts:
            async for part in parts:
                if isinstance(part, Delta):
                    yield part.text

    return Client(stream, model.aclose, lambda: _lost(model._open()))


def bare_client() -> Client:
    """Return httpx with httpx-sse, used as their documentation shows."""
    import json

    import httpx
    from httpx_sse import aconnect_sse

    client = httpx.AsyncClient(timeout=30, limits=httpx.Limits(max_connections=None))

    async def stream(base_url: str) -> AsyncGenerator[str, None]:
        async with aconnect_sse(client, "POST", f"{base_url}/chat/completions", json={"stream": True}) as source:
            async for event in source.aiter_sse():
                if event.data == "[DONE]":
                    break
                choices = json.loads(event.data)["choices"]
                text = choices[0]["delta"].get("content") if choices else None
                if text:
                    yield text

    return Client(stream, client.aclose, lambda: _lost(client))


def openai_client() -> Client:
    """Return the official client of OpenAI, on one connection pool."""
    openai: Any = import_module("openai")  # Any: the library need not be installed
    first = openai.AsyncOpenAI(base_url="http://127.0.0.1", api_key="x", max_retries=0)
    question = [{"role": "user", "content": "x"}]

    async def stream(base_url: str) -> AsyncGenerator[str, None]:
        answer = await first.with_options(base_url=base_url).chat.completions.create(
            model="m", messages=question, stream=True
        )
        async for chunk in answer:
            if chunk.choices and chunk.choices[0].delta.content:
                yield chunk.choices[0].delta.content

    return Client(stream, first.close, lambda: 0)


def anthropic_client() -> Client:
    """Return the official client of Anthropic, on one connection pool."""
    anthropic: Any = import_module("anthropic")  # Any: the library need not be installed
    first = anthropic.AsyncAnthropic(base_url="http://127.0.0.1", api_key="x", max_retries=0)
    question = [{"role": "user", "content": "x"}]

    async def stream(base_url: str) -> AsyncGenerator[str, None]:
        client = first.with_options(base_url=base_url.removesuffix("/v1"))
        answer = await client.messages.create(model="m", max_tokens=99, messages=question, stream=True)
        async for event in answer:
            if event.type == "content_block_delta" and event.delta.type == "text_delta":
                yield event.delta.text

    return Client(stream, first.close, lambda: 0)


CLIENTS: dict[str, Callable[[], Client]] = {
    "voicestream": voicestream_client,
    "httpx + httpx-sse": bare_client,
    "openai": openai_client,
    "anthropic": anthropic_client,
}


def _lost(client: Any) -> int:
    """Count the connections of an httpx client that are neither idle nor closed while nothing is asked."""
    return sum(not (item.is_idle() or item.is_closed()) for item in client._transport._pool.connections)


async def measure(client: Client, base: str, chunks: int, rounds: int) -> dict[str, float]:
    """Return the costs of streaming: microseconds of CPU a chunk, and milliseconds from the server's write to us."""
    import statistics

    figures = {}

    async def collect(count: int, pace: int) -> list[float]:
        lags = []
        async with aclosing(client.stream(f"{base}/{count}/{pace}/v1")) as texts:
            async for text in texts:
                lags.append(time.monotonic() - float(text) if pace or count == 1 else 0.0)
        return lags

    await collect(8, 0)
    figures["first_delta_ms"] = statistics.median([(await collect(1, 0))[0] for _ in range(50)]) * 1e3
    costs = []
    for _ in range(rounds):
        started = time.process_time()
        received = len(await collect(chunks, 0))
        costs.append((time.process_time() - started) / received * 1e6)
    figures["cpu_us"] = min(costs)
    lags = await collect(500, 2000)
    figures["lag_us"] = statistics.median(lags) * 1e6
    return figures


async def measure_long(client: Client, base: str) -> dict[str, float]:
    """Stream ten megabytes of text: the growth of memory after the first one, and how the cost of a chunk grows."""
    count, size = 0, 1_000_000
    times: list[float] = []
    before = 0
    async with aclosing(client.stream(f"{base}/{size}/0/v1")) as texts:
        async for _ in texts:
            count += 1
            if count % 100_000 == 0:
                times.append(time.process_time())
            if count == 100_000:
                before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    steps = [later - earlier for earlier, later in pairwise(times)]
    return {"long_growth_mb": grown, "long_last_over_first": steps[-1] / steps[0]}


async def measure_cancels(client: Client, base: str, cancels: int) -> dict[str, float]:
    """Cancel at random moments, every second time twice; count what was lost, and how soon the server saw it."""
    import random
    import statistics

    chance = random.Random(2000)

    async def read(address: str, got: asyncio.Event | None = None) -> None:
        async with aclosing(client.stream(address)) as texts:
            async for _ in texts:
                if got is not None:
                    got.set()

    delays = []
    seen(base)
    for _ in range(300):
        got = asyncio.Event()
        task = asyncio.create_task(read(f"{base}/1000/3000/v1", got))
        await got.wait()
        await asyncio.sleep(chance.random() * 0.006)
        cancelled_at = time.monotonic()
        task.cancel()
        await asyncio.wait([task])
        await asyncio.sleep(0.003)
        delays.append(cancelled_at)
    await asyncio.sleep(0.2)
    times = seen(base)["closed"]
    late = sorted(closed - cancelled for cancelled, closed in zip(delays, times, strict=True))
    figures = {"cancel_median_ms": statistics.median(late) * 1e3, "cancel_p99_ms": late[int(len(late) * 0.99)] * 1e3}
    for number in range(cancels):
        task = asyncio.create_task(read(f"{base}/6/300/v1"))
        await asyncio.sleep(chance.random() * 0.008)
        task.cancel()
        if number % 2:
            for _ in range(chance.randrange(3)):
                await asyncio.sleep(0)
            task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()
    await asyncio.sleep(1.0)
    figures["lost"] = float(client.lost())
    return figures


async def measure_reading_ahead(base: str) -> dict[str, float]:
    """Return the time to the first word after a long conversation, cold and read ahead, at 8,000 characters/s."""
    from voicestream.backends.model_server import ModelServer
    from voicestream.thinking import openai_chat
    from voicestream.vocabulary import Message

    past = [Message("system", "Be brief. " * 50), *(Message("user", f"question {n} " * 20) for n in range(12))]
    figures = {}
    for name in ("cold_ms", "read_ahead_ms"):
        async with ModelServer(f"{base}/prefill8000/0/v1", openai_chat, model="m") as model:
            history = [Message("system", name), *past]
            if name == "read_ahead_ms":
                await model.warm(history)
            started = time.perf_counter()
            async with aclosing(model.stream([*history, Message("user", "And now?")])) as parts:
                await anext(parts)
                figures[name] = (time.perf_counter() - started) * 1e3
    return figures


def seen(base: str) -> dict[str, Any]:
    """Return what the server saw since the last time: Any, because it is JSON."""
    import json
    import urllib.request

    found: dict[str, Any] = json.loads(urllib.request.urlopen(f"{base}/seen").read())
    return found


async def _run(arguments: argparse.Namespace, client: Client) -> dict[str, float]:
    base = f"http://127.0.0.1:{arguments.port}"
    if arguments.figure == "memory":
        async with aclosing(client.stream(f"{base}/100/0/v1")) as texts:
            _ = [text async for text in texts]
        figures: dict[str, float] = {}
    elif arguments.figure == "stream":
        figures = await measure(client, base, arguments.chunks, arguments.rounds)
    elif arguments.figure == "long":
        figures = await measure_long(client, base)
    elif arguments.figure == "ahead":
        figures = await measure_reading_ahead(base)
    else:
        figures = await measure_cancels(client, base, arguments.cancels)
    await client.close()
    return figures


def main() -> None:
    """Measure the client and the figure that the arguments name."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=CLIENTS)
    parser.add_argument("figure", choices=["import", "memory", "stream", "cancel", "long", "ahead"])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--chunks", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--cancels", type=int, default=2000)
    arguments = parser.parse_args()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    client = CLIENTS[arguments.name]()
    figures = {"import_ms": (time.perf_counter() - started) * 1e3}
    if arguments.figure != "import":
        figures = asyncio.run(_run(arguments, client))
    if arguments.figure == "memory":
        figures["memory_mb"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) / 1024
    import json

    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
