"""A model with its tools: streams the answer, runs the calls in it, feeds the results back, at most so many rounds.

Tools with effects wait until the user's turn is final; those that need it are asked for aloud, and run at the user's
yes in the next turn. Knows no protocol and no particular tool."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from voicestream.parts import Model, WarmableModel
from voicestream.thinking.requests import is_yes
from voicestream.thinking.summary import summarize
from voicestream.thinking.system_prompt import without_moment
from voicestream.thinking.tools import Tool, ToolProblem, read_arguments, run_tools
from voicestream.vocabulary import Delta, Finish, Message, ModelPart, ToolCall, ToolResult, Usage

MOST_ROUNDS = 4
MOST_CALLS = 8
"""In one round; a model that asks for more at once is astray."""
FILLER_AFTER = 0.8
"""Seconds of a running tool after which a word is said."""
FILLER = "One moment. "

_NOT_YET = "Not done yet: the user is being asked for permission first."
_ENOUGH = "Not done: too many tool calls for one answer. Answer now with what is known."


class ToolUser:
    """A model that may use tools, in one conversation."""

    def __init__(
        self,
        model: Model,
        tools: Sequence[Tool],
        *,
        most_rounds: int = MOST_ROUNDS,
        filler: str = FILLER,
        filler_after: float = FILLER_AFTER,
    ) -> None:
        self._model = model
        self._tools = {tool.description.name: tool for tool in tools}
        self._descriptions = tuple(tool.description for tool in tools)
        self._most_rounds = most_rounds
        self._filler = filler
        self._filler_after = filler_after
        self._asked: tuple[ToolCall, ...] = ()

    async def summarize(self, dropped: Sequence[Message], before: str) -> str:
        """Return the model's summary of messages and of the summary `before` them; raise ModelError."""
        return await summarize(self._model, dropped, before)

    async def warm(self, messages: Sequence[Message]) -> None:
        """Let the model read the conversation before the next question, where it can be; never raise."""
        if isinstance(self._model, WarmableModel):
            await self._model.warm(messages, self._descriptions)

    async def answer(self, messages: Sequence[Message], confirmed: asyncio.Event) -> AsyncGenerator[ModelPart, None]:
        """Yield the whole answer with the calls that were run and their results; a Finish last; raise ModelError.

        Nothing with effects happens before `confirmed`. Closing it closes the model's stream and ends running tools.
        """
        conversation = list(messages)
        asked: tuple[ToolCall, ...] = ()
        usage: Usage | None = None
        async with aclosing(self._run(self._permitted(messages), "", confirmed, conversation)) as parts:
            async for part in parts:
                yield part
        for rounds_left in range(self._most_rounds + 1, -1, -1):
            written = _Written()
            async with aclosing(self._model.stream(conversation, self._descriptions)) as parts:
                async for part in parts:
                    if written.add(part):
                        yield part
            usage = _add_usage(usage, written.finish.usage)
            if not written.must_act() or not rounds_left:
                break
            asked = tuple(call for call in written.calls if self._must_ask(call)) if rounds_left > 1 else ()
            refused = asked if rounds_left > 1 else written.calls
            others = [call for call in written.calls if call not in refused]
            for part in _refuse(refused, written.text, _NOT_YET if asked else _ENOUGH, conversation):
                yield part
            async with aclosing(self._run(others, "" if refused else written.text, confirmed, conversation)) as parts:
                async for part in parts:
                    yield part
            if asked:
                yield Delta(_after(written.text, self._question(asked)))
                break
        if asked or self._asked:
            await confirmed.wait()  # an answer that is taken back has neither asked nor been answered
            self._asked = asked
        yield Finish("stop" if written.must_act() else written.finish.reason, usage, written.finish.note)

    def _permitted(self, messages: Sequence[Message]) -> list[ToolCall]:
        """Return the calls that were asked for in the last answer, if the user said yes."""
        if not self._asked or not is_yes(_last_said(messages)):
            return []
        return [ToolCall(f"{call.id}_permitted", call.name, call.arguments) for call in self._asked]

    async def _run(
        self, calls: Sequence[ToolCall], text: str, confirmed: asyncio.Event, conversation: list[Message]
    ) -> AsyncGenerator[ModelPart, None]:
        """Run `calls`, say a word if that takes long, and add all to the conversation."""
        if not calls:
            return
        for call in calls:
            yield call
        task = asyncio.ensure_future(run_tools(calls, self._tools, confirmed))
        gate = asyncio.ensure_future(confirmed.wait())
        try:
            await asyncio.wait([task, gate], return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait([task], timeout=self._filler_after)
            if not task.done() and not text.strip():
                yield Delta(self._filler, is_filler=True)
            results = await task
        finally:
            task.cancel()
            gate.cancel()
            await asyncio.wait([task, gate])
        for result in results:
            yield result
        conversation += as_messages(text, calls, results)

    def _must_ask(self, call: ToolCall) -> bool:
        tool = self._tools.get(call.name)
        if tool is None or not tool.needs_confirmation:
            return False
        try:
            read_arguments(call, tool)
        except ToolProblem:  # it will not run, so there is nothing to ask
            return False
        return True

    def _question(self, calls: Sequence[ToolCall]) -> str:
        return " ".join(ask_permission(call, self._tools) for call in calls)


@dataclass(slots=True)
class _Written:
    """What the model wrote in one round."""

    text: str = ""
    calls: list[ToolCall] = field(default_factory=list)
    finish: Finish = field(default_factory=lambda: Finish("length"))  # until it comes, the calls may not be whole

    def add(self, part: ModelPart) -> bool:
        """Take a part; return whether it is to be handed on at once."""
        match part:
            case ToolCall():
                if len(self.calls) < MOST_CALLS:
                    self.calls.append(part)
                return False
            case Finish():
                self.finish = part
                return False
            case Delta():
                self.text += part.text
        return True

    def must_act(self) -> bool:
        """Return whether calls are to be run; those of an answer that was cut off may be cut off themselves."""
        return bool(self.calls) and self.finish.reason in ("tool_calls", "stop")


def ask_permission(call: ToolCall, tools: Mapping[str, Tool]) -> str:
    """Return the question that the user is asked before `call` runs; it names what will really be done."""
    tool = tools[call.name]
    if tool.question:
        return tool.question
    arguments = read_arguments(call, tool)
    details = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in arguments.items())
    question = f"{call.name.replace('_', ' ')}{', with ' if details else ''}{details}"
    return f"Shall I do this: {question[:200]}?"


def as_messages(text: str, calls: Sequence[ToolCall], results: Sequence[ToolResult]) -> list[Message]:
    """Return one round of tool use as the messages that a model expects."""
    return [
        Message("assistant", text, tuple(calls)),
        *(Message("tool", result.text, tool_call_id=result.call.id) for result in results),
    ]


def _refuse(calls: Sequence[ToolCall], text: str, reason: str, conversation: list[Message]) -> list[ModelPart]:
    """Answer `calls` with a reason instead of running them."""
    results = [ToolResult(call, reason, is_error=True) for call in calls]
    if calls:
        conversation += as_messages(text, calls, results)
    return [*calls, *results]


def _last_said(messages: Sequence[Message]) -> str:
    return without_moment(next((entry.content for entry in reversed(messages) if entry.role == "user"), ""))


def _add_usage(before: Usage | None, more: Usage | None) -> Usage | None:
    if before is None or more is None:
        return before or more
    return Usage(
        before.input_tokens + more.input_tokens,
        before.output_tokens + more.output_tokens,
        before.cached_tokens + more.cached_tokens,
    )


def _after(text: str, sentence: str) -> str:
    return sentence if not text or text[-1].isspace() else f" {sentence}"
