"""Every misbehaviour of a server ends in its class; what came is spoken; a second try is made only where allowed."""

from __future__ import annotations

import asyncio
import csv
import json
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

import pytest
from misbehaving_server import FAULTS, MisbehavingServer, misbehaving_server

from voicestream.backends.model_server import Limits, ModelServer
from voicestream.errors import ModelError
from voicestream.thinking import openai_chat
from voicestream.thinking.faults import SPOKEN
from voicestream.vocabulary import Delta, Finish, Message

KEY = "secret-key"
LIMITS = Limits(first_token=1.5, next_token=1.0, characters=4000)

WHOLE = "Hello there."
ENDS: dict[str, tuple[str, str]] = {
    "truncated_line": ("Hello ", "incomplete"),
    "bad_utf8": ("Hello \ufffdthere.", "ok"),
    "stall_mid": (WHOLE, "timeout"),
    "stall_keepalive": (WHOLE, "timeout"),
    "reset_mid": (WHOLE, "incomplete"),
    "fin_mid": (WHOLE, "incomplete"),
    "truncated_clean": (WHOLE, "incomplete"),
    "error_in_data": (WHOLE, "server_error"),
    "error_event": (WHOLE, "server_error"),
    "error_string": (WHOLE, "server_error"),
    "error_plain_text": (WHOLE, "server_error"),
    "finish_content_filter": (WHOLE, "content_filter"),
    "bad_chunking": (WHOLE, "protocol"),
    "gzip_corrupt": (WHOLE, "protocol"),
    "http400": ("", "bad_request"),
    "http400_context_openai": ("", "context_overflow"),
    "http400_context_llamacpp": ("", "context_overflow"),
    "http401": ("", "auth"),
    "http403_html": ("", "auth"),
    "http404_ollama": ("", "not_found"),
    "http404_openai": ("", "not_found"),
    "http404_detail": ("", "not_found"),
    "http429_after_1s": ("", "rate_limited"),
    "http429_ms": ("", "rate_limited"),
    "http429_hour": ("", "rate_limited"),
    "http429_quota": ("", "quota"),
    "http500": ("", "server_error"),
    "http502_html": ("", "server_error"),
    "http503_loading": ("", "loading"),
    "http529_anthropic": ("", "overloaded"),
    "html_200": ("", "protocol"),
    "html_200_as_sse": ("", "protocol"),
    "json_error_200": ("", "server_error"),
    "empty_200": ("", "protocol"),
    "redirect_301": ("", "redirect"),
    "redirect_307_other_host": ("", "redirect"),
    "bad_status_line": ("", "protocol"),
    "close_at_once": ("", "connect"),
    "stall_headers": ("", "timeout"),
    "stall_first_byte": ("", "timeout"),
    "reset_before_text": ("", "incomplete"),
    "error_first": ("", "server_error"),
}
TRIED_AGAIN = {
    "http429_after_1s": 3,
    "http429_ms": 3,
    "http500": 3,
    "http502_html": 3,
    "http503_loading": 4,
    "http529_anthropic": 3,
    "json_error_200": 3,
    "empty_200": 2,
    "bad_status_line": 2,
    "close_at_once": 2,
    "stall_headers": 2,
    "stall_first_byte": 2,
    "reset_before_text": 3,
    "error_first": 3,
}


@dataclass(frozen=True)
class Outcome:
    """What came of one question."""

    spoken: str
    code: str
    requests: int
    error: ModelError | None = None


async def ask(server: MisbehavingServer, fault: str) -> Outcome:
    spoken, code, error = "", "", None
    async with ModelServer(server.base_url(fault), openai_chat, model="m", key=KEY, limits=LIMITS) as model:
        try:
            async with aclosing(model.stream([Message("user", "Hello?")])) as parts:
                async for part in parts:
                    assert not code, "something came after the Finish"
                    if isinstance(part, Delta):
                        spoken += part.text
                    if isinstance(part, Finish):
                        code = "ok" if part.reason in ("stop", "length") else part.reason
        except ModelError as caught:
            code, error = caught.code, caught
    return Outcome(spoken, code, server.requests_of(fault), error)


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    """All faults, some of them side by side."""

    async def run() -> dict[str, Outcome]:
        few = asyncio.Semaphore(8)  # all at once would be slower than the limits on a busy machine

        async def ask_in_turn(server: MisbehavingServer, fault: str) -> Outcome:
            async with few:
                return await ask(server, fault)

        async with misbehaving_server() as server:
            found = await asyncio.gather(*(ask_in_turn(server, fault) for fault in FAULTS))
            left = asyncio.all_tasks() - {asyncio.current_task()}
            assert not {task for task in left if task.get_name() == "model response"}
            return dict(zip(FAULTS, found, strict=True))

    return asyncio.run(run())


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_ends_in_its_class(outcomes: dict[str, Outcome], fault: str) -> None:
    outcome = outcomes[fault]
    if fault == "infinite":
        assert (outcome.code, outcome.requests) == ("incomplete", 1)
        assert 4000 <= len(outcome.spoken) < 4100
        return
    assert (outcome.spoken, outcome.code) == ENDS.get(fault, (WHOLE, "ok"))
    assert outcome.requests == TRIED_AGAIN.get(fault, 1)


@pytest.mark.parametrize("fault", [fault for fault, (_, code) in ENDS.items() if code != "ok"])
def test_what_failed_is_one_sentence_and_one_line_without_the_key(outcomes: dict[str, Outcome], fault: str) -> None:
    error = outcomes[fault].error
    if error is None:
        assert outcomes[fault].code == "content_filter"
        return
    assert error.spoken == SPOKEN[error.code]
    assert str(error).startswith("127.0.0.1: ")
    assert str(error).isprintable()
    assert KEY not in str(error)
    assert "<" not in str(error)
    assert error.exit_status == 69


def test_the_table_of_faults_is_met(shared: Path, outcomes: dict[str, Outcome]) -> None:
    with (shared / "wire/faults.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert {row["fault"] for row in rows} == set(FAULTS)
    for row in rows:
        outcome = outcomes[row["fault"]]
        assert outcome.code == row["outcome"], row["fault"]
        if row["may_be_spoken"] != '"(unbounded)"':
            assert outcome.spoken == json.loads(row["may_be_spoken"]), row["fault"]
        if row["retry"] != "before":
            assert outcome.requests == 1, row["fault"]
