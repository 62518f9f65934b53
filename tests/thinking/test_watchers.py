"""Watchers end an answer where going on helps nobody, and leave every sound answer alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

import pytest

from voicestream.errors import ModelError
from voicestream.thinking.fallback import FallbackModel
from voicestream.thinking.overflow import drop_older_half
from voicestream.thinking.watched_answer import WatchedModel
from voicestream.thinking.watchers import (
    EarlyStop,
    LanguageWatcher,
    LengthWatcher,
    PatternWatcher,
    RepetitionWatcher,
    Watcher,
)
from voicestream.vocabulary import Delta, Finish, Message, ModelNotice, ModelPart, ToolCall, ToolDescription

ESSAY = (
    "The moon is about three hundred and eighty four thousand kilometres away. Light needs one and a quarter seconds "
    "for that way, and the first people who flew there needed three days. It looks as large as the sun, because the "
    "sun is four hundred times larger, and four hundred times farther away. Once a month it goes around the earth, "
    "and always shows us the same side. 1, 2, 3, 4, 5, 6, 7, 8, 9, 10. Row, row, row your boat. Ha ha ha ha ha! "
    "No, no, no. The tides follow it, twice a day. Very, very, very, very far away."
)


def watch(watcher: Watcher, text: str, size: int) -> tuple[str, EarlyStop | None]:
    """Return what is let through of `text` in pieces of `size`, and the stop."""
    kept = ""
    for start in range(0, len(text), size):
        piece = text[start : start + size]
        stop = watcher.add(piece)
        if stop is not None:
            return kept + piece[: stop.keep], stop
        kept += piece
    return kept, None


@pytest.mark.parametrize("size", [1, 4, 37, 5000])
def test_a_sound_answer_passes_all_watchers(size: int) -> None:
    for watcher in (RepetitionWatcher(), LengthWatcher(120), PatternWatcher(["User:"]), LanguageWatcher(["en"])):
        assert watch(watcher, ESSAY, size) == (ESSAY, None)


@pytest.mark.parametrize("size", [1, 4, 37])
@pytest.mark.parametrize(
    "loop", ["I am sorry. ", "and so on, ", "The moon is far away, and the sun is farther. ", "na "]
)
def test_a_loop_is_noticed_soon(loop: str, size: int) -> None:
    kept, stop = watch(RepetitionWatcher(), ESSAY[:200] + " " + loop * 400, size)
    assert stop is not None
    assert stop.code == "repetition"
    assert len(kept) < 200 + max(4 * len(loop), 100) + 2 * size + 24


def test_lines_and_numbers_are_no_loop() -> None:
    assert watch(RepetitionWatcher(), "-" * 500 + "0" * 500, 7)[1] is None


@pytest.mark.parametrize("size", [1, 5, 64])
def test_an_answer_too_long_to_listen_to_ends_with_a_sentence_and_offers_to_go_on(size: int) -> None:
    kept, stop = watch(LengthWatcher(seconds=10), ESSAY, size)
    assert stop is not None
    assert stop.code == "too_long"
    assert stop.spoken.strip() == "Shall I go on?"
    assert kept.rstrip().endswith("needed three days.")


def test_a_sentence_that_never_ends_is_cut_all_the_same() -> None:
    kept, stop = watch(LengthWatcher(seconds=10), "word " * 1000, 5)
    assert stop is not None
    assert 150 < len(kept) < 400


@pytest.mark.parametrize("size", [1, 3, 100])
def test_nothing_is_spoken_behind_a_pattern(size: int) -> None:
    kept, stop = watch(PatternWatcher(["User:", "###"]), "It is noon.\nUser: and then?", size)
    assert stop is not None
    assert stop.code == "pattern"
    assert kept.removesuffix("User") in ("It is noon.\n", "It is noon.\nU", "It is noon.\nUs", "It is noon.\nUse")


@pytest.mark.parametrize(
    ("languages", "text", "is_foreign"),
    [
        (
            "en",
            "Der Mond ist nicht weit von der Erde, und das Licht braucht für den Weg nicht mehr als eine Sekunde.",
            True,
        ),
        ("en,de", "Der Mond ist nicht weit von der Erde, und das Licht braucht für den Weg nur eine Sekunde.", False),
        ("en", "La lune est à trois cent mille kilomètres de la terre, et elle ne montre que le même côté.", True),
        ("en", "Луна находится на расстоянии трёхсот восьмидесяти четырёх тысяч километров от Земли.", True),
        ("ru", "Луна находится на расстоянии трёхсот восьмидесяти четырёх тысяч километров от Земли.", False),
        (
            "en",
            "月は地球から約三十八万四千キロメートル離れています。光は一秒と少しで届きます。地球の海は月に引かれます。",
            True,
        ),
        (
            "ja",
            "月は地球から約三十八万四千キロメートル離れています。光は一秒と少しで届きます。地球の海は月に引かれます。",
            False,
        ),
        ("cy", "The moon is not far from the earth, and it is in the sky for most of the day and night.", False),
        ("en", ESSAY, False),
        ("", "Луна находится на расстоянии трёхсот восьмидесяти четырёх тысяч километров от Земли.", False),
    ],
)
def test_a_language_that_nobody_here_speaks_is_stopped(languages: str, text: str, is_foreign: bool) -> None:
    stop = watch(LanguageWatcher(languages.split(",")), text, 3)[1]
    assert (stop is not None) == is_foreign
    if stop is not None:
        assert stop.spoken


class Scripted:
    """A Model that says what it was given, and remembers whether it was closed early."""

    def __init__(self, *parts: ModelPart, error: ModelError | None = None) -> None:
        self.parts = parts
        self.error = error
        self.given = 0
        self.is_closed = False

    async def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolDescription] = ()
    ) -> AsyncGenerator[ModelPart, None]:
        try:
            for part in self.parts:
                self.given += 1
                yield part
            if self.error:
                raise self.error
        finally:
            self.is_closed = True


def collect(model: WatchedModel | FallbackModel) -> list[ModelPart]:
    async def run() -> list[ModelPart]:
        return [part async for part in model.stream([Message("user", "?")])]

    return asyncio.run(run())


def test_an_early_stop_closes_the_request_and_counts_what_it_saved() -> None:
    model = Scripted(*(Delta("I am sorry. ") for _ in range(1000)))
    *deltas, notice, finish = collect(WatchedModel(model, lambda: [RepetitionWatcher()], max_tokens=600))
    assert model.is_closed
    assert model.given < 12
    assert isinstance(finish, Finish)
    assert finish.reason == "stopped_early"
    assert finish.saved_tokens == 600 - sum(len(part.text) for part in deltas if isinstance(part, Delta)) // 4
    assert "ran in circles" in finish.note
    assert f"{finish.saved_tokens} tokens saved" in finish.note
    assert notice == ModelNotice("repetition", finish.note)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([Delta("Hi."), Finish()], "Hi."),
        ([Finish()], "Sorry, I have no answer to that."),
        ([Delta("\n\n"), Finish()], "\n\nSorry, I have no answer to that."),
        ([ToolCall("1", "clock", "{}"), Finish("tool_calls")], ""),
        ([ToolCall("1", "clock", "{}"), Finish("stop")], ""),
        ([Finish(note="I'm sorry, I can't.", is_refusal=True)], "I'm sorry, I can't."),
        ([Finish("refusal", note="Blocked under some policy.")], "The language model declined to answer that."),
        ([Delta("Well"), Finish("content_filter")], "Well The rest of the answer was held back by a content filter."),
        ([Finish("content_filter")], "The answer was held back by a content filter."),
        ([Finish("length")], "Sorry, I have no answer to that."),
        ([Finish("load")], ""),
    ],
)
def test_no_answer_ends_in_silence(parts: list[ModelPart], said: str) -> None:
    found = collect(WatchedModel(Scripted(*parts), list, 600))
    assert "".join(part.text for part in found if isinstance(part, Delta)) == said
    assert isinstance(parts[-1], Finish)
    assert found[-1] == replace(parts[-1], is_refusal=False)  # what was said here is not to be said once more


def test_the_next_server_answers_where_the_first_fails_before_a_word() -> None:
    down = ModelError("127.0.0.1: no connection", "connect")
    up = Scripted(Delta("Hi."), Finish())
    models = [(Scripted(error=down), "the first"), (up, "the second")]
    notice = ModelNotice("fallback", "127.0.0.1: no connection; the second answers instead")
    assert collect(FallbackModel(models)) == [notice, Delta("Hi."), Finish()]


def test_after_a_word_no_other_server_takes_over() -> None:
    broken = Scripted(Delta("He"), error=ModelError("lost", "incomplete"))
    other = Scripted(Delta("Hi."), Finish())
    with pytest.raises(ModelError, match="lost"):
        collect(FallbackModel([(broken, "the first"), (other, "the second")]))
    assert other.given == 0


def test_the_last_server_s_error_is_the_one_that_is_told() -> None:
    models = [(Scripted(error=ModelError("a")), "a"), (Scripted(error=ModelError("b")), "b")]
    with pytest.raises(ModelError, match="b"):
        collect(FallbackModel(models))


def test_an_overfull_conversation_loses_its_older_half_in_whole_turns() -> None:
    call = ToolCall("1", "clock", "{}")
    turns = [
        [Message("user", "a"), Message("assistant", "", (call,)), Message("tool", "noon", tool_call_id="1")],
        [Message("user", "b"), Message("assistant", "B")],
        [Message("user", "c")],
    ]
    system = Message("system", "be brief")
    assert drop_older_half([system, *turns[0], *turns[1], *turns[2]]) == [system, *turns[2]]
    assert drop_older_half([system, *turns[1], *turns[2]]) == [system, *turns[2]]
    assert drop_older_half([system, *turns[2]]) == [system, *turns[2]]
    assert drop_older_half([]) == []
