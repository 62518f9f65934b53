"""OpenAI Chat Completions, and all that speak it: llama.cpp, vLLM, LM Studio, Groq, Mistral, OpenRouter, Azure, …

https://platform.openai.com/docs/api-reference/chat-streaming
"""

from __future__ import annotations

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
from voicestream.thinking.reply_text import ReplyText
from voicestream.thinking.tool_calls import ToolCalls
from voicestream.vocabulary import Finish, FinishReason, Message, Reasoning, Usage

DEFAULT_URL = "https://api.openai.com/v1"
FRAMING: Framing = "events"
MODELS_PATH = "/models"

FINISHES: Mapping[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}


def path(model: str) -> str:
    """Return the path of the streaming request."""
    return "/chat/completions"


def headers(key: str) -> dict[str, str]:
    """Return the header that carries the key."""
    return {"authorization": f"Bearer {key}"} if key else {}


def encode(request: ChatRequest) -> dict[str, Any]:
    """Return the JSON body of the request."""
    is_openai = request.server == "openai"
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [_message(message) for message in request.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
        # Groq, Mistral and the local servers know max_tokens; OpenAI's reasoning models only the other
        "max_completion_tokens" if is_openai else "max_tokens": request.max_tokens,
    }
    if is_openai:
        body["stream_options"]["include_obfuscation"] = False
        if request.reasoning != "default" and request.model.startswith(("gpt-5", "o1", "o3", "o4")):
            body["reasoning_effort"] = {"none": "minimal"}.get(request.reasoning, request.reasoning)
    elif request.server in ("llama.cpp", "vllm") and request.reasoning == "none":
        body["chat_template_kwargs"] = {"enable_thinking": False}
    if request.server == "llama.cpp":
        body["cache_prompt"] = True
    if request.tools:
        body["tools"] = function_tools(request.tools)
    return {name: value for name, value in body.items() if name not in request.without}


def _message(message: Message) -> dict[str, Any]:
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.tool_call_id, "content": message.content}
    entry: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        entry["content"] = message.content or None
        entry["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    return entry


def model_names(listing: object) -> list[str]:
    """Return the names in the server's list of models."""
    entries = listing.get("data") if isinstance(listing, dict) else listing
    return spoken_names(text_at(entry, "id") for entry in objects(entries))


def new_decoder() -> Decoder:
    """Return the decoder of one reply."""
    return Decoder()


class Decoder:
    """Decodes the chunks of one reply; of several choices the first is spoken."""

    def __init__(self) -> None:
        self.is_complete = False
        self.has_finish = False
        self._text = ReplyText()
        self._tools = ToolCalls()
        self._refusal: list[str] = []
        self._usage: Usage | None = None
        self._reason = ""

    @property
    def fragments(self) -> int:
        """Pieces of tool calls that came so far."""
        return self._tools.fragments

    def add(self, data: str, event: str = "") -> list[ReplyPart]:
        """Return the parts of one chunk; raise ValueError where it is not JSON."""
        if data.startswith("[DONE]"):
            self.is_complete = True
            return []
        chunk = read_object(data)
        parts: list[ReplyPart] = []
        choices = chunk.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, dict) and not choice.get("index"):
                self._take_choice(choice, choice.get("delta"), parts)
        if chunk.get("usage") or "x_groq" in chunk:
            self._take_usage(chunk)
        if chunk.get("error"):
            parts.append(classify_error(chunk["error"]))
        elif event == "error" and not parts:
            parts.append(classify_error(chunk))
        return parts

    def add_whole(self, body: str) -> list[ReplyPart]:
        """Return the parts of a completion that was not streamed; raise ValueError where it is not JSON."""
        completion = read_object(body)
        parts: list[ReplyPart] = []
        choices = [choice for choice in objects(completion.get("choices")) if not choice.get("index")]
        for choice in choices:
            self._take_choice(choice, choice.get("message") or choice.get("delta"), parts)
        self._take_usage(completion)
        if completion.get("error") or not choices:
            parts.append(classify_error(completion.get("error") or completion))
        self.is_complete = True
        return parts

    def finish(self) -> list[ReplyPart]:
        """Return what remains: text held back, whole tool calls, and the Finish."""
        reason = FINISHES.get(self._reason, "stop")
        calls = self._tools.whole() if reason != "length" else []
        if calls and reason == "stop":
            reason = "tool_calls"
        unknown = self._reason and self._reason not in FINISHES
        note = "".join(self._refusal) or (f"the server's reason is {self._reason}" if unknown else "")
        return [*self._text.finish(), *calls, Finish(reason, self._usage, note, is_refusal=bool(self._refusal))]

    def _take_choice(self, choice: Mapping[str, Any], delta: object, parts: list[ReplyPart]) -> None:
        if isinstance(delta, dict):
            content = delta.get("content")
            if content:
                parts += self._text.add(content) if isinstance(content, str) else self._typed(content)
            thought = delta.get("reasoning_content") or delta.get("reasoning")
            if thought and isinstance(thought, str):
                parts.append(Reasoning(thought))
            if delta.get("refusal"):
                self._refusal.append(text_at(delta, "refusal"))
            for call in objects(delta["tool_calls"]) if delta.get("tool_calls") else ():
                function = call.get("function")
                function = function if isinstance(function, dict) else {}
                self._tools.add(call.get("index"), call.get("id"), function.get("name"), function.get("arguments"))
        reason = choice.get("finish_reason")
        if reason and isinstance(reason, str):
            self._reason = reason
            self.has_finish = True

    def _typed(self, content: object) -> list[ReplyPart]:
        """Return the parts of a list of typed pieces, which Mistral's reasoning models send."""
        parts: list[ReplyPart] = []
        for piece in objects(content):
            if piece.get("type") == "thinking":
                thoughts = piece.get("thinking")
                texts = (
                    [thoughts] if isinstance(thoughts, str) else [text_at(part, "text") for part in objects(thoughts)]
                )
                parts += [Reasoning(text) for text in texts if text]
            else:
                parts += self._text.add(text_at(piece, "text"))
        return parts

    def _take_usage(self, chunk: Mapping[str, Any]) -> None:
        usage = chunk.get("usage")
        if not usage and "x_groq" in chunk:
            usage = chunk["x_groq"].get("usage") if isinstance(chunk["x_groq"], dict) else None
        if isinstance(usage, dict) and usage:
            self._usage = Usage(
                count(usage, "prompt_tokens"),
                count(usage, "completion_tokens"),
                count(usage, "prompt_tokens_details", "cached_tokens"),
                count(usage, "completion_tokens_details", "reasoning_tokens"),
            )
