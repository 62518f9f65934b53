"""What a tool is, and the running of tools that a model called: checked, in parallel, within their time.

One definition serves the offline assistant and every protocol. Knows no tool, no protocol and no conversation."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from voicestream.thinking.schemas import find_fault
from voicestream.vocabulary import ToolCall, ToolDescription, ToolResult

Arguments = Mapping[str, Any]  # Any: JSON, checked against the tool's schema before it gets here

LONGEST_RESULT = 6000
"""Characters of a result that go back to the model."""


class ToolProblem(Exception):
    """A tool cannot do what was asked; the message is a sentence that the model, or the user, may hear."""


@dataclass(frozen=True, slots=True)
class Tool:
    """Something the assistant can do."""

    description: ToolDescription
    call: Callable[[Arguments], Awaitable[str]]
    """Does it and returns what came of it, as a sentence; raises ToolProblem."""
    has_effects: bool = False
    """Whether it changes anything: such a tool never runs before the user's turn is final."""
    needs_confirmation: bool = False
    """Whether the user is asked aloud before."""
    question: str = ""
    """What the user is asked; empty: made from the tool's name and arguments."""
    timeout: float = 20.0
    """Seconds."""


def require_confirmation(tools: Sequence[Tool], names: Collection[str]) -> tuple[Tool, ...]:
    """Return `tools`, of which those called `names` ask the user before they run."""
    return tuple(replace(tool, needs_confirmation=True) if tool.description.name in names else tool for tool in tools)


async def run_tools(calls: Sequence[ToolCall], tools: Mapping[str, Tool], confirmed: asyncio.Event) -> list[ToolResult]:
    """Run `calls` at the same time, those with effects once `confirmed` is set; return their results in order.

    Whatever fails is a result too. Cancelling ends all that run.
    """
    tasks = [asyncio.ensure_future(run_tool(call, tools.get(call.name), confirmed)) for call in calls]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


async def run_tool(call: ToolCall, tool: Tool | None, confirmed: asyncio.Event) -> ToolResult:
    """Run one call; unknown tools, arguments that do not fit, errors and lateness become a result."""
    if tool is None:
        return _failed(call, f"There is no tool called {call.name}.")
    if tool.has_effects:
        await confirmed.wait()
    started = asyncio.get_running_loop().time()
    try:
        arguments = read_arguments(call, tool)
        async with asyncio.timeout(tool.timeout):
            text = await tool.call(arguments)
    except ToolProblem as problem:
        return _failed(call, str(problem))
    except TimeoutError:
        return _failed(call, f"The tool {call.name} gave no result within {tool.timeout:g} seconds.")
    except Exception as error:  # a tool ends here: its bug costs one result, and the model is told
        return _failed(call, f"The tool {call.name} failed: {type(error).__name__}.")
    return ToolResult(call, clean_result(text), seconds=asyncio.get_running_loop().time() - started)


def read_arguments(call: ToolCall, tool: Tool) -> Arguments:
    """Return the arguments of `call`; raise ToolProblem where they are no JSON object that fits the tool's schema."""
    try:
        arguments = json.loads(call.arguments or "{}")
    except ValueError:
        raise ToolProblem(f"The arguments of {call.name} are not JSON. Call it again.") from None
    if not isinstance(arguments, dict):
        raise ToolProblem(f"The arguments of {call.name} must be a JSON object.")
    fault = find_fault(arguments, tool.description.parameters)
    if fault:
        raise ToolProblem(f"The arguments of {call.name} do not fit: {fault}.")
    return arguments


def clean_result(text: str) -> str:
    """Return `text` without control characters and no longer than a model should read."""
    text = "".join(sign for sign in text if sign in "\n\t" or sign.isprintable())
    if len(text) > LONGEST_RESULT:
        return f"{text[:LONGEST_RESULT]} … ({len(text) - LONGEST_RESULT} more characters left out)"
    return text


def _failed(call: ToolCall, message: str) -> ToolResult:
    return ToolResult(call, clean_result(message), is_error=True)
