"""What is tried again, with what changed, and what never is."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from contextlib import aclosing

import pytest
from misbehaving_server import (
    DONE,
    FAULTS,
    STOP,
    Act,
    Writer,
    answers,
    chunk,
    delta,
    event,
    events,
    head,
    misbehaving_server,
)

from voicestream.backends.model_server import Limits, ModelServer
from voicestream.errors import ModelError
from voicestream.thinking import openai_chat
from voicestream.vocabulary import Delta, Finish, Message, ModelNotice, ModelPart, ToolCall, ToolDescription

QUESTION = [Message("user", "Hello?")]
CLOCK = ToolDescription("clock", "Tells the time.")


async def parts_of(
    model: ModelServer, messages: list[Message] = QUESTION, tools: tuple[ToolDescription, ...] = ()
) -> list[ModelPart]:
    async with aclosing(model.stream(messages, tools)) as parts:
        return [part async for part in parts]


def said(parts: list[ModelPart]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Delta))


def in_turn(*acts: Act) -> Act:
    """Return the act of doing one after the other, the last for ever."""
    rest = list(acts)
    return lambda writer: (rest.pop(0) if len(rest) > 1 else rest[0])(writer)


@pytest.mark.parametrize(
    "fault",
    [
        "http429_ms",
        "http500",
        "http529_anthropic",
        "json_error_200",
        "close_at_once",
        "reset_before_text",
        "error_first",
        "empty_200",
    ],
)
def test_a_passing_fault_before_the_first_word_is_not_noticed(fault: str) -> None:
    async def run() -> None:
        async with (
            misbehaving_server({"once": in_turn(FAULTS[fault], FAULTS["ok"])}) as server,
            ModelServer(server.base_url("once"), openai_chat, model="m") as model,
        ):
            assert await parts_of(model) == [Delta("Hello"), Delta(" there."), Finish("stop")]

    asyncio.run(run())


def test_a_model_that_loads_is_waited_for_and_told_once() -> None:
    loading = FAULTS["http503_loading"]

    async def run() -> None:
        async with misbehaving_server({"loads": in_turn(loading, loading, FAULTS["ok"])}) as server:
            async with ModelServer(server.base_url("loads"), openai_chat, model="m") as model:
                notice, *rest = await parts_of(model)
            assert isinstance(notice, ModelNotice)
            assert (notice.code, notice.spoken) == ("loading", "One moment, the model is loading.")
            assert said(rest) == "Hello there."

    asyncio.run(run())


def test_an_overfull_conversation_is_shortened_and_tried_once_more() -> None:
    async def run() -> None:
        overflow = FAULTS["http400_context_llamacpp"]
        turns = [Message("system", "s"), Message("user", "one"), Message("assistant", "1"), Message("user", "two")]
        async with misbehaving_server({"full": in_turn(overflow, FAULTS["ok"])}) as server:
            async with ModelServer(server.base_url("full"), openai_chat, model="m") as model:
                assert said(await parts_of(model, turns)) == "Hello there."
            sent = [message["content"] for message in json.loads(server.requests[-1][2])["messages"]]
            assert sent == ["s", "two"]
        async with misbehaving_server({"full": overflow}) as server:
            async with ModelServer(server.base_url("full"), openai_chat, model="m") as model:
                with pytest.raises(ModelError) as caught:
                    await parts_of(model, turns)
            assert caught.value.code == "context_overflow"
            assert server.requests_of("full") == 2

    asyncio.run(run())


def test_what_a_server_does_not_take_is_left_out_and_told() -> None:
    refusal = answers("400 Bad Request", {"error": "registry.ollama.ai/library/x does not support tools"})

    async def run() -> None:
        async with misbehaving_server({"old": in_turn(refusal, FAULTS["ok"])}) as server:
            async with ModelServer(server.base_url("old"), openai_chat, model="m") as model:
                notice, *rest = await parts_of(model, tools=(CLOCK,))
                assert isinstance(notice, ModelNotice)
                assert "does not take tools" in notice.message
                assert said(rest) == "Hello there."
                await parts_of(model, tools=(CLOCK,))
            assert ["tools" in json.loads(body) for _, _, body in server.requests] == [True, False, False]

    asyncio.run(run())


def test_after_a_word_nothing_is_tried_again() -> None:
    async def run() -> None:
        async with misbehaving_server({"broken": in_turn(FAULTS["reset_mid"], FAULTS["ok"])}) as server:
            async with ModelServer(server.base_url("broken"), openai_chat, model="m") as model:
                with pytest.raises(ModelError, match="lost in the middle"):
                    await parts_of(model)
            assert server.requests_of("broken") == 1

    asyncio.run(run())


def test_a_call_without_a_name_of_its_own_gets_one() -> None:
    call = {"index": 0, "function": {"name": "clock", "arguments": "{}"}}
    act = events(event({"choices": [{"delta": {"tool_calls": [call]}, "finish_reason": "tool_calls"}]}), DONE)

    async def run() -> None:
        async with (
            misbehaving_server({"tool": act}) as server,
            ModelServer(server.base_url("tool"), openai_chat, model="m") as model,
        ):
            calls = [(await parts_of(model, tools=(CLOCK,)))[0] for _ in range(2)]
        assert all(isinstance(call, ToolCall) and call.id for call in calls)
        assert len({call.id for call in calls if isinstance(call, ToolCall)}) == 2

    asyncio.run(run())


def test_an_answer_that_grows_for_too_long_is_cut() -> None:
    async def run() -> None:
        limits = Limits(whole=0.1, characters=10**9)
        async with (
            misbehaving_server() as server,
            ModelServer(server.base_url("infinite"), openai_chat, model="m", limits=limits) as model,
        ):
            with pytest.raises(ModelError, match="too long as a whole"):
                await parts_of(model)

    asyncio.run(run())


def test_a_server_that_never_marks_its_end_is_not_waited_for() -> None:
    async def no_mark(writer: Writer) -> None:
        await head(writer)
        chunk(writer, delta("Hello.") + STOP)
        await asyncio.sleep(60)

    async def run() -> None:
        limits = Limits(next_token=0.1)
        async with (
            misbehaving_server({"no_mark": no_mark}) as server,
            ModelServer(server.base_url("no_mark"), openai_chat, model="m", limits=limits) as model,
        ):
            assert await parts_of(model) == [Delta("Hello."), Finish("stop")]

    asyncio.run(run())


def test_a_slow_reader_is_waited_for_and_is_no_stall() -> None:
    many = events(*(delta("x ") for _ in range(6000)), STOP, DONE)

    async def run() -> None:
        async with misbehaving_server({"many": many}) as server:
            limits = Limits(next_token=0.1)
            async with ModelServer(server.base_url("many"), openai_chat, model="m", limits=limits) as model:
                count = 0
                async with aclosing(model.stream(QUESTION)) as parts:
                    async for part in parts:
                        if count in (0, 4500):
                            await asyncio.sleep(0.3)  # longer than the limit between pieces
                        count += isinstance(part, Delta)
                assert count == 6000

    asyncio.run(run())


def test_ten_megabytes_are_answered_in_constant_memory() -> None:
    async def long(writer: Writer) -> None:
        await head(writer)
        piece = delta("y" * 10_000) * 4
        for _ in range(250):
            chunk(writer, piece)
            await writer.drain()
        chunk(writer, STOP + DONE)
        writer.write(b"0\r\n\r\n")

    async def run() -> None:
        async with misbehaving_server({"long": long}) as server:
            limits = Limits(characters=20_000_000)
            async with ModelServer(server.base_url("long"), openai_chat, model="m", limits=limits) as model:
                length = 0
                async with aclosing(model.stream(QUESTION)) as parts:
                    async for part in parts:
                        if isinstance(part, Delta):
                            length += len(part.text)
                            if length == 1_000_000:
                                tracemalloc.start()
                assert length == 10_000_000
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 4_000_000

    asyncio.run(run())
