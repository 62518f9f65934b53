"""What a model is told of the conversation so far: bounded in tokens, made of whole turns, and only of what was heard.

Servers keep the beginning of a request in their cache, so the history changes at its end only, and when it grows too
long it is cut rarely and by a lot. Pure: knows no file, no server, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from voicestream.vocabulary import Delta, Message, ModelPart, ToolCall, ToolResult

FULL = 0.8
"""Share of the limit at which turns are dropped."""
KEPT = 0.5
"""Share of the limit that is left then."""

CUT_OFF = " …"
"""Stands where an answer was interrupted; the system prompt says so."""
NO_RESULT = "Interrupted before there was a result; it may or may not have been done."

_MESSAGE_TOKENS = 5
"""Of what every protocol writes around a message."""


def estimate_tokens(text: str) -> int:
    """Return about how many tokens `text` has, rather too many than too few.

    Latin script has about four characters a token, other scripts between one and two (tokenizers of GPT-4o, Llama 3).
    """
    plain = sum(sign.isascii() for sign in text)
    return (plain + 3) // 4 + (len(text) - plain)


def count_tokens(messages: Sequence[Message]) -> int:
    """Return about how many tokens `messages` have."""
    return sum(
        _MESSAGE_TOKENS
        + estimate_tokens(message.content)
        + sum(_MESSAGE_TOKENS + estimate_tokens(call.name + call.arguments) for call in message.tool_calls)
        for message in messages
    )


class AnswerRecord:
    """What happened while one question was answered, in its order."""

    def __init__(self) -> None:
        self._parts: list[Delta | ToolCall | ToolResult] = []

    def add(self, part: ModelPart) -> None:
        """Take the next part of the answer; thoughts and the finish are not kept."""
        if isinstance(part, (Delta, ToolCall, ToolResult)):
            self._parts.append(part)

    def text(self) -> str:
        """Return all that was written to be spoken, fillers included."""
        return "".join(part.text for part in self._parts if isinstance(part, Delta))

    def messages(self, heard: int | None = None) -> tuple[Message, ...]:
        """Return the messages to remember: the first `heard` characters of `text`, all of it where None.

        Tools that were called stay, whether their result was heard or not: what was done was done.
        """
        is_cut = heard is not None and heard < len(self.text())
        room = len(self.text()) if heard is None else heard
        kept: list[Message] = []
        for written, calls, results in self._rounds():
            text = ""
            for delta in written:
                text += "" if delta.is_filler else delta.text[: max(room, 0)]
                room -= len(delta.text)
            if calls:
                kept.append(Message("assistant", text, tuple(calls)))
                kept += [_result_of(call, results) for call in calls]
            elif text.strip():
                kept.append(Message("assistant", text))
        if is_cut and kept and kept[-1].role == "assistant":
            kept[-1] = replace(kept[-1], content=kept[-1].content.rstrip() + CUT_OFF, is_interrupted=True)
        return tuple(kept)

    def _rounds(self) -> list[tuple[list[Delta], list[ToolCall], list[ToolResult]]]:
        """Return text, calls and results, parted where text follows a call."""
        rounds: list[tuple[list[Delta], list[ToolCall], list[ToolResult]]] = [([], [], [])]
        for part in self._parts:
            written, calls, results = rounds[-1]
            match part:
                case Delta() if calls and not part.is_filler:
                    rounds.append(([part], [], []))
                case Delta():
                    written.append(part)
                case ToolCall() if results:
                    rounds.append(([], [part], []))
                case ToolCall():
                    calls.append(part)
                case ToolResult():
                    results.append(part)
        return rounds


def _result_of(call: ToolCall, results: Sequence[ToolResult]) -> Message:
    text = next((result.text for result in results if result.call.id == call.id), NO_RESULT)
    return Message("tool", text, tool_call_id=call.id)


@dataclass(frozen=True, slots=True)
class Trimmed:
    """Messages without their oldest turns."""

    kept: tuple[Message, ...]
    dropped: tuple[Message, ...]


def drop_oldest_turns(messages: Sequence[Message], most_tokens: int) -> Trimmed:
    """Drop the oldest whole turns until at most `most_tokens` are left; the system's messages and the last turn stay.

    A turn goes from a user's message to the next, so that no tool call is ever parted from its result.
    """
    leading = [message for message in messages if message.role == "system"]
    turns = split_turns([message for message in messages if message.role != "system"])
    dropped: list[Message] = []
    tokens = count_tokens(messages)
    while len(turns) > 1 and tokens > most_tokens:
        oldest = turns.pop(0)
        dropped += oldest
        tokens -= count_tokens(oldest)
    return Trimmed((*leading, *(message for turn in turns for message in turn)), tuple(dropped))


def split_turns(messages: Sequence[Message]) -> list[list[Message]]:
    """Return `messages` parted before each message of the user."""
    turns: list[list[Message]] = []
    for message in messages:
        if message.role == "user" or not turns:
            turns.append([])
        turns[-1].append(message)
    return turns


class History:
    """The conversation, as the model is to know it."""

    def __init__(self, system_prompt: str, most_tokens: int, earlier: Sequence[Message] = ()) -> None:
        self._system = Message("system", system_prompt)
        self._summary = ""
        self._most_tokens = most_tokens
        self._messages = [message for message in earlier if message.role != "system"]

    def messages(self) -> tuple[Message, ...]:
        """Return all messages, the system prompt first."""
        return (self._system, *self._recalled(), *self._messages)

    def add_user(self, text: str) -> None:
        """Add what the user said. Two in a row become one message, as some servers allow no other."""
        if self._messages and self._messages[-1].role == "user":
            text = f"{self._messages.pop().content}\n{text}"
        self._messages.append(Message("user", text))

    def add_answer(self, messages: Sequence[Message]) -> None:
        """Add what AnswerRecord kept of the answer; nothing where nothing was heard."""
        self._messages += messages

    def trim(self) -> tuple[Message, ...]:
        """Drop the oldest turns if the history has grown too long; return them, for a summary."""
        if count_tokens(self.messages()) <= self._most_tokens * FULL:
            return ()
        return self._drop(round(self._most_tokens * KEPT))

    def shrink(self) -> tuple[Message, ...]:
        """Drop the older half, because the server says that it is too much; return what was dropped."""
        return self._drop(count_tokens(self.messages()) // 2)

    def summarize(self, summary: str) -> None:
        """Let `summary` stand for all that was dropped so far."""
        self._summary = summary.strip()

    def summary(self) -> str:
        """Return what stands for the dropped turns."""
        return self._summary

    def _drop(self, most_tokens: int) -> tuple[Message, ...]:
        fixed = count_tokens([self._system, *self._recalled()])
        trimmed = drop_oldest_turns(self._messages, max(most_tokens - fixed, 0))
        self._messages = list(trimmed.kept)
        return trimmed.dropped

    def _recalled(self) -> tuple[Message, ...]:
        if not self._summary:
            return ()
        return (Message("system", f"Earlier in this conversation: {self._summary}"),)
