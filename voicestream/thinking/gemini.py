"""Google Gemini, streamGenerateContent: https://ai.google.dev/api/generate-content"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from voicestream.thinking.chat_protocol import (
    ChatRequest,
    Framing,
    ReplyPart,
    count,
    objects,
    read_object,
    spoken_names,
    text_at,
)
from voicestream.thinking.faults import classify_error
from voicestream.thinking.reply_text import ReplyText
from voicestream.thinking.tool_calls import ToolCalls
from voicestream.vocabulary import Finish, FinishReason, Message, Reasoning, Usage

DEFAULT_URL = "https://generativelanguage.googleapis.com/v1beta"
FRAMING: Framing = "events"
MODELS_PATH = "/models"

FINISHES: Mapping[str, FinishReason] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "IMAGE_SAFETY": "content_filter",
}


def path(model: str) -> str:
    """Return the path of the streaming request."""
    return f"/models/{model.removeprefix('models/')}:streamGenerateContent?alt=sse"


def headers(key: str) -> dict[str, str]:
    """Return the header that carries the key; in the address it would end up in logs."""
    return {"x-goog-api-key": key} if key else {}


def encode(request: ChatRequest) -> dict[str, Any]:
    """Return the JSON body of the request."""
    system = "\n\n".join(message.content for message in request.messages if message.role == "system")
    config: dict[str, Any] = {"maxOutputTokens": request.max_tokens}
    if request.reasoning == "none" and "thinkingConfig" not in request.without and "2.5-flash" in request.model:
        config["thinkingConfig"] = {"thinkingBudget": 0}
    body: dict[str, Any] = {"contents": _contents(request), "generationConfig": config}
    if system:
        body["systemInstruction"] = {"parts": [{"text": system}]}
    if request.tools:
        functions = []
        for tool in request.tools:
            function: dict[str, Any] = {"name": tool.name, "description": tool.description}
            if tool.parameters.get("properties"):  # an object without properties is refused
                function["parameters"] = _plain_schema(dict(tool.parameters))
            functions.append(function)
        body["tools"] = [{"functionDeclarations": functions}]
    return {name: value for name, value in body.items() if name not in request.without}


def _plain_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Return `schema` without the keywords that the server refuses."""
    plain: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "properties" and isinstance(value, dict):
            plain[key] = {name: _plain_schema(inner) for name, inner in value.items() if isinstance(inner, dict)}
        elif key == "items" and isinstance(value, dict):
            plain[key] = _plain_schema(value)
        elif key in ("type", "description", "enum", "required", "format", "minimum", "maximum", "nullable"):
            plain[key] = value
    return plain


def _contents(request: ChatRequest) -> list[dict[str, Any]]:
    names = {call.id: call.name for message in request.messages for call in message.tool_calls}
    contents: list[dict[str, Any]] = []
    for message in request.messages:
        parts = _parts(message, names)
        if not parts or message.role == "system":
            continue
        role = "model" if message.role == "assistant" else "user"
        if contents and contents[-1]["role"] == role:
            contents[-1]["parts"] += parts
        else:
            contents.append({"role": role, "parts": parts})
    return contents


def _parts(message: Message, names: Mapping[str, str]) -> list[dict[str, Any]]:
    if message.role == "tool":
        name = names.get(message.tool_call_id, message.tool_call_id)
        return [{"functionResponse": {"name": name, "response": {"result": message.content}}}]
    parts: list[dict[str, Any]] = [{"text": message.content}] if message.content else []
    return parts + [
        {"functionCall": {"name": call.name, "args": json.loads(call.arguments or "{}")}} for call in message.tool_calls
    ]


def model_names(listing: object) -> list[str]:
    """Return the names of the models that can converse."""
    models = listing.get("models") if isinstance(listing, dict) else None
    return spoken_names(
        text_at(entry, "name").removeprefix("models/")
        for entry in objects(models)
        if "generateContent" in str(entry.get("supportedGenerationMethods", "generateContent"))
    )


def new_decoder() -> Decoder:
    """Return the decoder of one reply."""
    return Decoder()


class Decoder:
    """Decodes the chunks of one reply; of several candidates the first is spoken."""

    def __init__(self) -> None:
        self.is_complete = False
        self.has_finish = False
        self._text = ReplyText()
        self._calls: list[_Call] = []
        self._fragments = 0
        self._usage: dict[str, Any] = {}
        self._reason = ""
        self._blocked = ""

    @property
    def fragments(self) -> int:
        """Pieces of tool calls that came so far."""
        return self._fragments

    def add(self, data: str, event: str = "") -> list[ReplyPart]:
        """Return the parts of one chunk; raise ValueError where it is not JSON."""
        chunk = read_object(data)
        parts: list[ReplyPart] = []
        for candidate in objects(chunk.get("candidates")):
            if not candidate.get("index"):
                self._take_candidate(candidate, parts)
        usage = chunk.get("usageMetadata")
        if isinstance(usage, dict):
            self._usage |= usage
        blocked = text_at(chunk, "promptFeedback", "blockReason")
        if blocked:
            self._blocked = blocked
            self.has_finish = True
        if chunk.get("error"):
            parts.append(classify_error(chunk["error"]))
        return parts

    def add_whole(self, body: str) -> list[ReplyPart]:
        """Return the parts of a reply that came as JSON, one object or a list of them."""
        chunks = json.loads(body)
        parts: list[ReplyPart] = []
        for chunk in chunks if isinstance(chunks, list) else [chunks]:
            parts += self.add(json.dumps(chunk))
        self.is_complete = True
        return parts

    def finish(self) -> list[ReplyPart]:
        """Return what remains: text held back, whole tool calls, and the Finish."""
        reason: FinishReason = "content_filter" if self._blocked else FINISHES.get(self._reason, "stop")
        joined = ToolCalls()
        for index, call in enumerate(self._calls):
            joined.add(index, call.id, call.name, call.arguments)
        calls = joined.whole() if reason in ("stop", "tool_calls") else []
        if calls:
            reason = "tool_calls"
        unknown = self._reason not in (*FINISHES, "")
        note = self._blocked or (f"the server's reason is {self._reason}" if unknown else "")
        usage = None
        if "promptTokenCount" in self._usage or "candidatesTokenCount" in self._usage:
            usage = Usage(
                count(self._usage, "promptTokenCount"),
                count(self._usage, "candidatesTokenCount"),
                count(self._usage, "cachedContentTokenCount"),
                count(self._usage, "thoughtsTokenCount"),
            )
        return [*self._text.finish(), *calls, Finish(reason, usage, note)]

    def _take_candidate(self, candidate: Mapping[str, Any], parts: list[ReplyPart]) -> None:
        content = candidate.get("content")
        for part in objects(content.get("parts") if isinstance(content, dict) else None):
            text = text_at(part, "text")
            if text and part.get("thought") is True:
                parts.append(Reasoning(text))
            elif text:
                parts += self._text.add(text)
            if isinstance(part.get("functionCall"), dict):
                self._take_call(part["functionCall"])
        reason = text_at(candidate, "finishReason")
        if reason:
            self._reason = reason
            self.has_finish = True

    def _take_call(self, piece: Mapping[str, Any]) -> None:
        """Take a whole call, or a piece of one whose arguments are streamed (partialArgs, willContinue)."""
        self._fragments += 1
        if piece.get("name") or not self._calls:
            self._calls.append(_Call(text_at(piece, "id"), text_at(piece, "name")))
        call = self._calls[-1]
        arguments = piece.get("args")
        if isinstance(arguments, dict):
            call.arguments |= arguments
        for argument in objects(piece.get("partialArgs")):
            call.add(text_at(argument, "jsonPath"), argument)


class _Call:
    def __init__(self, id: str, name: str) -> None:
        self.id = id
        self.name = name
        self.arguments: dict[str, Any] = {}

    def add(self, path: str, argument: Mapping[str, Any]) -> None:
        """Put a value at a path such as $.places[0].name; the pieces of a text are joined."""
        steps = [name or int(index) for name, index in re.findall(r"\.?([A-Za-z_]\w*)|\[(\d{1,4})\]", path)]
        if not steps:
            return
        place: Any = self.arguments
        for step, following in zip(steps, [*steps[1:], None], strict=True):
            if isinstance(step, int):
                if not isinstance(place, list):
                    return
                place += [None] * (step + 1 - len(place))
            elif not isinstance(place, dict):
                return
            found = place[step] if isinstance(step, int) else place.get(step)
            if following is None:
                place[step] = _joined(found, argument)
            elif not isinstance(found, (dict, list)):
                place[step] = found = [] if isinstance(following, int) else {}
            place = found


def _joined(found: object, argument: Mapping[str, Any]) -> object:
    if "stringValue" in argument:
        return (found if isinstance(found, str) else "") + text_at(argument, "stringValue")
    for key in ("numberValue", "boolValue"):
        if key in argument:
            return argument[key]
    return None if "nullValue" in argument else found
