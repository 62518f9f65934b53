"""Each protocol is asked in its own words; the conversation keeps its meaning in all of them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from voicestream.thinking import anthropic_messages, gemini, ollama_chat, openai_chat, openai_responses
from voicestream.thinking.chat_protocol import ChatProtocol, ChatRequest
from voicestream.vocabulary import Message, ToolCall, ToolDescription

CLOCK = ToolDescription("clock", "Tells the time.", {"type": "object", "properties": {"zone": {"type": "string"}}})
PLAIN = ToolDescription("stop", "Stops.")
CONVERSATION = (
    Message("system", "Be brief."),
    Message("user", "What time is it?"),
    Message("assistant", "One moment.", (ToolCall("c1", "clock", '{"zone": "UTC"}'),)),
    Message("tool", "12:00", tool_call_id="c1"),
    Message("assistant", "It is noon."),
    Message("user", "Thanks."),
)
ALL: list[ChatProtocol] = [openai_chat, openai_responses, anthropic_messages, ollama_chat, gemini]


def request(model: str = "m", **more: object) -> ChatRequest:
    return ChatRequest(model, CONVERSATION, (CLOCK, PLAIN), max_tokens=77, **more)  # type: ignore[arg-type] # any field


@pytest.mark.parametrize("protocol", ALL, ids=lambda protocol: protocol.__name__)
def test_all_of_the_conversation_is_in_the_request(protocol: ChatProtocol) -> None:
    body = json.dumps(protocol.encode(request()))
    for text in ("Be brief.", "What time is it?", "One moment.", "12:00", "It is noon.", "Thanks.", "Tells the time."):
        assert body.count(text) == 1
    assert "77" in body
    assert json.dumps(protocol.encode(request())) == body  # nothing random: it would spoil the server's cache


@pytest.mark.parametrize("protocol", ALL, ids=lambda protocol: protocol.__name__)
def test_the_key_stands_in_a_header_and_nowhere_else(protocol: ChatProtocol) -> None:
    assert any("secret" in value for value in protocol.headers("secret").values())
    assert "secret" not in protocol.path("m")
    assert not any("secret" in value for value in protocol.headers("").values())


def test_openai_chat() -> None:
    body = openai_chat.encode(request())
    assert [message["role"] for message in body["messages"]] == [
        "system",
        "user",
        "assistant",
        "tool",
        "assistant",
        "user",
    ]
    assert body["messages"][2]["tool_calls"][0]["function"] == {"name": "clock", "arguments": '{"zone": "UTC"}'}
    assert body["messages"][3]["tool_call_id"] == "c1"
    assert body["stream"] is True
    assert body["stream_options"] == {"include_usage": True}
    assert body["max_tokens"] == 77
    assert body["tools"][1]["function"]["parameters"] == {"type": "object", "properties": {}}


@pytest.mark.parametrize(
    ("server", "model", "expected"),
    [
        ("openai", "gpt-4o-mini", {"max_completion_tokens": 77}),
        ("openai", "gpt-5-mini", {"max_completion_tokens": 77, "reasoning_effort": "minimal"}),
        ("llama.cpp", "m", {"cache_prompt": True, "chat_template_kwargs": {"enable_thinking": False}}),
        ("vllm", "m", {"chat_template_kwargs": {"enable_thinking": False}}),
        ("", "gpt-5-mini", {"max_tokens": 77}),
    ],
)
def test_only_servers_that_know_an_option_are_sent_it(server: str, model: str, expected: dict[str, object]) -> None:
    common = {"model", "messages", "stream", "stream_options", "tools"}
    body = openai_chat.encode(request(model, server=server))
    extra = {key: value for key, value in body.items() if key not in common}
    assert expected.items() <= extra.items()
    assert extra.keys() - expected.keys() <= {"max_tokens"}


@pytest.mark.parametrize("encode", [protocol.encode for protocol in ALL])
def test_what_a_server_refused_is_left_out(encode: Callable[[ChatRequest], dict[str, object]]) -> None:
    assert "tools" in encode(request())
    assert "tools" not in encode(request(without=frozenset({"tools"})))


def test_responses_keeps_nothing_at_the_server() -> None:
    body = openai_responses.encode(request("gpt-5-mini", reasoning="low"))
    assert body["store"] is False
    assert body["instructions"] == "Be brief."
    assert body["reasoning"] == {"effort": "low"}
    kinds = [item.get("type", item.get("role")) for item in body["input"]]
    assert kinds == ["user", "assistant", "function_call", "function_call_output", "assistant", "user"]


def test_anthropic_s_turns_alternate() -> None:
    body = anthropic_messages.encode(request())
    roles = [turn["role"] for turn in body["messages"]]
    assert roles == ["user", "assistant", "user", "assistant", "user"]
    assert body["messages"][2]["content"] == [{"type": "tool_result", "tool_use_id": "c1", "content": "12:00"}]
    assert body["messages"][1]["content"][1]["input"] == {"zone": "UTC"}
    assert body["system"][0]["cache_control"] == {"type": "ephemeral"}


def test_ollama_is_told_not_to_think_and_to_stay() -> None:
    body = ollama_chat.encode(request())
    assert body["think"] is False
    assert body["keep_alive"] == "30m"
    assert body["options"]["num_predict"] == 77
    assert body["messages"][2]["tool_calls"][0]["function"]["arguments"] == {"zone": "UTC"}
    assert ollama_chat.encode(request("gpt-oss:20b"))["think"] == "low"
    assert "think" not in ollama_chat.encode(request(reasoning="default"))


def test_gemini_knows_results_by_the_name_of_the_tool() -> None:
    body = gemini.encode(request("gemini-2.5-flash"))
    assert [turn["role"] for turn in body["contents"]] == ["user", "model", "user", "model", "user"]
    result = body["contents"][2]["parts"][0]["functionResponse"]
    assert result == {"name": "clock", "response": {"result": "12:00"}}
    assert "parameters" not in body["tools"][0]["functionDeclarations"][1]
    assert body["generationConfig"] == {"maxOutputTokens": 77, "thinkingConfig": {"thinkingBudget": 0}}
    assert gemini.path("models/x") == "/models/x:streamGenerateContent?alt=sse"


@pytest.mark.parametrize(
    ("protocol", "listing", "names"),
    [
        (openai_chat, {"data": [{"id": "text-embedding-3"}, {"id": "gpt-4o-mini"}, 7]}, ["gpt-4o-mini"]),
        (openai_chat, [{"id": "m"}], ["m"]),
        (ollama_chat, {"models": [{"name": "nomic-embed-text"}, {"name": "llama3.2:3b"}]}, ["llama3.2:3b"]),
        (gemini, {"models": [{"name": "models/a", "supportedGenerationMethods": ["generateContent"]}]}, ["a"]),
        (gemini, {"models": [{"name": "models/b", "supportedGenerationMethods": ["embedContent"]}]}, []),
        (anthropic_messages, {"data": [{"id": "claude-haiku"}]}, ["claude-haiku"]),
        (openai_chat, None, []),
        (ollama_chat, {"models": 5}, []),
        (gemini, [], []),
    ],
)
def test_the_models_of_a_server_are_read(protocol: ChatProtocol, listing: object, names: list[str]) -> None:
    assert protocol.model_names(listing) == names
