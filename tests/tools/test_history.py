"""What is remembered: only what was heard, whole turns, never a call without its result."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Sequence
from datetime import datetime

import pytest

from voicestream.thinking.history import (
    CUT_OFF,
    NO_RESULT,
    AnswerRecord,
    History,
    count_tokens,
    drop_oldest_turns,
    estimate_tokens,
)
from voicestream.thinking.summary import LONGEST, summarize
from voicestream.thinking.system_prompt import with_moment, without_moment, write_system_prompt
from voicestream.vocabulary import (
    Delta,
    Finish,
    Message,
    ModelPart,
    Reasoning,
    ToolCall,
    ToolDescription,
    ToolResult,
)

CALL = ToolCall("1", "look", "{}")


def record(*parts: ModelPart) -> AnswerRecord:
    kept = AnswerRecord()
    for part in parts:
        kept.add(part)
    return kept


def test_an_answer_heard_to_its_end_is_kept_whole() -> None:
    answer = record(Reasoning("hm"), Delta("It is "), Delta("noon."), Finish())
    assert answer.text() == "It is noon."
    assert answer.messages() == (Message("assistant", "It is noon."),)
    assert answer.messages(11) == (Message("assistant", "It is noon."),)


def test_an_interrupted_answer_keeps_what_was_heard_and_says_so() -> None:
    answer = record(Delta("It is noon. "), Delta("The sun shines."))
    assert answer.messages(9) == (Message("assistant", "It is noo" + CUT_OFF, is_interrupted=True),)
    assert answer.messages(12) == (Message("assistant", "It is noon." + CUT_OFF, is_interrupted=True),)


def test_what_nobody_heard_is_not_kept() -> None:
    assert record(Delta("It is noon.")).messages(0) == ()
    assert record(Delta("  "), Delta("It is")).messages(1) == ()


def test_what_a_tool_did_is_kept_heard_or_not() -> None:
    answer = record(Delta("Let me see. "), CALL, ToolResult(CALL, "rain"), Delta("It rains."))
    whole = (
        Message("assistant", "Let me see. ", (CALL,)),
        Message("tool", "rain", tool_call_id="1"),
        Message("assistant", "It rains."),
    )
    assert answer.messages() == whole
    assert answer.messages(0) == (Message("assistant", "", (CALL,)), whole[1])
    assert answer.messages(14)[2] == Message("assistant", "It" + CUT_OFF, is_interrupted=True)


def test_a_call_without_a_result_gets_one() -> None:
    assert record(CALL).messages() == (
        Message("assistant", "", (CALL,)),
        Message("tool", NO_RESULT, tool_call_id="1"),
    )


def test_a_filler_is_heard_but_not_remembered() -> None:
    answer = record(CALL, Delta("One moment. ", is_filler=True), ToolResult(CALL, "rain"), Delta("It rains."))
    assert answer.text() == "One moment. It rains."
    assert answer.messages()[-1] == Message("assistant", "It rains.")
    assert answer.messages(14)[-1].content == "It" + CUT_OFF
    assert len(answer.messages(5)) == 2


def random_turn(chance: random.Random, number: int) -> tuple[Message, ...]:
    kept = AnswerRecord()
    for index in range(chance.randrange(4)):
        made = ToolCall(f"{number}.{index}", "look", "{}")
        kept.add(Delta("Let me see. " * chance.randrange(3)))
        kept.add(made)
        if chance.random() < 0.7:
            kept.add(ToolResult(made, "rain " * chance.randrange(50)))
    kept.add(Delta("word " * chance.randrange(200)))
    heard = chance.choice([None, chance.randrange(len(kept.text()) + 1)])
    return (Message("user", "question " * chance.randrange(1, 30)), *kept.messages(heard))


def check_pairs(messages: Sequence[Message]) -> None:
    waiting: set[str] = set()
    for message in messages:
        if message.role == "tool":
            assert message.tool_call_id in waiting
            waiting.remove(message.tool_call_id)
        else:
            assert not waiting, "a call has no result"
            waiting = {call.id for call in message.tool_calls}
    assert not waiting


def test_dropping_turns_never_parts_a_call_from_its_result() -> None:
    chance = random.Random(4)
    for _ in range(200):
        messages = [message for number in range(chance.randrange(1, 15)) for message in random_turn(chance, number)]
        limit = chance.randrange(2000)
        trimmed = drop_oldest_turns([Message("system", "be brief"), *messages], limit)
        check_pairs(trimmed.kept)
        assert trimmed.kept[0].role == "system"
        assert trimmed.kept[1].role == "user"
        assert [*trimmed.dropped, *trimmed.kept[1:]] == messages
        is_last_turn = sum(message.role == "user" for message in trimmed.kept) == 1
        assert count_tokens(trimmed.kept) <= limit or is_last_turn


def test_a_long_conversation_stays_within_its_tokens_and_keeps_its_beginning_for_long() -> None:
    chance = random.Random(8)
    history = History(write_system_prompt(), 4000)
    before = history.messages()
    turns, cuts = 400, 0
    for number in range(turns):
        user, *rest = random_turn(chance, number)
        history.add_user(user.content)
        cuts += bool(history.trim())
        sent = history.messages()
        assert count_tokens(sent) <= 4000
        check_pairs(sent)
        before_is_kept = sent[: len(before)] == before  # which is what a server has in its cache
        history.add_answer(rest)
        before = sent
        if not before_is_kept:
            assert count_tokens(sent) <= 4000 * 0.5 + count_tokens([user])
    assert 0 < cuts < turns / 4


def test_shrinking_leaves_about_half_and_the_last_turn() -> None:
    history = History("be brief", 10_000)
    for number in range(20):
        history.add_user(f"question {number} " * 20)
        history.add_answer([Message("assistant", "answer " * 20)])
    before = count_tokens(history.messages())
    dropped = history.shrink()
    assert dropped
    assert 0.3 * before < count_tokens(history.messages()) <= 0.5 * before
    for _ in range(10):
        history.shrink()
    assert [message.role for message in history.messages()] == ["system", "user", "assistant"]


def test_two_messages_of_the_user_in_a_row_become_one() -> None:
    history = History("be brief", 1000)
    history.add_user("what is")
    history.add_answer(())
    history.add_user("the time")
    assert [message.content for message in history.messages()] == ["be brief", "what is\nthe time"]


def test_a_conversation_goes_on_after_a_restart() -> None:
    earlier = [Message("system", "old prompt"), Message("user", "hi"), Message("assistant", "Hello.")]
    history = History("new prompt", 1000, earlier)
    assert [message.content for message in history.messages()] == ["new prompt", "hi", "Hello."]


def test_tokens_are_estimated_rather_too_many() -> None:
    assert estimate_tokens("") == 0
    assert 9 <= estimate_tokens("The quick brown fox jumps over the lazy dog.") <= 14
    assert estimate_tokens("今日は天気がいいですね") >= 7


def test_the_moment_stands_in_the_users_message_and_not_in_the_prompt() -> None:
    now = datetime(2026, 11, 22, 22, 30)
    stamped = with_moment("what time is it", now)
    assert stamped == "what time is it\n(Said on Sunday, November 22, 2026, at 22:30.)"
    assert without_moment(stamped) == "what time is it"
    assert without_moment("it was said (on Sunday)") == "it was said (on Sunday)"
    assert write_system_prompt() == write_system_prompt()
    assert "2026" not in write_system_prompt()


def test_the_users_own_words_are_added_to_the_prompt() -> None:
    assert write_system_prompt("I am called Ada.").endswith("\n\nI am called Ada.")
    assert write_system_prompt("", "Be a pirate.") == "Be a pirate."


class Writer:
    """A model that writes for ever, and knows whether it was stopped."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.told: Sequence[Message] = ()
        self.is_closed = False

    async def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolDescription] = ()
    ) -> AsyncGenerator[ModelPart, None]:
        self.told = messages
        try:
            for word in self.text.split(" "):
                yield Delta(f"{word} ")
            yield Finish()
        finally:
            self.is_closed = True


@pytest.mark.parametrize("text", ["Ada likes tea.", "word " * 5000])
def test_dropped_turns_are_summarized_within_bounds(text: str) -> None:
    model = Writer(text)
    dropped = [Message("user", with_moment("I like tea", datetime(2026, 1, 1))), Message("assistant", "Fine.")]
    summary = asyncio.run(summarize(model, dropped, "Ada is a poet."))
    assert summary.startswith(text[:10].strip())
    assert len(summary) <= LONGEST
    assert model.is_closed
    assert model.told[1].content == "Summary of what came before: Ada is a poet.\nuser: I like tea\nassistant: Fine."


def test_a_summary_stands_for_what_was_dropped() -> None:
    history = History("be brief", 1000)
    history.summarize("Ada likes tea.")
    history.add_user("hi")
    assert [message.content for message in history.messages()] == [
        "be brief",
        "Earlier in this conversation: Ada likes tea.",
        "hi",
    ]
