"""OpenAI Responses: https://platform.openai.com/docs/api-reference/responses-streaming"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from voicestream.thinking.chat_protocol import ChatRequest, Framing, ReplyPart, count, objects, read_object, text_at
from voicestream.thinking.faults import classify_error
from voicestream.thinking.openai_chat import headers, model_names
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

DEFAULT_URL = "https://api.openai.com/v1"
FRAMING: Framing = "events"
MODELS_PATH = "/models"


def path(model: str) -> str:
    """Return the path of the streaming request."""
    return "/responses"


def encode(request: ChatRequest) -> dict[str, Any]:
    """Return the JSON body of the request; nothing of it is stored at the server."""
    body: dict[str, Any] = {
        "model": request.model,
        "instructions": "\n\n".join(message.content for message in request.messages if message.role == "system"),
        "input": [item for message in request.messages for item in _items(message)],
        "stream": True,
        "store": False,
        "max_output_tokens": request.max_tokens,
    }
    if request.reasoning != "default" and request.model.startswith(("gpt-5", "o1", "o3", "o4")):
        body["reasoning"] = {"effort": "minimal" if request.reasoning == "none" else request.reasoning}
    if request.tools:
        body["tools"] = [
            {
                "type": "function",
                "name": tool.name,
                "description": tool.description,
                "parameters": dict(tool.parameters) or {"type": "object", "properties": {}},
            }
            for tool in request.tools
        ]
    return {name: value for name, value in body.items() if name not in request.without}


def _items(message: Message) -> list[dict[str, Any]]:
    if message.role == "system":
        return []
    if message.role == "tool":
        return [{"type": "function_call_output", "call_id": message.tool_call_id, "output": message.content}]
    items: list[dict[str, Any]] = [{"role": message.role, "content": message.content}] if message.content else []
    return items + [
        {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": call.arguments}
        for call in message.tool_calls
    ]


def new_decoder() -> Decoder:
    """Return the decoder of one reply."""
    return Decoder()


class Decoder:
    """Decodes the events of one reply; the type stands in the payload, and the event's name repeats it."""

    def __init__(self) -> None:
        self.is_complete = False
        self.has_finish = False
        self._text = ReplyText()
        self._tools = ToolCalls()
        self._usage: Usage | None = None
        self._reason: FinishReason = "stop"
        self._note = ""
        self._refusal: list[str] = []

    @property
    def fragments(self) -> int:
        """Pieces of tool calls that came so far."""
        return self._tools.fragments

    def add(self, data: str, event: str = "") -> list[ReplyPart]:
        """Return the parts of one event; raise ValueError where it is not JSON."""
        if data.strip() == "[DONE]":  # some gateways add it
            self.is_complete = True
            return []
        payload = read_object(data)
        match payload.get("type", event):
            case "response.output_text.delta":
                return [*self._text.add(text_at(payload, "delta"))]
            case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta":
                thought = text_at(payload, "delta")
                return [Reasoning(thought)] if thought else []
            case "response.refusal.delta":
                self._refusal.append(text_at(payload, "delta"))
            case "response.output_item.added" | "response.output_item.done" as step:
                self._take_item(payload, is_done=step.endswith("done"))
            case "response.function_call_arguments.delta":
                self._tools.add(payload.get("output_index"), "", "", payload.get("delta"))
            case "response.function_call_arguments.done":
                self._tools.replace_arguments(payload.get("output_index"), text_at(payload, "arguments"))
            case "response.completed" | "response.incomplete" | "response.failed":
                return self._end(payload.get("response"))
            case "error":
                return [classify_error(payload.get("error") or payload)]
            case _ if payload.get("error"):
                return [classify_error(payload["error"])]
        return []

    def add_whole(self, body: str) -> list[ReplyPart]:
        """Return the parts of a response that was not streamed; raise ValueError where it is not JSON."""
        response = read_object(body)
        parts: list[ReplyPart] = []
        for index, item in enumerate(objects(response.get("output"))):
            for piece in objects(item.get("content")):
                parts += self._text.add(text_at(piece, "text"))
            self._take_item({"output_index": index, "item": item}, is_done=True)
        return [*parts, *self._end(response)]

    def finish(self) -> list[ReplyPart]:
        """Return what remains: text held back, whole tool calls, and the Finish."""
        calls = self._tools.whole() if self._reason != "length" else []
        reason = "tool_calls" if calls and self._reason == "stop" else self._reason
        note = "".join(self._refusal) or self._note
        return [*self._text.finish(), *calls, Finish(reason, self._usage, note, is_refusal=bool(self._refusal))]

    def _take_item(self, payload: Mapping[str, Any], *, is_done: bool) -> None:
        item, index = payload.get("item"), payload.get("output_index")
        if isinstance(item, dict) and item.get("type") == "function_call":
            self._tools.add(index, item.get("call_id") or item.get("id"), item.get("name"), "")
            if is_done:
                self._tools.replace_arguments(index, text_at(item, "arguments"))

    def _end(self, response: object) -> list[ReplyPart]:
        found = response if isinstance(response, dict) else {}
        self.is_complete = self.has_finish = True
        usage = found.get("usage")
        if isinstance(usage, dict):
            self._usage = Usage(
                count(usage, "input_tokens"),
                count(usage, "output_tokens"),
                count(usage, "input_tokens_details", "cached_tokens"),
                count(usage, "output_tokens_details", "reasoning_tokens"),
            )
        if found.get("error") or found.get("status") == "failed":
            return [classify_error(found.get("error"))]
        if found.get("status") == "incomplete":
            self._note = text_at(found, "incomplete_details", "reason")
            self._reason = "content_filter" if self._note == "content_filter" else "length"
        elif found.get("status") not in ("completed", None):
            self._note = f"the server's status is {found.get('status')}"
        return []
