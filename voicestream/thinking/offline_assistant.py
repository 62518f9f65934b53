"""The assistant that needs no model: understands its phrases, calls the assistant's tools, and speaks their results.

A Model like any other: what it does, it does through tool calls, so that nothing happens before the user's turn is
final, and every display sees it. It keeps no state: all it knows stands in the messages."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Sequence
from fractions import Fraction
from typing import cast

from voicestream.thinking.clock_times import ClockTime
from voicestream.thinking.history import CUT_OFF
from voicestream.thinking.phrase_slots import Conversion, Quantity
from voicestream.thinking.requests import Request, complete, understand
from voicestream.thinking.system_prompt import without_moment
from voicestream.thinking.timer_tools import WHICH_ONE
from voicestream.thinking.units import Unit, convert_units
from voicestream.vocabulary import Delta, Finish, Message, ModelPart, ToolCall, ToolDescription

CAN_DO = (
    "I can tell the time and the date, set timers, alarms and reminders, calculate, convert units, "
    "speak louder, quieter, faster or slower, and repeat what I said."
)
CONNECT_A_MODEL = (
    "For anything else I need a language model: start Ollama on this computer, "
    "or set thinking.base_url in config.yaml to the address of a model server."
)
UNKNOWN = "I can't answer that on my own."
UNKNOWN_AGAIN = "I can't answer that without a language model. Ask me what I can do."

HOW_LONG = "For how long?"
WHEN = "For what time?"

_SAYINGS = {
    "greeting": "Hello! What can I do for you?",
    "ask_health": "I'm fine, thank you. What can I do for you?",
    "thanks": "You're welcome.",
    "agree": "Okay.",
    "decline": "Okay.",
    "goodbye": "Goodbye!",
    "help": f"{CAN_DO} {CONNECT_A_MODEL}",
    "set_timer_for_what": HOW_LONG,
    "set_alarm_for_what": WHEN,
    "introduce": "I'm voicestream, a voice assistant. I work without a language model at the moment. "
    "Ask me what I can do.",
}

PHRASES = (*_SAYINGS.values(), CAN_DO, CONNECT_A_MODEL, UNKNOWN, UNKNOWN_AGAIN)
"""All that it says without a tool."""

_DURATIONS = ("duration", "duration_whole", "more_time")

_WORD = re.compile(r"\s*\S+\s*")


class OfflineAssistant:
    """Answers from a fixed set of phrases."""

    async def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolDescription] = ()
    ) -> AsyncGenerator[ModelPart, None]:
        """Yield the answer word by word, or the calls of tools it needs; a Finish last."""
        if messages and messages[-1].role == "tool":
            for part in _say(_results(messages)):
                yield part
            return
        asked = without_moment(_last(messages, "user"))
        requests = _requests(messages, asked)
        calls: list[ToolCall] = []
        said: list[str] = []
        for request in requests:
            call = _call(request, len(messages) + len(calls))
            if call is None:
                said.append(_answer(request, messages))
            elif any(tool.name == call.name for tool in tools):
                calls.append(call)
            else:
                said.append(UNKNOWN_AGAIN)
        if not requests and asked.strip():
            said.append(_tell_unknown(messages))
        for part in _say(" ".join(filter(None, said)), is_last=not calls):
            yield part
        for call in calls:
            yield call
        if calls:
            yield Finish("tool_calls")


def _requests(messages: Sequence[Message], asked: str) -> tuple[Request, ...]:
    """Return what is asked for; the answer to our own question counts together with what it was about."""
    question = _last(messages, "assistant")
    if question.endswith((HOW_LONG, WHEN, WHICH_ONE)):
        said = [without_moment(message.content) for message in messages if message.role == "user"]
        request = complete(said[-2], asked) if len(said) > 1 else None
        if request is not None:
            return (request,)
    return understand(asked)


def _say(text: str, is_last: bool = True) -> list[ModelPart]:
    parts: list[ModelPart] = [Delta(word) for word in _WORD.findall(text)]
    if parts and not is_last:
        parts.append(Delta(" "))
    return [*parts, Finish()] if is_last else parts


def _last(messages: Sequence[Message], role: str) -> str:
    return next((message.content for message in reversed(messages) if message.role == role), "")


def _results(messages: Sequence[Message]) -> str:
    """Join the results of the calls just made."""
    results: list[str] = []
    for message in reversed(messages):
        if message.role != "tool":
            break
        results.insert(0, message.content)
    return " ".join(results)


def _tell_unknown(messages: Sequence[Message]) -> str:
    was_told = any(CONNECT_A_MODEL in message.content for message in messages if message.role == "assistant")
    return UNKNOWN_AGAIN if was_told else f"{UNKNOWN} {CAN_DO} {CONNECT_A_MODEL}"


def _answer(request: Request, messages: Sequence[Message]) -> str:
    if request.name == "stop":
        return ""
    if request.name == "repeat":
        spoken = (message.content for message in reversed(messages) if message.role == "assistant" and message.content)
        return next(spoken, "I have not said anything yet.").removesuffix(CUT_OFF)
    return _SAYINGS[request.name]


def _call(request: Request, number: int) -> ToolCall | None:
    """Return the call of a tool that does what was asked for, or None where it is only answered."""
    values = dict(request.values)
    match request.name:
        case "tell_time":
            tool, arguments = "get_time", {}
        case "tell_date":
            tool, arguments = "get_date", _named(day=values.get("day"), part=values.get("part_of_date"))
        case "set_timer":
            tool, arguments = "set_timer", {"seconds": _duration(values), **_names(values)}
        case "set_alarm":
            tool, arguments = "set_alarm", {**_clock_time(values), **_names(values)}
        case "list_timers":
            tool, arguments = "list_timers", _named(name=values.get("timer_name"), kind=values.get("kind"))
        case "pause_timers" | "resume_timers" | "cancel_timers" | "extend_timer" | "snooze":
            tool, arguments = "change_timers", _change(request.name.partition("_")[0], values)
        case "calculate":
            tool, arguments = "calculate", {"expression": values["calculation"]}
        case "convert_units":
            tool, arguments = "convert_units", _conversion(values)
        case "louder" | "quieter":
            tool, arguments = "set_volume", {"change": request.name}
        case "tell_volume":
            tool, arguments = "set_volume", {}
        case "set_volume":
            tool, arguments = "set_volume", {"percent": _percent(values)}
        case "slower" | "faster" | "normal_rate":
            tool, arguments = "set_speaking_rate", {"change": request.name.partition("_")[0]}
        case _:
            return None
    return ToolCall(f"offline_{number}", tool, json.dumps(arguments))


def _named(**values: object) -> dict[str, object]:
    return {key: value for key, value in values.items() if value}


def _duration(values: dict[str, object]) -> float:
    return float(cast(Fraction, next(values[name] for name in _DURATIONS if name in values)))


def _names(values: dict[str, object]) -> dict[str, object]:
    return _named(name=values.get("timer_name", values.get("called")), note=_to_listener(str(values.get("note", ""))))


def _to_listener(note: str) -> str:
    """Turn "call my mother" into "call your mother"."""
    turned = {"my": "your", "me": "you", "i": "you", "mine": "yours", "i'm": "you're", "myself": "yourself"}
    return " ".join(turned.get(word, word) for word in note.split())


def _clock_time(values: dict[str, object]) -> dict[str, object]:
    said = cast(ClockTime, values.get("clock_time", values.get("time_said_whole")))
    half = {} if said.half == "exact" else {"half": said.half}
    return {"time": f"{said.hour:02d}:{said.minute:02d}", **half, **_named(day=said.day)}


def _change(action: str, values: dict[str, object]) -> dict[str, object]:
    seconds = _duration(values) if not values.keys().isdisjoint(_DURATIONS) else 0.0
    named_by_length = action in ("cancel", "pause", "resume")
    return {
        "action": action,
        **(_clock_time(values) if "clock_time" in values else {}),
        **_named(
            name=values.get("timer_name", values.get("called", values.get("note"))),
            kind="alarm"
            if "clock_time" in values
            else str(values.get("plural_kind", values.get("kind", ""))).rstrip("s"),
            all="all" in values or "plural_kind" in values,
            length=seconds if named_by_length else 0,
            seconds=0 if named_by_length else seconds,
        ),
    }


def _percent(values: dict[str, object]) -> float:
    percent = cast(Fraction, values.get("percent", values.get("number", Fraction(100))))
    return float(min(max(percent, Fraction(0)), Fraction(100)))


def _conversion(values: dict[str, object]) -> dict[str, object]:
    """Return the arguments of a conversion; "six feet two inches" become inches."""
    said = next((value for value in values.values() if isinstance(value, Conversion)), None)
    parts = said.quantity if said else cast(Quantity, values["quantity"])
    target = said.target if said else cast(Unit, values["unit"])
    source = parts[-1][1]
    amount = sum((convert_units(amount, unit, source) for amount, unit in parts), Fraction(0))
    return {"amount": str(amount), "from_unit": source.plural, "to_unit": target.plural}
