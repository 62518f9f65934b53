"""Every recorded stream decodes to what it holds, for every split of its bytes, every line end, and among comments."""

from __future__ import annotations

import csv
import json
import random
from dataclasses import dataclass
from pathlib import Path

import pytest

from voicestream.thinking import anthropic_messages, gemini, ollama_chat, openai_chat, openai_responses
from voicestream.thinking.chat_protocol import ChatProtocol, ReplyPart
from voicestream.thinking.faults import Fault
from voicestream.thinking.reply_reader import ReplyReader
from voicestream.thinking.sse import EventStream
from voicestream.vocabulary import Delta, Finish, Reasoning, ToolCall, Usage

PROTOCOLS: dict[str, ChatProtocol] = {
    "openai_chat": openai_chat,
    "openai_responses": openai_responses,
    "anthropic": anthropic_messages,
    "ollama_chat": ollama_chat,
    "gemini": gemini,
}
csv.field_size_limit(2**24)


@dataclass(frozen=True)
class Reply:
    """All that a stream held."""

    text: str
    thoughts: str
    calls: tuple[tuple[str, str, str], ...]
    end: Finish | Fault


def decoded(protocol: ChatProtocol, pieces: list[bytes]) -> Reply:
    reader = ReplyReader(protocol)
    parts: list[ReplyPart] = [part for piece in pieces for part in reader.add(piece)]
    parts += reader.end()
    ends = [part for part in parts if isinstance(part, (Finish, Fault))]
    assert len(ends) == 1
    assert parts[-1] is ends[0]
    return Reply(
        "".join(part.text for part in parts if isinstance(part, Delta)),
        "".join(part.text for part in parts if isinstance(part, Reasoning)),
        tuple((call.id, call.name, call.arguments) for call in parts if isinstance(call, ToolCall)),
        ends[0],
    )


def cut(body: bytes, places: list[int]) -> list[bytes]:
    return [body[start:end] for start, end in zip([0, *places], [*places, len(body)], strict=True)]


def rows(shared: Path) -> list[dict[str, str]]:
    with (shared / "wire/manifest.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def test_the_recorded_streams_hold_what_the_manifest_says(shared: Path) -> None:
    for row in rows(shared):
        if row["protocol"] not in PROTOCOLS:
            continue
        body = (shared / "wire/streams" / row["file"]).read_bytes()
        reply = decoded(PROTOCOLS[row["protocol"]], [body])
        assert reply.text == json.loads(row["expected_text"]), row["file"]
        assert len(reply.thoughts) == int(row["expected_reasoning_chars"]), row["file"]
        calls = [(call["id"], call["name"], call["arguments"]) for call in json.loads(row["expected_tool_calls"])]
        assert list(reply.calls) == calls, row["file"]
        assert finish_of(reply) == json.loads(row["expected_finish"]), row["file"]
        error = json.loads(row["expected_error"])
        if error:
            assert isinstance(reply.end, Fault)
            assert error["message"][:100] in reply.end.message
        if isinstance(reply.end, Finish):
            assert reply.end.usage == usage_of(json.loads(row["usage"] or "null")), row["file"]


def finish_of(reply: Reply) -> str | None:
    if isinstance(reply.end, Finish):
        return reply.end.reason
    return None if reply.end.code == "incomplete" else "error"


def usage_of(expected: dict[str, int | None] | None) -> Usage | None:
    if expected is None:
        return None
    return Usage(*(expected[key] or 0 for key in ("input", "output", "cached", "reasoning")))


def test_no_split_of_the_bytes_changes_a_reply(shared: Path) -> None:
    places = random.Random(64)
    for row in rows(shared):
        if row["protocol"] not in PROTOCOLS:
            continue
        protocol = PROTOCOLS[row["protocol"]]
        body = (shared / "wire/streams" / row["file"]).read_bytes()
        whole = decoded(protocol, [body])
        for count in (1, 3, 30, 300):
            at = sorted(places.choices(range(len(body)), k=count))
            assert decoded(protocol, cut(body, at)) == whole, (row["file"], at)
        if len(body) < 6000:
            assert decoded(protocol, cut(body, list(range(1, len(body))))) == whole, row["file"]


def test_line_ends_and_comments_change_nothing(shared: Path) -> None:
    chance = random.Random(7)
    for row in rows(shared):
        protocol = PROTOCOLS.get(row["protocol"])
        if protocol is None or protocol.FRAMING != "events":
            continue
        body = (shared / "wire/streams" / row["file"]).read_bytes().replace(b"\r\n", b"\n")
        whole = decoded(protocol, [body])
        for end in (b"\n", b"\r\n", b"\r"):
            lines = []
            for line in body.split(b"\n"):
                if chance.random() < 0.3:
                    lines.append(chance.choice([b":", b": ping", b"id: 7", b"retry: 10", b"unknown: x"]))
                lines.append(line)
            framed = end.join(lines)
            at = sorted(chance.choices(range(len(framed)), k=40))
            assert decoded(protocol, cut(framed, at)) == whole, (row["file"], end)


def test_a_stream_that_ends_at_any_byte_tells_so_or_was_whole(shared: Path) -> None:
    chance = random.Random(3)
    for row in rows(shared):
        protocol = PROTOCOLS.get(row["protocol"])
        if protocol is None or json.loads(row["expected_error"]):
            continue
        body = (shared / "wire/streams" / row["file"]).read_bytes()
        whole = decoded(protocol, [body])
        for end in chance.choices(range(len(body)), k=12):
            reply = decoded(protocol, [body[:end]])
            assert whole.text.startswith(reply.text)
            if isinstance(reply.end, Fault):
                assert reply.end.code in ("incomplete", "protocol", "server_error")
                assert reply.calls == ()  # what is cut off is never run


def test_the_events_of_mcp_servers_are_read_too(shared: Path) -> None:
    for row in rows(shared):
        if row["protocol"] == "mcp_sse":
            stream = EventStream()
            found = stream.add((shared / "wire/streams" / row["file"]).read_bytes())
            assert len(found) == int(row["chunks"])
            assert all(json.loads(event.data)["jsonrpc"] == "2.0" for event in found)


@pytest.mark.parametrize(
    ("protocol", "body", "expected"),
    [
        (
            openai_chat,
            {"choices": [{"message": {"content": "Hi."}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 3}},
            Reply("Hi.", "", (), Finish("stop", Usage(3))),
        ),
        (
            openai_responses,
            {
                "status": "completed",
                "output": [{"type": "message", "content": [{"type": "output_text", "text": "Hi."}]}],
            },
            Reply("Hi.", "", (), Finish("stop")),
        ),
        (
            anthropic_messages,
            {
                "type": "message",
                "content": [
                    {"type": "text", "text": "Hi."},
                    {"type": "tool_use", "id": "t", "name": "clock", "input": {"zone": "UTC"}},
                ],
                "stop_reason": "tool_use",
            },
            Reply("Hi.", "", (("t", "clock", '{"zone": "UTC"}'),), Finish("tool_calls")),
        ),
        (
            gemini,
            [{"candidates": [{"content": {"parts": [{"text": "Hi."}]}, "finishReason": "MAX_TOKENS"}]}],
            Reply("Hi.", "", (), Finish("length")),
        ),
    ],
)
def test_an_answer_that_is_not_streamed_is_taken_all_the_same(
    protocol: ChatProtocol, body: object, expected: Reply
) -> None:
    assert decoded(protocol, [json.dumps(body).encode()]) == expected


@pytest.mark.parametrize(
    ("feedback", "reason"),
    [({"promptFeedback": {"blockReason": "SAFETY"}}, "content_filter"), ({"candidates": []}, "incomplete")],
)
def test_a_blocked_question_to_gemini_is_told(feedback: dict[str, object], reason: str) -> None:
    end = decoded(gemini, [b"data: " + json.dumps(feedback).encode() + b"\n\n"]).end
    assert (end.reason if isinstance(end, Finish) else end.code) == reason


def test_a_reply_of_nothing_but_nesting_is_no_crash() -> None:
    deep = b"data: " + b"[" * 100_000 + b"\n\n"
    end = decoded(openai_chat, [deep]).end
    assert isinstance(end, Fault)
    assert end.code == "server_error"


JUNK: list[object] = [None, True, 0, -1, 1.5, "", "junk", [], [None], [[]], {}, {"error": {}}, {"type": "text"}]


def spoiled(value: object, chance: random.Random) -> object:
    """Return `value` with some of what is in it replaced by junk."""
    if chance.random() < 0.06:
        return chance.choice(JUNK)
    if isinstance(value, dict):
        return {key: spoiled(inner, chance) for key, inner in value.items()}
    if isinstance(value, list):
        return [spoiled(inner, chance) for inner in value]
    return value


def test_payloads_of_any_shape_crash_nothing(shared: Path) -> None:
    chance = random.Random(11)
    for row in rows(shared):
        protocol = PROTOCOLS.get(row["protocol"])
        if protocol is None:
            continue
        body = (shared / "wire/streams" / row["file"]).read_bytes()
        if protocol.FRAMING == "events":
            payloads = [event.data for event in EventStream().add(body)]
        else:
            payloads = body.decode().splitlines()
        payloads = [payload for payload in payloads if payload != "[DONE]"]
        for _ in range(6):
            junk = [json.dumps(spoiled(json.loads(payload), chance)).encode() for payload in payloads[-40:]]
            framed = [b"data: " + line + b"\n\n" if protocol.FRAMING == "events" else line + b"\n" for line in junk]
            decoded(protocol, framed)
            decoded(protocol, [junk[-1]])
