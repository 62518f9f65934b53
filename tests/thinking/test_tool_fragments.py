"""Tool calls are joined from fragments as servers really cut them, and only whole ones are given out."""

from __future__ import annotations

import json

import pytest

from voicestream.errors import ModelError
from voicestream.thinking import gemini, openai_chat
from voicestream.thinking.tool_calls import ToolCalls
from voicestream.vocabulary import Finish, ToolCall

Fragment = tuple[object, object, object, object]


@pytest.mark.parametrize(
    ("fragments", "expected"),
    [
        ([(0, "a", "clock", '{"zo'), (0, None, None, 'ne": 1}')], [("a", "clock", '{"zone": 1}')]),
        ([(0, "a", "clock", ""), (0, "a", "clock", "{}")], [("a", "clock", "{}")]),  # the name repeated
        ([(0, "a", "clock", None), (0, "", "", None)], [("a", "clock", "{}")]),  # null and empty
        ([(0, "a", "clock", {"zone": 1})], [("a", "clock", '{"zone": 1}')]),  # an object
        ([(None, "a", "x", "{}"), (None, "b", "x", "{}")], [("a", "x", "{}"), ("b", "x", "{}")]),  # no index, new id
        ([(None, None, "x", "{}"), (None, None, "y", "{}")], [("", "x", "{}"), ("", "y", "{}")]),  # no index, new name
        ([(None, "a", "x", '{"n":'), (None, None, None, "1}")], [("a", "x", '{"n":1}')]),  # no index, more of it
        ([(1, "b", "y", "{}"), (0, "a", "x", "{}")], [("b", "y", "{}"), ("a", "x", "{}")]),
        ([(0, "a", "x", '{"half": ')], []),  # not JSON: never run
        ([(0, "a", "x", "[1]")], []),  # not an object
        ([(0, "a", None, "{}")], []),  # no name
    ],
)
def test_fragments_are_joined(fragments: list[Fragment], expected: list[tuple[str, str, str]]) -> None:
    calls = ToolCalls()
    for fragment in fragments:
        calls.add(*fragment)
    assert calls.whole() == [ToolCall(*call) for call in expected]
    assert calls.fragments == len(fragments)


def test_endless_arguments_end() -> None:
    calls = ToolCalls()
    for _ in range(256):
        calls.add(0, "a", "x", "y" * 1024)
    with pytest.raises(ModelError, match="256 kB"):
        calls.add(0, "a", "x", "y")


def test_calls_of_an_answer_cut_by_its_length_are_not_run() -> None:
    decoder = openai_chat.new_decoder()
    call = {"index": 0, "id": "a", "function": {"name": "x", "arguments": "{}"}}
    decoder.add(json.dumps({"choices": [{"delta": {"tool_calls": [call]}, "finish_reason": "length"}]}))
    assert decoder.finish() == [Finish("length")]


@pytest.mark.parametrize(
    ("pieces", "arguments"),
    [
        ([("$.a.b[1]", {"numberValue": 4}), ("$.a.b[0]", {"stringValue": "x"})], {"a": {"b": ["x", 4]}}),
        ([("$.t", {"stringValue": "Bos"}), ("$.t", {"stringValue": "ton"})], {"t": "Boston"}),
        ([("$.flag", {"boolValue": False}), ("$.none", {"nullValue": "NULL_VALUE"})], {"flag": False, "none": None}),
        ([("", {"stringValue": "lost"}), ("$.a", {"numberValue": 1}), ("$.a.b", {"numberValue": 2})], {"a": {"b": 2}}),
        ([("$[0].x", {"numberValue": 1})], {}),
    ],
)
def test_gemini_puts_values_at_their_paths(
    pieces: list[tuple[str, dict[str, object]]], arguments: dict[str, object]
) -> None:
    decoder = gemini.new_decoder()
    first = {"name": "f", "willContinue": True}
    more = [{"partialArgs": [{"jsonPath": path, **value}], "willContinue": True} for path, value in pieces]
    for piece in [first, *more, {}]:
        decoder.add(json.dumps({"candidates": [{"content": {"parts": [{"functionCall": piece}]}}]}))
    calls = [part for part in decoder.finish() if isinstance(part, ToolCall)]
    assert [json.loads(call.arguments) for call in calls] == [arguments]
