"""What the files of the protocols have in common: the request they encode and the reply they decode.

A protocol is a module (openai_chat, openai_responses, anthropic_messages, ollama_chat, gemini) with the functions of
ChatProtocol. All of it is pure: no I/O, no clock, and nothing of HTTP but paths and headers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from voicestream.thinking.faults import Fault
from voicestream.vocabulary import Message, ModelPart, ToolDescription

ReplyPart = ModelPart | Fault
Framing = Literal["events", "lines"]
Effort = Literal["none", "low", "medium", "high", "default"]


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What the model is asked."""

    model: str
    messages: Sequence[Message]
    tools: Sequence[ToolDescription] = ()
    max_tokens: int = 600
    reasoning: Effort = "none"
    """How much the model may think before it answers; default leaves it to the server."""
    server: str = ""
    """Which server it is for, where its name changes the request: openai, llama.cpp, vllm, …"""
    without: frozenset[str] = field(default_factory=frozenset)
    """Optional parts of the request that this server has refused."""


class ReplyDecoder(Protocol):
    """Turns the payloads of one reply into parts."""

    is_complete: bool
    """Whether the end mark came: nothing follows."""
    has_finish: bool
    """Whether the reply said why it ends; only usage and the end mark can follow."""

    @property
    def fragments(self) -> int:
        """Pieces of tool calls that came so far."""
        ...

    def add(self, data: str, event: str = "") -> list[ReplyPart]:
        """Return the parts that a payload holds; raise ValueError where it is not JSON."""
        ...

    def add_whole(self, body: str) -> list[ReplyPart]:
        """Return the parts of a reply that came in one piece; raise ValueError where it is not JSON."""
        ...

    def finish(self) -> list[ReplyPart]:
        """Return what remains: text held back, whole tool calls, and the Finish."""
        ...


class ChatProtocol(Protocol):
    """The functions of a protocol's module."""

    DEFAULT_URL: str
    FRAMING: Framing
    MODELS_PATH: str

    def path(self, model: str) -> str:
        """Return the path of the streaming request, below the base URL."""
        ...

    def headers(self, key: str) -> dict[str, str]:
        """Return the headers that carry the key."""
        ...

    def encode(self, request: ChatRequest) -> dict[str, Any]:
        """Return the JSON body of the request."""
        ...

    def new_decoder(self) -> ReplyDecoder:
        """Return the decoder of one reply."""
        ...

    def model_names(self, listing: object) -> list[str]:
        """Return the names in the server's list of models."""
        ...


def function_tools(tools: Iterable[ToolDescription]) -> list[dict[str, Any]]:
    """Return the tools as OpenAI's chat, and all that speak like it, want them."""
    return [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": dict(tool.parameters) or {"type": "object", "properties": {}},
            },
        }
        for tool in tools
    ]


_read_value = json.JSONDecoder().raw_decode


def read_object(data: str) -> dict[str, Any]:
    """Return the JSON object in `data`; raise ValueError where it is something else."""
    value, end = _read_value(data) if data[:1] == "{" else (None, -1)
    if end != len(data):  # spaces around it, or an error; without them a quarter of json.loads' time is saved
        value = json.loads(data)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def objects(value: object) -> Iterable[dict[str, Any]]:
    """Return those items of a JSON list that are objects; nothing where it is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def count(usage: Mapping[str, Any] | None, *keys: str) -> int:
    """Return the number at the path `keys`, or 0 where there is none."""
    value: Any = usage
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, int) else 0


def text_at(value: Mapping[str, Any], *keys: str) -> str:
    """Return the text at the path `keys`, or an empty one."""
    found: Any = value
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""


def spoken_names(names: Iterable[str]) -> list[str]:
    """Return those names of models that are made for conversation, in their order."""
    unfit = ("embed", "rerank", "whisper", "tts", "moderation", "dall-e", "image", "bge-", "nomic")
    return [name for name in names if not any(word in name.lower() for word in unfit)]
