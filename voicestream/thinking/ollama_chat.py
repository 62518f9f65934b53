"""Ollama's own /api/chat, in lines of JSON: https://github.com/ollama/ollama/blob/main/docs/api.md

Its imitation of OpenAI's protocol swallows errors in mid-stream and cannot set the context window, after which it
silently drops the oldest messages: hence this one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from voicestream.thinking.chat_protocol import (
    ChatRequest,
    Framing,
    ReplyPart,
    count,
    function_tools,
    objects,
    read_object,
    spoken_names,
    text_at,
)
from voicestream.thinking.faults import classify_error
from voicestream.thinking.openai_chat import headers
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

DEFAULT_URL = "http://127.0.0.1:11434"
FRAMING: Framing = "lines"
MODELS_PATH = "/api/tags"

FINISHES: Mapping[str, FinishReason] = {"stop": "stop", "length": "length", "load": "load"}

KEEP_ALIVE = "30m"
"""How long the model stays loaded after an answer; the server's own five minutes are too few for a conversation."""

CONTEXT_TOKENS = 8192
"""The server's default is smaller than a conversation with tools, and what does not fit is dropped without a word."""


def path(model: str) -> str:
    """Return the path of the streaming request."""
    return "/api/chat"


def encode(request: ChatRequest) -> dict[str, Any]:
    """Return the JSON body of the request."""
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [_message(message) for message in request.messages],
        "stream": True,
        "keep_alive": KEEP_ALIVE,
        "options": {"num_predict": request.max_tokens, "num_ctx": CONTEXT_TOKENS},
    }
    if request.reasoning != "default":
        # thinking is on where nothing is said; gpt-oss knows only levels
        is_leveled = "gpt-oss" in request.model
        effort = "low" if request.reasoning == "none" else request.reasoning
        body["think"] = effort if is_leveled else request.reasoning != "none"
    if request.tools:
        body["tools"] = function_tools(request.tools)
    return {name: value for name, value in body.items() if name not in request.without}


def _message(message: Message) -> dict[str, Any]:
    entry: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        entry["tool_calls"] = [
            {"id": call.id, "function": {"name": call.name, "arguments": json.loads(call.arguments or "{}")}}
            for call in message.tool_calls
        ]
    if message.role == "tool":
        entry["tool_call_id"] = message.tool_call_id
    return entry


def model_names(listing: object) -> list[str]:
    """Return the names in the server's list of models, the last used first."""
    models = listing.get("models") if isinstance(listing, dict) else None
    return spoken_names(text_at(entry, "name") for entry in objects(models))


def new_decoder() -> Decoder:
    """Return the decoder of one reply."""
    return Decoder()


class Decoder:
    """Decodes the lines of one reply."""

    def __init__(self) -> None:
        self.is_complete = False
        self.has_finish = False
        self._text = ReplyText()
        self._tools = ToolCalls()
        self._usage: Usage | None = None
        self._reason = ""

    @property
    def fragments(self) -> int:
        """Pieces of tool calls that came so far."""
        return self._tools.fragments

    def add(self, data: str, event: str = "") -> list[ReplyPart]:
        """Return the parts of one line; raise ValueError where it is not JSON."""
        line = read_object(data)
        if line.get("error"):
            return [classify_error(line["error"])]
        parts: list[ReplyPart] = []
        thought = text_at(line, "message", "thinking")
        if thought:
            parts.append(Reasoning(thought))
        parts += self._text.add(text_at(line, "message", "content") or text_at(line, "response"))
        message = line.get("message")
        for call in objects(message.get("tool_calls") if isinstance(message, dict) else None):
            function = call.get("function")
            function = function if isinstance(function, dict) else {}
            key = self._tools.fragments  # a call comes whole, and its index may be missing
            self._tools.add(key, call.get("id"), function.get("name"), function.get("arguments"))
        if line.get("done") is True:
            self._end(line)
        return parts

    def add_whole(self, body: str) -> list[ReplyPart]:
        """Return the parts of a reply that was not streamed: it is one long line."""
        return self.add(body)

    def finish(self) -> list[ReplyPart]:
        """Return what remains: text held back, whole tool calls, and the Finish."""
        reason = FINISHES.get(self._reason, "stop")
        calls = self._tools.whole() if reason != "length" else []
        if calls:
            reason = "tool_calls"
        note = "" if self._reason in (*FINISHES, "") else f"the server's reason is {self._reason}"
        return [*self._text.finish(), *calls, Finish(reason, self._usage, note)]

    def _end(self, line: dict[str, Any]) -> None:
        self.is_complete = self.has_finish = True
        self._reason = text_at(line, "done_reason")
        self._usage = Usage(
            count(line, "prompt_eval_count"), count(line, "eval_count"), count(line, "prompt_eval_cached_count")
        )
