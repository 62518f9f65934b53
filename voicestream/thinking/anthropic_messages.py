"""Anthropic Messages: https://docs.anthropic.com/en/docs/build-with-claude/streaming"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from voicestream.thinking.chat_protocol import ChatRequest, Framing, ReplyPart, count, objects, read_object, text_at
from voicestream.thinking.faults import classify_error
from voicestream.thinking.openai_chat import model_names
from voicestream.thinking.reply_text import ReplyText
from voicestream.thinking.tool_calls import ToolCalls
from voicestream.vocabulary import Finish, FinishReason, Message, Reasoning, Usage

__all__ = [
    "DEFAULT_URL",
    "FRAMING",
    "MODELS_PATH",
    "Decoder",
    "encode",
    "headers",
    "model_names",
    "new_decoder",
    "path",
]

DEFAULT_URL = "https://api.anthropic.com/v1"
FRAMING: Framing = "events"
MODELS_PATH = "/models"

FINISHES: Mapping[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "refusal",
    "pause_turn": "pause",
}


def path(model: str) -> str:
    """Return the path of the streaming request."""
    return "/messages"


def headers(key: str) -> dict[str, str]:
    """Return the headers that carry the version and the key."""
    return {"anthropic-version": "2023-06-01"} | ({"x-api-key": key} if key else {})


def encode(request: ChatRequest) -> dict[str, Any]:
    """Return the JSON body of the request; system prompt and tools are marked for the server's cache."""
    system = "\n\n".join(message.content for message in request.messages if message.role == "system")
    body: dict[str, Any] = {
        "model": request.model,
        "max_tokens": request.max_tokens,
        "stream": True,
        "messages": _messages(request),
    }
    if system:
        body["system"] = [{"type": "text", "text": system, "cache_control": {"type": "ephemeral"}}]
    if request.tools:
        body["tools"] = [
            {
                "name": tool.name,
                "description": tool.description,
                "input_schema": dict(tool.parameters) or {"type": "object", "properties": {}},
            }
            for tool in request.tools
        ]
    return {name: value for name, value in body.items() if name not in request.without}


def _messages(request: ChatRequest) -> list[dict[str, Any]]:
    """Return the turns in the alternation that the server demands: results of tools belong to the user's."""
    turns: list[dict[str, Any]] = []
    for message in request.messages:
        blocks = _blocks(message)
        role = "assistant" if message.role == "assistant" else "user"
        if not blocks or message.role == "system":
            continue
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += blocks
        else:
            turns.append({"role": role, "content": blocks})
    return turns


def _blocks(message: Message) -> list[dict[str, Any]]:
    if message.role == "tool":
        return [{"type": "tool_result", "tool_use_id": message.tool_call_id, "content": message.content}]
    blocks: list[dict[str, Any]] = [{"type": "text", "text": message.content}] if message.content.strip() else []
    return blocks + [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": json.loads(call.arguments or "{}")}
        for call in message.tool_calls
    ]


def new_decoder() -> Decoder:
    """Return the decoder of one reply."""
    return Decoder()


class Decoder:
    """Decodes the events of one reply. Tools that the server runs itself are no calls of ours."""

    def __init__(self) -> None:
        self.is_complete = False
        self.has_finish = False
        self._text = ReplyText()
        self._tools = ToolCalls()
        self._our_tools: set[str] = set()
        self._counts: dict[str, int] = {}
        self._reason = ""
        self._note = ""

    @property
    def fragments(self) -> int:
        """Pieces of tool calls that came so far."""
        return self._tools.fragments

    def add(self, data: str, event: str = "") -> list[ReplyPart]:
        """Return the parts of one event; raise ValueError where it is not JSON."""
        payload = read_object(data)
        match payload.get("type", event):
            case "content_block_delta":
                return self._take_delta(payload.get("index"), payload.get("delta"))
            case "content_block_start":
                return self._take_block(payload.get("index"), payload.get("content_block"))
            case "message_start":
                message = payload.get("message")
                self._take_usage(message.get("usage") if isinstance(message, dict) else None)
            case "message_delta":
                self._take_usage(payload.get("usage"))
                self._take_reason(payload.get("delta"))
            case "message_stop":
                self.is_complete = True
            case "error":
                return [classify_error(payload.get("error"))]
            case _ if payload.get("error"):
                return [classify_error(payload["error"])]
        return []

    def add_whole(self, body: str) -> list[ReplyPart]:
        """Return the parts of a message that was not streamed; raise ValueError where it is not JSON."""
        message = read_object(body)
        if message.get("error") or message.get("type") != "message":
            return [classify_error(message.get("error") or message)]
        parts: list[ReplyPart] = []
        for index, block in enumerate(objects(message.get("content"))):
            parts += self._take_block(index, block)
        self._take_usage(message.get("usage"))
        self._take_reason(message)
        self.is_complete = True
        return parts

    def finish(self) -> list[ReplyPart]:
        """Return what remains: text held back, whole tool calls, and the Finish."""
        reason = FINISHES.get(self._reason, "stop")
        calls = self._tools.whole() if reason not in ("length", "refusal") else []
        note = self._note or (f"the server's reason is {self._reason}" if self._reason not in (*FINISHES, "") else "")
        usage = None
        if self._counts:
            usage = Usage(
                self._counts.get("input_tokens", 0),
                self._counts.get("output_tokens", 0),
                self._counts.get("cache_read_input_tokens", 0),
            )
        return [*self._text.finish(), *calls, Finish(reason, usage, note)]

    def _take_block(self, index: object, block: object) -> list[ReplyPart]:
        if not isinstance(block, dict):
            return []
        if block.get("type") == "tool_use":
            self._our_tools.add(str(index))
            self._tools.add(str(index), block.get("id"), block.get("name"), block.get("input") or "")
        elif block.get("type") == "text":
            return [*self._text.add(text_at(block, "text"))]
        elif block.get("type") == "thinking" and block.get("thinking"):
            return [Reasoning(text_at(block, "thinking"))]
        return []

    def _take_delta(self, index: object, delta: object) -> list[ReplyPart]:
        if not isinstance(delta, dict):
            return []
        match delta.get("type"):
            case "text_delta":
                return [*self._text.add(text_at(delta, "text"))]
            case "thinking_delta":
                thought = text_at(delta, "thinking")
                return [Reasoning(thought)] if thought else []
            case "input_json_delta" if str(index) in self._our_tools:
                self._tools.add(str(index), "", "", delta.get("partial_json"))
        return []

    def _take_reason(self, delta: object) -> None:
        if isinstance(delta, dict) and delta.get("stop_reason"):
            self._reason = text_at(delta, "stop_reason")
            self._note = text_at(delta, "stop_details", "explanation")
            self.has_finish = True

    def _take_usage(self, usage: object) -> None:
        """Keep the last of each number: those of output are running totals."""
        for key in ("input_tokens", "output_tokens", "cache_read_input_tokens"):
            if isinstance(usage, dict) and isinstance(usage.get(key), int):
                self._counts[key] = count(usage, key)
