"""The table of events for the README, made from the classes: `python -m voicestream.displays.event_table`."""

from __future__ import annotations

import ast
import inspect
import sys

from voicestream import events


def event_table() -> str:
    """Return the events and their fields as a Markdown table."""
    rows = ["| event | meaning | fields |", "| --- | --- | --- |"]
    tree = ast.parse(inspect.getsource(events))
    for item in tree.body:
        if isinstance(item, ast.ClassDef) and item.name != "Event" and (name := _name(item)):
            fields = "; ".join(f"`{field}`: {text}" for field, text in _fields(item)) or "none"
            rows.append(f"| `{name}` | {(ast.get_docstring(item) or '').split(chr(10))[0]} | {fields} |")
    return "\n".join(rows) + "\n"


def _name(item: ast.ClassDef) -> str:
    for line in item.body:
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.target.id == "name":
            return str(line.value.value) if isinstance(line.value, ast.Constant) else ""
    return ""


def _fields(item: ast.ClassDef) -> list[tuple[str, str]]:
    """Return each field with the text that stands under it."""
    found = []
    for line, below in zip(item.body, item.body[1:], strict=False):
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and isinstance(below, ast.Expr):
            found.append((line.target.id, ast.literal_eval(below.value)))
    return found


if __name__ == "__main__":
    sys.stdout.write(event_table())
