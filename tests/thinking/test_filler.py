"""Laws of the word that is said while the model is slow to begin."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

import pytest
from virtual_time import run_in_virtual_time

from voicestream.errors import ModelError
from voicestream.thinking.filler import FillingThinker
from voicestream.vocabulary import Delta, Finish, Message, ModelNotice, ModelPart, Reasoning, ToolCall

FILLER = Delta("Let me think.\n\n", is_filler=True)


class SlowThinker:
    """Gives its parts at their seconds, and raises what is an error among them."""

    def __init__(self, *script: tuple[float, ModelPart | ModelError]) -> None:
        self.script = script
        self.is_closed = False

    async def answer(self, messages: Sequence[Message], confirmed: asyncio.Event) -> AsyncGenerator[ModelPart, None]:
        begun = asyncio.get_running_loop().time()
        try:
            for at, part in self.script:
                await asyncio.sleep(begun + at - asyncio.get_running_loop().time())
                if isinstance(part, ModelError):
                    raise part
                yield part
        finally:
            self.is_closed = True

    async def summarize(self, dropped: Sequence[Message], before: str) -> str:
        return before

    async def warm(self, messages: Sequence[Message]) -> None: ...


def answer(
    thinker: SlowThinker, confirmed_at: float = 0.0, until: float = 60.0, left_after: int = 99
) -> list[tuple[float, ModelPart]]:
    """Return what is answered, and when; the reader leaves after so many parts."""
    heard: list[tuple[float, ModelPart]] = []

    async def run() -> None:
        loop = asyncio.get_running_loop()
        begun, confirmed = loop.time(), asyncio.Event()
        loop.call_later(confirmed_at, confirmed.set)
        parts = FillingThinker(thinker, "Let me think.", 1.5).answer([], confirmed)
        try:
            async with asyncio.timeout(until):
                async for part in parts:
                    heard.append((round(loop.time() - begun, 3), part))
                    if len(heard) == left_after:
                        return
        except TimeoutError:
            pass
        finally:
            await parts.aclose()
            await asyncio.sleep(confirmed_at)

    run_in_virtual_time(run())
    assert thinker.is_closed
    return heard


def test_a_quick_model_is_left_alone() -> None:
    script = [(1.0, Delta("Paris.")), (9.0, Delta(" Or so.")), (9.1, Finish())]
    assert answer(SlowThinker(*script)) == script


def test_a_slow_model_is_waited_for_with_one_word() -> None:
    script = [(4.0, Delta("Paris.")), (9.0, Delta(" Or so.")), (9.1, Finish())]
    assert answer(SlowThinker(*script)) == [(1.5, FILLER), *script]


def test_thinking_is_silence() -> None:
    script = [(0.5, Reasoning("hm")), (1.0, Reasoning("hm")), (2.0, Reasoning("ah")), (3.0, Delta("Yes."))]
    assert answer(SlowThinker(*script)) == [*script[:2], (1.5, FILLER), *script[2:]]


def test_a_blank_and_a_silent_notice_are_silence() -> None:
    script = [(0.5, Delta("\n")), (1.0, ModelNotice("waits", "It waits.")), (3.0, Delta("Yes."))]
    assert answer(SlowThinker(*script)) == [*script[:2], (1.5, FILLER), script[2]]
    spoken = [(1.0, ModelNotice("waits", "It waits.", "Please wait.")), (3.0, Delta("Yes."))]
    assert answer(SlowThinker(*spoken)) == spoken


def test_a_tool_has_a_word_of_its_own() -> None:
    script = [(1.0, ToolCall("1", "search", "{}")), (5.0, Delta("Found."))]
    assert answer(SlowThinker(*script)) == script


def test_the_wait_begins_when_the_turn_is_certain() -> None:
    script = [(2.0, Delta("Yes."))]
    assert answer(SlowThinker(*script), confirmed_at=1.0) == script
    assert answer(SlowThinker((4.0, Delta("Yes."))), confirmed_at=1.0)[0] == (2.5, FILLER)


def test_an_error_comes_through_and_whoever_leaves_leaves_nothing_running() -> None:
    with pytest.raises(ModelError):
        answer(SlowThinker((3.0, ModelError("gone"))))
    assert answer(SlowThinker((9.0, Delta("Yes."))), until=1.0) == []
    assert answer(SlowThinker((9.0, Delta("Yes."))), left_after=1) == [(1.5, FILLER)]
    assert answer(SlowThinker((0.1, Reasoning("hm")), (9.0, Delta("Yes."))), until=0.5) == [(0.1, Reasoning("hm"))]
