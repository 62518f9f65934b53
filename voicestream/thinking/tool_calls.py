"""Joins the fragments of tool calls, in all the ways in which servers cut them."""

from __future__ import annotations

import json
from typing import Any

from voicestream.errors import ModelError
from voicestream.vocabulary import ToolCall

MAX_ARGUMENT_CHARACTERS = 256 * 1024


class ToolCalls:
    """Collects calls by index; without one, a new id or a new name begins the next call."""

    def __init__(self) -> None:
        self.fragments = 0
        """Pieces taken so far: they are progress, although nothing is shown of them yet."""
        self._calls: dict[object, _Call] = {}
        self._last: _Call | None = None
        self._size = 0

    def add(self, index: object, id: object, name: object, arguments: object) -> None:
        """Take a fragment; each part may be missing, empty, null or repeated, and arguments may be an object."""
        self.fragments += 1
        call = self._find(index, id, name)
        self._last = call
        # names and ids are kept and never joined: Kimi's gateway repeats them in every fragment
        call.id = call.id or (id if isinstance(id, str) else "")
        call.name = call.name or (name if isinstance(name, str) else "")
        if isinstance(arguments, dict):
            arguments = json.dumps(arguments, ensure_ascii=False)
        if isinstance(arguments, str) and arguments:
            self._size += len(arguments)
            if self._size > MAX_ARGUMENT_CHARACTERS:
                raise ModelError("the arguments of a tool call are longer than 256 kB", "protocol")
            call.arguments.append(arguments)

    def replace_arguments(self, index: object, arguments: str) -> None:
        """Take the arguments whole, where a server sends them once more at the end."""
        if isinstance(index, (int, str)) and index in self._calls and arguments:
            self._calls[index].arguments = [arguments]

    def whole(self) -> list[ToolCall]:
        """Return the calls that are fit to run: named, and with an object of JSON for arguments."""
        return [
            ToolCall(call.id, call.name, text)
            for call in self._calls.values()
            if call.name and _is_object(text := "".join(call.arguments).strip() or "{}")
        ]

    def _find(self, index: object, id: object, name: object) -> _Call:
        if not isinstance(index, (int, str)):
            last = self._last
            is_new = (
                last is None or bool(id and last.id and id != last.id) or bool(name and not id and last.name != name)
            )
            index = len(self._calls) if is_new or last is None else last.key
        return self._calls.setdefault(index, _Call(index))


class _Call:
    def __init__(self, key: object) -> None:
        self.key = key
        self.id = ""
        self.name = ""
        self.arguments: list[str] = []


def _is_object(text: str) -> bool:
    try:
        value: Any = json.loads(text)
    except ValueError:
        return False
    return isinstance(value, dict)
