"""Arguments against their schema."""

from __future__ import annotations

from typing import Any

import pytest

from voicestream.thinking.schemas import find_fault

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 5},
        "age": {"type": "integer", "minimum": 0, "exclusiveMaximum": 150},
        "kind": {"enum": ["a", "b"]},
        "tags": {"type": "array", "items": {"$ref": "#/$defs/tag"}, "maxItems": 2},
        "at": {"anyOf": [{"type": "null"}, {"type": "number"}]},
    },
    "required": ["name"],
    "additionalProperties": False,
    "$defs": {"tag": {"type": "string"}},
}


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ({"name": "Ada", "age": 3, "kind": "a", "tags": ["x"], "at": None}, ""),
        ({"name": "Ada", "age": 3.0, "at": 1.5}, ""),
        ({}, "name is missing"),
        ({"name": 3}, "name must be string"),
        ({"name": ""}, "name is too short"),
        ({"name": "Augusta"}, "name is too long"),
        ({"name": "A", "age": 3.5}, "age must be integer"),
        ({"name": "A", "age": True}, "age must be integer"),
        ({"name": "A", "age": -1}, "age must be at least 0"),
        ({"name": "A", "age": 150}, "age must be less than 150"),
        ({"name": "A", "age": float("nan")}, "age must be integer"),
        ({"name": "A", "kind": "c"}, "kind must be one of a, b"),
        ({"name": "A", "tags": ["x", 3]}, "tags[1] must be string"),
        ({"name": "A", "tags": ["x"] * 3}, "tags is too long"),
        ({"name": "A", "at": "noon"}, "at must be null"),
        ({"name": "A", "other": 1}, "other is not allowed"),
        ([], "it must be object"),
    ],
)
def test_a_fault_is_named(value: Any, fault: str) -> None:
    assert find_fault(value, PERSON) == fault


def test_a_schema_that_turns_in_circles_ends() -> None:
    circle = {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}
    assert find_fault(1, circle) == "it is nested too deep"


def test_infinity_is_no_number() -> None:
    assert find_fault(float("inf"), {"type": "number"}) == "it must be a finite number"


def test_no_schema_allows_everything() -> None:
    assert find_fault({"a": 1}, {}) == ""
