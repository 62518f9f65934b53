"""Whether JSON fits its schema: the part of JSON Schema that tool definitions use (type, properties, required, enum,
const, bounds, lengths, items, anyOf, oneOf, allOf, additionalProperties, local $ref). Other keywords are not judged."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any  # Any: JSON

_DEEPEST = 40
_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "number": (int, float),
    "integer": (int, float),
    "null": (type(None),),
}

_BOUNDS: dict[str, tuple[str, Callable[[float, float], bool]]] = {
    "minimum": ("at least", operator.ge),
    "maximum": ("at most", operator.le),
    "exclusiveMinimum": ("more than", operator.gt),
    "exclusiveMaximum": ("less than", operator.lt),
}


def find_fault(value: Any, schema: Mapping[str, Any]) -> str:
    """Return why `value` does not fit `schema`, in words, or an empty text where it does."""
    return _find_fault(value, schema, schema, "it", 0)


def _find_fault(value: Any, schema: Any, root: Mapping[str, Any], place: str, depth: int) -> str:
    if schema is False:
        return f"{place} is not allowed"
    if not isinstance(schema, Mapping):
        return ""
    if depth > _DEEPEST:
        return f"{place} is nested too deep"
    if "$ref" in schema:
        return _find_fault(value, _resolve(str(schema["$ref"]), root), root, place, depth + 1)
    return (
        _find_type_fault(value, schema, place)
        or _find_bound_fault(value, schema, place)
        or _find_inner_fault(value, schema, root, place, depth)
        or _find_choice_fault(value, schema, root, place, depth)
    )


def _resolve(reference: str, root: Mapping[str, Any]) -> Any:
    node: Any = root
    for key in reference.removeprefix("#").strip("/").split("/"):
        if key:
            node = node.get(key.replace("~1", "/").replace("~0", "~")) if isinstance(node, Mapping) else None
    return node


def _find_type_fault(value: Any, schema: Mapping[str, Any], place: str) -> str:
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    if kinds and not any(_is_kind(value, kind) for kind in kinds):
        return f"{place} must be {' or '.join(kinds)}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{place} must be one of {', '.join(map(str, schema['enum']))}"
    if "const" in schema and value != schema["const"]:
        return f"{place} must be {schema['const']}"
    return ""


def _is_kind(value: Any, kind: str) -> bool:
    if isinstance(value, bool):  # which Python counts as a whole number
        return kind == "boolean"
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES.get(kind, (object,)))


def _find_bound_fault(value: Any, schema: Mapping[str, Any], place: str) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if value != value or value in (float("inf"), float("-inf")):
            return f"{place} must be a finite number"
        for keyword, (sign, holds) in _BOUNDS.items():
            bound = schema.get(keyword)
            if isinstance(bound, (int, float)) and not holds(value, bound):
                return f"{place} must be {sign} {bound}"
    if isinstance(value, (str, list)):
        counted = ("minLength", "maxLength") if isinstance(value, str) else ("minItems", "maxItems")
        if len(value) < schema.get(counted[0], 0):
            return f"{place} is too short"
        if len(value) > schema.get(counted[1], len(value)):
            return f"{place} is too long"
    return ""


def _find_inner_fault(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], place: str, depth: int) -> str:
    if isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            fault = _find_fault(item, schema["items"], root, f"{place}[{index}]", depth + 1)
            if fault:
                return fault
    if not isinstance(value, dict):
        return ""
    prefix = "" if place == "it" else f"{place}."
    properties = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            return f"{prefix}{name} is missing"
    for name, item in value.items():
        inner = properties[name] if name in properties else schema.get("additionalProperties", True)
        fault = _find_fault(item, inner, root, f"{prefix}{name}", depth + 1)
        if fault:
            return fault
    return ""


def _find_choice_fault(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], place: str, depth: int) -> str:
    for inner in schema.get("allOf", ()):
        fault = _find_fault(value, inner, root, place, depth + 1)
        if fault:
            return fault
    for keyword in ("anyOf", "oneOf"):
        options = schema.get(keyword, ())
        faults = [_find_fault(value, option, root, place, depth + 1) for option in options]
        if options and all(faults):
            return faults[0]
    return ""
