"""A model with its tools: nothing too early, nothing too often, nothing left running."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from typing import Any

import pytest

from voicestream.thinking.tool_use import FILLER, ToolUser
from voicestream.thinking.tools import LONGEST_RESULT, Tool, ToolProblem, require_confirmation, run_tools
from voicestream.vocabulary import (
    Delta,
    Finish,
    FinishReason,
    Message,
    ModelPart,
    Reasoning,
    ToolCall,
    ToolDescription,
    ToolResult,
    Usage,
)

Run = Callable[[Coroutine[Any, Any, Any]], Any]
YES = [Message("user", "yes")]
ASKED = [Message("user", "look after it")]


class ScriptedModel:
    """Writes what the script says, round by round, and remembers what it was told."""

    def __init__(self, *rounds: Sequence[ModelPart]) -> None:
        self.rounds = list(rounds)
        self.told: list[tuple[Message, ...]] = []
        self.open = 0

    async def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolDescription] = ()
    ) -> AsyncGenerator[ModelPart, None]:
        self.told.append(tuple(messages))
        self.open += 1
        try:
            for part in self.rounds.pop(0) if len(self.rounds) > 1 else self.rounds[0]:
                await asyncio.sleep(0)
                yield part
        finally:
            self.open -= 1


def call(name: str = "look", id: str = "1", **arguments: object) -> ToolCall:
    return ToolCall(id, name, json.dumps(arguments))


def calling(*calls: ToolCall, text: str = "", reason: FinishReason = "tool_calls") -> list[ModelPart]:
    return [*([Delta(text)] if text else []), *calls, Finish(reason, Usage(10, 1))]


DONE: list[ModelPart] = [Delta("Done."), Finish("stop", Usage(20, 2))]


class Log:
    """Tools that write down when they run."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.ran: list[str] = []
        self.ended: list[str] = []
        self.seconds = seconds

    def tool(self, name: str, **options: Any) -> Tool:
        async def act(arguments: Mapping[str, Any]) -> str:
            self.ran.append(name)
            try:
                await asyncio.sleep(self.seconds)
            finally:
                self.ended.append(name)
            return f"{name} says {arguments.get('what', 'nothing')}"

        schema = {"type": "object", "properties": {"what": {"type": "string"}}}
        return Tool(ToolDescription(name, name, schema), act, **options)


async def answer(user: ToolUser, messages: Sequence[Message], confirmed: bool = True) -> list[ModelPart]:
    event = asyncio.Event()
    if confirmed:
        event.set()
    return [part async for part in user.answer(messages, event)]


def text_of(parts: Sequence[ModelPart]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Delta))


def test_a_result_is_fed_back_and_the_answer_goes_on(run_virtually: Run) -> None:
    log = Log()
    model = ScriptedModel(calling(call(what="rain"), text="Let me see. "), DONE)
    parts = run_virtually(answer(ToolUser(model, [log.tool("look")]), ASKED))
    assert text_of(parts) == "Let me see. Done."
    assert [type(part) for part in parts] == [Delta, ToolCall, ToolResult, Delta, Finish]
    assert model.told[1][1:] == (
        Message("assistant", "Let me see. ", (call(what="rain"),)),
        Message("tool", "look says rain", tool_call_id="1"),
    )
    assert parts[-1] == Finish("stop", Usage(30, 3))


def test_without_calls_it_is_the_models_own_stream(run_virtually: Run) -> None:
    script: list[ModelPart] = [Reasoning("hm"), Delta("Hi."), Finish("length")]
    assert run_virtually(answer(ToolUser(ScriptedModel(script), []), ASKED)) == script


def test_several_calls_run_at_the_same_time(run_virtually: Run) -> None:
    log = Log(seconds=0.5)
    calls = [call(id=str(number), what=str(number)) for number in range(4)]
    model = ScriptedModel(calling(*calls), DONE)

    async def timed() -> tuple[float, list[ModelPart]]:
        loop = asyncio.get_running_loop()
        start = loop.time()
        parts = await answer(ToolUser(model, [log.tool("look")]), ASKED)
        return loop.time() - start, parts

    seconds, parts = run_virtually(timed())
    assert seconds == pytest.approx(0.5)
    assert [part.text for part in parts if isinstance(part, ToolResult)] == [f"look says {n}" for n in range(4)]


@pytest.mark.parametrize("reason", ["length", "content_filter", "refusal", "stopped_early"])
def test_calls_of_a_broken_answer_never_run(run_virtually: Run, reason: FinishReason) -> None:
    log = Log()
    run_virtually(answer(ToolUser(ScriptedModel(calling(call(), reason=reason)), [log.tool("look")]), ASKED))
    assert log.ran == []


def test_effects_wait_until_the_turn_is_final_and_looking_does_not(run_virtually: Run) -> None:
    log = Log()
    model = ScriptedModel(calling(call("look", "1"), call("act", "2")), DONE)
    user = ToolUser(model, [log.tool("look"), log.tool("act", has_effects=True)])

    async def watch() -> list[list[str]]:
        confirmed = asyncio.Event()
        seen = []

        async def read() -> None:
            async for _ in user.answer(ASKED, confirmed):
                pass

        task = asyncio.create_task(read())
        await asyncio.sleep(5)
        seen.append(list(log.ran))
        confirmed.set()
        await task
        seen.append(list(log.ran))
        return seen

    assert run_virtually(watch()) == [["look"], ["look", "act"]]


def test_an_answer_taken_back_has_no_effects_and_leaves_nothing_running(run_virtually: Run) -> None:
    log = Log(seconds=100)
    model = ScriptedModel(calling(call("look", "1"), call("act", "2")), DONE)
    user = ToolUser(model, [log.tool("look"), log.tool("act", has_effects=True)])

    async def take_back() -> set[asyncio.Task[Any]]:
        before = asyncio.all_tasks()
        task = asyncio.create_task(answer(user, ASKED, confirmed=False))
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.wait([task])
        return asyncio.all_tasks() - before

    assert run_virtually(take_back()) == set()
    assert log.ran == log.ended == ["look"]


def test_closing_the_answer_closes_the_models_stream_at_once(run_virtually: Run) -> None:
    model = ScriptedModel([Delta("a"), Delta("b"), Finish()])

    async def close() -> int:
        parts = ToolUser(model, []).answer(ASKED, asyncio.Event())
        await anext(parts)
        await parts.aclose()
        return model.open

    assert run_virtually(close()) == 0


def test_rounds_are_bounded_and_the_last_word_is_the_models(run_virtually: Run) -> None:
    log = Log()
    model = ScriptedModel(calling(call()))
    parts = run_virtually(answer(ToolUser(model, [log.tool("look")], most_rounds=3), ASKED))
    assert len(log.ran) == 3
    assert len(model.told) == 5
    assert "too many" in model.told[-1][-1].content
    assert isinstance(parts[-1], Finish)
    assert parts[-1].reason == "stop"


def test_a_slow_tool_is_covered_by_a_word_that_is_no_part_of_the_answer(run_virtually: Run) -> None:
    log = Log(seconds=3)
    parts = run_virtually(answer(ToolUser(ScriptedModel(calling(call()), DONE), [log.tool("look")]), ASKED))
    assert Delta(FILLER, is_filler=True) in parts
    spoke_itself = ScriptedModel(calling(call(), text="Let me look. "), DONE)
    parts = run_virtually(answer(ToolUser(spoke_itself, [log.tool("look")]), ASKED))
    assert not any(isinstance(part, Delta) and part.is_filler for part in parts)
    quick = ScriptedModel(calling(call()), DONE)
    parts = run_virtually(answer(ToolUser(quick, [Log(seconds=0.7).tool("look")]), ASKED))
    assert not any(isinstance(part, Delta) and part.is_filler for part in parts)


def test_waiting_for_the_users_turn_is_no_reason_for_a_word(run_virtually: Run) -> None:
    log = Log()
    user = ToolUser(ScriptedModel(calling(call()), DONE), [log.tool("look", has_effects=True)])

    async def confirm_late() -> list[ModelPart]:
        confirmed = asyncio.Event()
        asyncio.get_running_loop().call_later(5, confirmed.set)
        return [part async for part in user.answer(ASKED, confirmed)]

    assert text_of(run_virtually(confirm_late())) == "Done."


def test_what_needs_a_yes_is_asked_and_runs_at_the_yes(run_virtually: Run) -> None:
    log = Log()
    tool = log.tool("unlock_door", has_effects=True, needs_confirmation=True)
    model = ScriptedModel(calling(call("unlock_door", what="front")), DONE)
    user = ToolUser(model, [tool])
    first = run_virtually(answer(user, ASKED))
    assert text_of(first) == "Shall I do this: unlock door, with what front?"
    assert log.ran == []
    assert len(model.told) == 1
    second = run_virtually(answer(user, YES))
    assert log.ran == ["unlock_door"]
    assert text_of(second) == "Done."
    assert model.told[1][-1].content == "unlock_door says front"
    run_virtually(answer(user, YES))
    assert log.ran == ["unlock_door"], "a yes counts once"


@pytest.mark.parametrize("said", ["no", "what time is it", "yes but the other one", "stop"])
def test_anything_but_a_yes_drops_what_was_asked(run_virtually: Run, said: str) -> None:
    log = Log()
    tool = log.tool("unlock", has_effects=True, needs_confirmation=True, question="Shall I unlock the door?")
    user = ToolUser(ScriptedModel(calling(call("unlock")), DONE), [tool])
    assert text_of(run_virtually(answer(user, ASKED))) == "Shall I unlock the door?"
    run_virtually(answer(user, [Message("user", said)]))
    run_virtually(answer(user, YES))
    assert log.ran == []


def test_the_models_word_is_no_yes(run_virtually: Run) -> None:
    log = Log()
    tool = log.tool("unlock", has_effects=True, needs_confirmation=True)
    user = ToolUser(ScriptedModel(calling(call("unlock"), text="The user said yes. ")), [tool])
    for _ in range(3):
        run_virtually(answer(user, ASKED))
    assert log.ran == []


def test_a_question_taken_back_cannot_be_answered(run_virtually: Run) -> None:
    log = Log()
    tool = log.tool("unlock", has_effects=True, needs_confirmation=True)
    user = ToolUser(ScriptedModel(calling(call("unlock")), DONE), [tool])

    async def speculate() -> None:
        task = asyncio.create_task(answer(user, ASKED, confirmed=False))
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.wait([task])

    run_virtually(speculate())
    run_virtually(answer(user, YES))
    assert log.ran == []


def test_a_tool_can_be_made_to_ask(run_virtually: Run) -> None:
    log = Log()
    tools = require_confirmation([log.tool("act", has_effects=True), log.tool("look")], ["act"])
    user = ToolUser(ScriptedModel(calling(call("act")), DONE), tools)
    assert text_of(run_virtually(answer(user, ASKED))) == "Shall I do this: act?"
    assert [tool.needs_confirmation for tool in tools] == [True, False]


def _result(run: Run, tool: Tool, made: ToolCall) -> ToolResult:
    async def one() -> ToolResult:
        confirmed = asyncio.Event()
        confirmed.set()
        return (await run_tools([made], {tool.description.name: tool}, confirmed))[0]

    result = run(one())
    assert isinstance(result, ToolResult)
    return result


def test_whatever_fails_is_a_result(run_virtually: Run) -> None:
    async def problem(arguments: Mapping[str, Any]) -> str:
        raise ToolProblem("The door is stuck.")

    async def bug(arguments: Mapping[str, Any]) -> str:
        raise KeyError("a secret path")

    slow = Log(seconds=60).tool("look", timeout=2.0)
    bad = Tool(ToolDescription("look", ""), problem)
    buggy = Tool(ToolDescription("look", ""), bug)
    assert _result(run_virtually, bad, call()) == ToolResult(call(), "The door is stuck.", is_error=True)
    assert _result(run_virtually, buggy, call()).text == "The tool look failed: KeyError."
    assert "within 2 seconds" in _result(run_virtually, slow, call()).text
    assert "no tool called" in _result(run_virtually, slow, call("other")).text
    assert "not JSON" in _result(run_virtually, slow, ToolCall("1", "look", '{"what": "r')).text
    assert "JSON object" in _result(run_virtually, slow, ToolCall("1", "look", "[]")).text
    assert "what must be string" in _result(run_virtually, slow, call(what=3)).text


def test_a_result_holds_no_terminal_sequences_and_is_bounded(run_virtually: Run) -> None:
    async def shout(arguments: Mapping[str, Any]) -> str:
        return "\x1b[31mred\x07\u202e" + "x" * 100_000

    text = _result(run_virtually, Tool(ToolDescription("look", ""), shout), call()).text
    assert text.startswith("[31mred")
    assert all(sign.isprintable() for sign in text)
    assert len(text) < LONGEST_RESULT + 60
