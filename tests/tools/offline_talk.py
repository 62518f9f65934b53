"""A conversation with the offline assistant, at a clock that the test sets."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

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
