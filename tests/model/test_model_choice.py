"""The model is the one that is set, or the first that answers; a key goes to its own server only."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest
from misbehaving_server import answers, misbehaving_server

from voicestream.config import Thinking
from voicestream.errors import ConfigError
from voicestream.model_choice import CLOUD, LOCAL, ConnectedModel, Provider, choose_model
from voicestream.vocabulary import Delta, Finish, Message, ModelNotice, ModelPart

QUESTION = [Message("user", "Hello?")]


def at(provider: Provider, url: str) -> Provider:
    return replace(provider, base_url=url)


async def parts_of(model: ConnectedModel) -> list[ModelPart]:
    async with model, aclosing(model.stream(QUESTION)) as parts:
        return [part async for part in parts]


def said(parts: list[ModelPart]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Delta))


def test_nothing_found_is_the_offline_assistant_with_a_hint() -> None:
    async def run() -> None:
        nobody = [at(LOCAL[1], "http://127.0.0.1:9/v1")]
        model, description, hint = await choose_model(Thinking(), {}, local=nobody)
        assert (model, description) == (None, "the built-in assistant")
        assert "Ollama" in hint

    asyncio.run(run())


def test_the_first_local_server_in_order_is_taken() -> None:
    async def run() -> None:
        async with misbehaving_server() as server:
            local = [
                at(LOCAL[0], "http://127.0.0.1:9"),
                at(LOCAL[1], server.base_url("ok")),
                at(LOCAL[2], server.base_url("http500")),
            ]
            model, description, hint = await choose_model(Thinking(), {}, local=local)
            assert model is not None
            assert (description, hint) == ("first-model on llama.cpp", "")
            assert said(await parts_of(model)) == "Hello there."

    asyncio.run(run())


def test_a_page_at_a_usual_port_is_no_model() -> None:
    async def run() -> None:
        page = answers("200 OK", b"<html>", content_type="text/html")
        async with misbehaving_server({"no_list": page}) as server:
            local = [at(LOCAL[1], server.base_url("no_list"))]
            assert (await choose_model(Thinking(), {}, local=local))[0] is None

    asyncio.run(run())


def test_a_server_that_is_set_needs_no_probe_and_gets_no_stranger_s_key() -> None:
    async def run() -> None:
        async with misbehaving_server() as server:
            settings = Thinking(provider="openai", base_url=server.base_url("ok"), model="m", key_variable="MY_KEY")
            model, description, _ = await choose_model(settings, {"MY_KEY": "mine", "OPENAI_API_KEY": "other"})
            assert server.requests == []
            assert description == f"m on 127.0.0.1:{server.port}"
            assert model is not None
            assert said(await parts_of(model)) == "Hello there."
            assert server.requests[-1][1]["authorization"] == "bearer mine"

    asyncio.run(run())


@pytest.mark.parametrize(
    ("settings", "environment", "told"),
    [
        (Thinking(provider="anthropic"), {}, "Anthropic needs a key: put it into ANTHROPIC_API_KEY"),
        (Thinking(provider="openai", key_variable="NO_SUCH"), {}, "NO_SUCH is empty or not set"),
        (Thinking(provider="auto", base_url="https://api.groq.com/openai/v1"), {"OPENAI_API_KEY": "x"}, "GROQ_API_KEY"),
    ],
)
def test_a_missing_key_is_told_with_its_place(settings: Thinking, environment: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        asyncio.run(choose_model(settings, environment, local=[]))


def test_a_key_in_the_environment_comes_before_local_servers() -> None:
    async def run() -> None:
        async with misbehaving_server() as server:
            cloud = [at(CLOUD[4], server.base_url("ok"))]
            local = [at(LOCAL[1], server.base_url("http500"))]
            model, description, _ = await choose_model(Thinking(), {"GROQ_API_KEY": "k"}, local=local, cloud=cloud)
            assert description == "first-model on Groq"
            assert model is not None
            await parts_of(model)

    asyncio.run(run())


def test_a_set_server_that_is_down_is_told_when_another_takes_its_place() -> None:
    async def run() -> None:
        async with misbehaving_server() as server:
            local = [at(LOCAL[1], server.base_url("ok"))]
            settings = Thinking(base_url="http://127.0.0.1:9/v1")
            model, description, hint = await choose_model(settings, {"OPENAI_API_KEY": "k"}, local=local)
            assert description == "first-model on llama.cpp"
            assert hint == "http://127.0.0.1:9/v1 does not answer; llama.cpp is used instead."
            assert model is not None
            await model.aclose()

    asyncio.run(run())


def test_a_set_server_that_is_down_is_told_when_there_is_no_other() -> None:
    settings = Thinking(base_url="http://127.0.0.1:9/v1")
    model, description, hint = asyncio.run(choose_model(settings, {}, local=()))
    assert (model, description) == (None, "the built-in assistant")
    assert hint == "http://127.0.0.1:9/v1 does not answer; the built-in assistant answers."


def test_the_fallback_answers_and_is_told() -> None:
    async def run() -> None:
        async with misbehaving_server() as server:
            settings = Thinking(
                provider="openai",
                base_url=server.base_url("http401"),
                model="m",
                fallback_provider="openai",
                fallback_url=server.base_url("ok"),
            )
            model, _, _ = await choose_model(settings, {})
            assert model is not None
            parts = await parts_of(model)
            assert isinstance(parts[0], ModelNotice)
            assert parts[0].code == "fallback"
            assert said(parts) == "Hello there."

    asyncio.run(run())


def test_the_settings_watch_the_answer() -> None:
    async def run() -> None:
        async with misbehaving_server() as server:
            settings = Thinking(provider="openai", base_url=server.base_url("ok"), model="m", stop_at=("there",))
            model, _, _ = await choose_model(settings, {})
            assert model is not None
            *deltas, finish = await parts_of(model)
            assert said(deltas) == "Hello"
            assert isinstance(finish, Finish)
            assert finish.reason == "stopped_early"
            settings = Thinking(provider="openai", base_url=server.base_url("infinite"), model="m")
            model, _, _ = await choose_model(settings, {})
            assert model is not None
            *deltas, finish = await parts_of(model)
            assert isinstance(finish, Finish)
            assert "in circles" in finish.note
            assert len(said(deltas)) < 200

    asyncio.run(run())


def test_offline_is_offline() -> None:
    assert asyncio.run(choose_model(Thinking(provider="offline"), {"OPENAI_API_KEY": "k"}))[0] is None
