"""What a server's error means, how long to wait, and that nothing of a page is ever spoken."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from voicestream.thinking.faults import SPOKEN, Fault, Retries, as_error, classify_error, classify_response

NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


def test_the_recorded_error_bodies_belong_to_their_classes(shared: Path) -> None:
    for line in (shared / "wire/errors.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        body = case["body"] if isinstance(case["body"], str) else json.dumps(case["body"])
        fault = classify_response(case["status"], case.get("headers", {}), body.encode(), NOON)
        assert fault.code == case["outcome"], case
        assert "\n" not in fault.message
        assert "<" not in fault.message


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry-after": "2"}, b"{}", 2.0),
        ({"retry-after": " 0.5 "}, b"{}", 0.5),
        ({"retry-after": "Sun, 22 Nov 2026 12:01:30 GMT"}, b"{}", 90.0),
        ({"retry-after": "Sun, 22 Nov 2026 11:00:00 GMT"}, b"{}", 0.0),
        ({"retry-after-ms": "250", "retry-after": "60"}, b"{}", 0.25),
        ({"retry-after": "soon"}, b"{}", None),
        ({"retry-after": "-5"}, b"{}", None),
        ({}, b'{"error": {"details": [{"retryDelay": "19s"}, 7]}}', 19.0),
        ({}, b'{"error": {"details": "none"}}', None),
    ],
)
def test_the_wait_that_a_server_asks_for_is_read_in_all_its_forms(
    headers: dict[str, str], body: bytes, seconds: float | None
) -> None:
    assert classify_response(429, headers, body, NOON).retry_after == seconds


@pytest.mark.parametrize(
    ("fault", "delays"),
    [
        (Fault("connect", ""), [0.0, None]),
        (Fault("timeout", ""), [0.1, None]),
        (Fault("server_error", ""), [0.3, 0.6, None]),
        (Fault("rate_limited", "", retry_after=1.0), [1.0, None]),
        (Fault("rate_limited", "", retry_after=3600.0), [None]),
        (Fault("loading", ""), [0.5] * 6 + [None]),
        (Fault("protocol", "", may_retry=False), [None]),
        (Fault("auth", ""), [None]),
        (Fault("redirect", ""), [None]),
    ],
)
def test_a_person_never_waits_long_for_another_try(fault: Fault, delays: list[float | None]) -> None:
    retries = Retries(patience=3.0)
    assert [retries.delay(fault) for _ in delays] == delays


def test_a_server_may_forbid_another_try() -> None:
    fault = classify_response(500, {"x-should-retry": "false"}, b"{}")
    assert Retries(3.0).delay(fault) is None


def test_every_class_has_its_sentence() -> None:
    for code, sentence in SPOKEN.items():
        assert as_error(Fault(code, "why")).spoken == sentence
        assert sentence[-1] == "."
        assert len(sentence) < 80


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"[1]",
        b'"text"',
        b"{",
        b'{"error": null}',
        b'{"error": []}',
        b'{"error": {"message": {"deep": 1}}}',
        b'{"detail": [{"msg": "field required", "loc": ["body"]}]}',
        b"\xff\xfe\x00",
        b"[" * 50_000,
    ],
)
def test_any_body_has_a_class(body: bytes) -> None:
    for status in (200, 204, 301, 400, 403, 404, 418, 429, 500, 503, 529, 599):
        assert classify_response(status, {}, body).code in SPOKEN


def test_terminal_signs_of_a_server_never_reach_the_screen() -> None:
    message = classify_error({"message": "\x1b[31mred\x07\nline\u202e" + "x" * 500}).message
    assert message.isprintable()
    assert len(message) < 260


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"message": "Context size has been exceeded.", "code": 500}, "context_overflow"),
        ({"type": "overloaded_error", "message": "Overloaded"}, "overloaded"),
        ({"message": "bad tool call", "type": "invalid_request_error"}, "server_error"),
        ("plain words", "server_error"),
        (None, "server_error"),
        ({}, "server_error"),
    ],
)
def test_errors_inside_a_stream_have_a_class(error: object, code: str) -> None:
    assert classify_error(error).code == code


@pytest.mark.parametrize(
    ("message", "param", "option"),
    [
        ("Unsupported parameter: 'max_tokens' is not supported with this model.", "max_tokens", "max_tokens"),
        ("Unrecognized request argument supplied", "stream_options.include_usage", "stream_options"),
        ("registry.ollama.ai/library/x does not support tools", None, "tools"),
        ('"llama3" does not support thinking', None, "think"),
        ("Unknown parameter: 'reasoning_effort'.", None, "reasoning_effort"),
        ("bad temperature", None, ""),
    ],
)
def test_a_refused_part_of_the_request_is_named(message: str, param: str | None, option: str) -> None:
    body = json.dumps({"error": {"message": message, "param": param}}).encode()
    assert classify_response(400, {}, body).refused_option == option
