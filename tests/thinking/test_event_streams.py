"""Server-sent events, exactly as WHATWG defines them, however the bytes are cut."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from voicestream.errors import ModelError
from voicestream.thinking.sse import MAX_EVENT_BYTES, ByteLines, EventStream

Event = tuple[str, str, str]


def events_of(pieces: list[bytes]) -> list[Event]:
    stream = EventStream()
    return [(event.event, event.data, event.id) for piece in pieces for event in stream.add(piece)]


def single_bytes(body: bytes) -> list[bytes]:
    return [body[index : index + 1] for index in range(len(body))]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"data: a\n\n", [("message", "a", "")]),
        (b"\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n", [("message", "a", "")]),
        (b"id: 7\n\ndata: a\n\n", [("message", "a", "7")]),
        (b"event: ping\n\ndata: a\n\n", [("message", "a", "")]),
        (b"event: x\rdata: a\r\rdata: b\r\r", [("x", "a", ""), ("message", "b", "")]),
        (b"data: a\r\n\r\ndata\n\n", [("message", "a", ""), ("message", "", "")]),
        ("data: a\u2028\u0085b\n\n".encode(), [("message", "a\u2028\u0085b", "")]),
        (b"data: a\xff\n\n", [("message", "a\ufffd", "")]),
        (b"retry: +5\ndata: a\n\ndata: half", [("message", "a", "")]),
        (b": comment\n:\n\ndata : no\nDATA: no\ndata:yes\ndata: two\n\n", [("message", "yes\ntwo", "")]),
    ],
)
def test_events_do_not_depend_on_the_reads(body: bytes, expected: list[Event]) -> None:
    assert events_of([body]) == events_of(single_bytes(body)) == expected


def test_an_event_comes_with_the_byte_that_ends_it_even_when_lines_end_in_cr() -> None:
    stream = EventStream()
    assert [len(stream.add(byte)) for byte in single_bytes(b"data: a\r\r")][-1] == 1


def test_a_last_mark_without_its_blank_line_is_seen() -> None:
    stream = EventStream()
    assert stream.add(b"data: a\n\ndata: [DONE]") != []
    assert stream.ends_with("[DONE]")
    stream.add(b"\n")
    assert stream.ends_with("[DONE]")
    stream.add(b"\n")
    assert not stream.ends_with("[DONE]")


def test_a_large_line_costs_linear_work_and_an_endless_one_ends() -> None:
    lines = ByteLines()
    for _ in range(1000):
        assert lines.add(b"x" * 4096) == []
    assert [len(line) for line in lines.add(b"\n")] == [4096 * 1000]
    for _ in range(MAX_EVENT_BYTES // 65536):
        lines.add(b"y" * 65536)
    with pytest.raises(ModelError, match="more than 8 MB"):
        lines.add(b"y")


def test_an_endless_event_of_many_lines_ends() -> None:
    stream = EventStream()
    line = b"data: " + b"z" * (2**16 - 6)
    for _ in range(MAX_EVENT_BYTES // len(line)):
        stream.add(line + b"\n")
    with pytest.raises(ModelError, match="more than 8 MB"):
        stream.add(line + b"\n")


def test_all_conformance_cases_pass_as_given_byte_by_byte_and_cut_at_random(shared: Path) -> None:
    cuts = random.Random(95)
    cases = [json.loads(line) for line in (shared / "wire/sse_cases.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(cases) == 95
    for case in cases:
        expected = expected_of(case)
        pieces = pieces_of(case)
        body = b"".join(pieces)
        at_random = sorted(cuts.choices(range(len(body) + 1), k=7))
        cut = [body[start:end] for start, end in zip([0, *at_random], [*at_random, len(body)], strict=True)]
        assert events_of(pieces) == events_of(single_bytes(body)) == events_of(cut) == expected, case["id"]


def pieces_of(case: dict[str, Any]) -> list[bytes]:
    if "chunks" in case:
        return [piece.encode("latin-1") for piece in case["chunks"]]
    return [b"".join(piece.encode("latin-1") * times for piece, times in case["gen"])]


def expected_of(case: dict[str, Any]) -> list[Event]:
    if case.get("events") is not None:
        return [(event, data, identity) for event, data, identity in case["events"]]
    if "events_gen" in case:
        return [
            (event, gap.join([piece] * times), identity) for event, (piece, gap, times), identity in case["events_gen"]
        ]
    event, times = case["events_rep"]
    return [(event[0], event[1], event[2])] * times
