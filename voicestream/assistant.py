"""The whole way of the data, from the microphone to the loudspeaker: read this file first.

`converse` listens for ever and performs what turn taking decides; `answer` speaks a reply, sentence by sentence, while
it is still being written. Interrupting is cancelling the reply's one task. No file, device, network or clock is known
here: the parts bring them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from voicestream import events as told
from voicestream.config import Config
from voicestream.errors import VoicestreamError
from voicestream.events import Events
from voicestream.hearing.segmenter import Segmenter
from voicestream.parts import Parts
from voicestream.reply import Reply
from voicestream.speaking.heard_text import heard_text
from voicestream.stages import Channel, ended
from voicestream.steps import cancel_echo, find_speech, gather, hear, speak, split_sentences, think
from voicestream.thinking.history import History
from voicestream.turns import turn_taking as turns
from voicestream.vocabulary import ModelPart, Sentence, SpeechStarted, Transcript


class Assistant:
    """One conversation: its parts, its memory, and at most one running reply."""

    def __init__(self, parts: Parts, events: Events, config: Config, history: History) -> None:
        self.parts = parts
        self.events = events
        self.config = config
        self.history = history
        self.segmenter = Segmenter(config.hearing, config.turns.max_wait)
        self.turn_taking = turns.TurnTaking(config.turns)
        self.inputs: Channel[turns.Input] = Channel(ahead=256)
        self.reply: Reply | None = None
        parts.speaker.on_sound = self.notice_sound

    async def converse(self) -> None:
        """Listen until the input ends; answer each turn; fall silent when the user speaks."""
        async with (
            self.parts.microphone.listen() as frames,
            cancel_echo(frames, self.parts) as clean,
            find_speech(clean, self.parts, self.segmenter) as speech,
            hear(speech, self.parts, self.config) as heard,
            gather(heard, self.inputs) as inputs,
        ):
            async for happened in inputs:
                self.tell(happened)
                for action in self.turn_taking.add(happened):
                    await self.perform(action)

    async def answer(self, reply: Reply) -> None:
        """Speak the reply while it is being written; keep what was heard of it, however it ends."""
        async with (
            think(reply, self.events) as deltas,
            split_sentences(deltas, reply, self.events, self.parts) as sentences,
            speak(sentences, reply, self.events, self.parts) as sounds,
        ):
            try:
                async for sound in sounds:
                    await reply.committed.wait()  # a speculative answer waits here, silent
                    await self.parts.speaker.play(sound)
                await reply.committed.wait()
                await self.parts.speaker.drain()
            finally:
                reply.played = self.parts.speaker.stop()  # silence first; then the stages close, the request last
