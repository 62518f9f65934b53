"""A conversation with the offline assistant at a clock that the test sets, and an event loop in virtual time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

import pytest

from voicestream.thinking.delivery import Delivery
from voicestream.thinking.history import AnswerRecord
from voicestream.thinking.offline_assistant import OfflineAssistant
from voicestream.thinking.own_tools import own_tools
from voicestream.thinking.timers import Moment, Timers
from voicestream.thinking.tool_use import ToolUser
from voicestream.vocabulary import Message

START = datetime(2026, 11, 22, 22, 30)
"""A Sunday evening."""


class OfflineTalk:
    """Says things to the offline assistant and returns its answers."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.start = START
        self.timers = Timers()
        self.delivery = Delivery(volume=0.5)
        self.messages: list[Message] = []
        self.user = ToolUser(OfflineAssistant(), own_tools(self.timers, self.delivery, self.now))

    def now(self) -> Moment:
        return Moment(self.seconds, self.start + timedelta(seconds=self.seconds))

    def say(self, text: str) -> str:
        return asyncio.run(self._say(text))

    async def _say(self, text: str) -> str:
        self.messages.append(Message("user", text))
        confirmed = asyncio.Event()
        confirmed.set()
        record = AnswerRecord()
        async for part in self.user.answer(self.messages, confirmed):
            record.add(part)
        self.messages += record.messages()
        return record.text()


@pytest.fixture
def talk() -> OfflineTalk:
    return OfflineTalk()


class _VirtualSelector(selectors.DefaultSelector):  # type: ignore[valid-type,misc]  # chosen by the system
    """Waits by moving the clock."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        assert timeout is not None, "the loop would wait for ever"
        self.now += max(timeout, 0.0)
        return super().select(0)


Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture
def run_virtually() -> Run:
    """Return a function that runs a coroutine at once, however long it sleeps."""

    def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
        selector = _VirtualSelector()
        loop = asyncio.SelectorEventLoop(selector)
        loop.time = lambda: selector.now  # type: ignore[method-assign]
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            return runner.run(asyncio.wait_for(coroutine, 1e6))

    return run
