"""What writes the answers, on a tape: the wires to the model's servers, and the tools of other programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from voicestream.tape.forms import Json, Streams
from voicestream.tape.recorder import Recorder
from voicestream.tape.taped_parts import tape_tools
from voicestream.tape.taped_wire import send_on_tape
from voicestream.thinking.tools import Arguments, Tool
from voicestream.vocabulary import ToolDescription

if TYPE_CHECKING:
    from voicestream.config import Thinking
    from voicestream.model_choice import ConnectedModel


def note_mind(recorder: Recorder, model: ConnectedModel | None, tools: Sequence[Tool]) -> tuple[Tool, ...]:
    """Note which model and tools there are; let the model's wires go onto the tape, and return the tools so."""
    recorder.note("servers", None if model is None else model.describe())
    recorder.note("tools", [_describe(tool) for tool in tools])
    if model is not None:
        model.send_by(lambda client, key: send_on_tape(recorder, client, key))
    return tape_tools(recorder, tools)


def noted_model(tape: Streams, servers: Json, settings: Thinking) -> ConnectedModel | None:
    """Return the model that was noted, answering from the tape; None for the built-in assistant."""
    from voicestream.model_choice import reconnect

    if servers is None or settings.provider == "offline":
        return None
    model = reconnect(servers, settings)
    model.send_by(lambda client, key: send_on_tape(tape, client, key))
    return model


def noted_tools(tape: Streams, tools: Json) -> tuple[Tool, ...]:
    """Return the tools that were noted, answering from the tape."""
    return tape_tools(tape, [_tool_of(each) for each in tools])


def _describe(tool: Tool) -> Json:
    return {
        "description": msgspec.to_builtins(tool.description),
        "has_effects": tool.has_effects,
        "needs_confirmation": tool.needs_confirmation,
        "question": tool.question,
        "timeout": tool.timeout,
    }


def _tool_of(value: Json) -> Tool:
    async def call(arguments: Arguments) -> str:
        raise AssertionError("the tape answers for the tool")

    return Tool(
        msgspec.convert(value["description"], ToolDescription),
        call,
        value["has_effects"],
        value["needs_confirmation"],
        value["question"],
        value["timeout"],
    )
