"""The whole way of the data, from the microphone to the loudspeaker: read this file first.

`converse` listens for ever and performs what turn taking decides; `answer` speaks a reply, sentence by sentence, while
it is still being written. Interrupting is cancelling the reply's one task. No file, device, network or clock is known
here: the parts bring them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Literal

from voicestream import events as told
from voicestream.config import Config
from voicestream.errors import VoicestreamError
from voicestream.events import Events
from voicestream.hearing.live_transcript import transcribe
from voicestream.hearing.segmenter import Segmenter
from voicestream.parts import Parts
from voicestream.reply import Reply
from voicestream.speaking.heard_text import heard_text
from voicestream.speaking.sentences import SentenceSplitter
from voicestream.stages import Channel, ended
from voicestream.steps import AudioClock, cancel_echo, find_speech, gather, linger, speak, split_sentences, think
from voicestream.thinking.history import History
from voicestream.turns import turn_taking as turns
from voicestream.vocabulary import ModelPart, Sentence, SpeechStarted, Transcript


class Assistant:
    """One conversation: its parts, its memory, and at most one running reply."""

    def __init__(self, parts: Parts, events: Events, config: Config, history: History, is_fast: bool = False) -> None:
        self.parts = parts
        self.events = events
        self.config = config
        self.history = history
        self.is_fast = is_fast
        """Whether a recording is read faster than real time: then each answer is finished before reading goes on."""
        self.clock = AudioClock()
        self.segmenter = Segmenter(config.hearing, config.turns.max_wait)
        self.turn_taking = turns.TurnTaking(config.turns)
        self.inputs: Channel[turns.Input] = Channel(ahead=256)
        self.reply: Reply | None = None
        parts.speaker.on_sound = self.notice_sound

    # ------------------------------------------------------------------------------------- the way of the data

    async def converse(self) -> None:
        """Listen until the input ends; answer each turn; fall silent when the user speaks."""
        parts = self.parts
        quiet = self.quiet if self.is_fast else None
        try:
            async with (
                parts.microphone.listen() as microphone,
                linger(microphone, self.is_over, quiet) as frames,
                cancel_echo(frames, parts.canceller, parts.speaker) as clean,
                find_speech(clean, parts.detector, self.segmenter, self.clock, self.events) as speech,
                transcribe(speech, parts.recognizer, self.config.hearing, lockstep=self.is_fast) as heard,
                gather(heard, self.inputs) as inputs,
            ):
                async for happened in inputs:
                    self.tell(happened)
                    for action in self.turn_taking.add(happened):
                        await self.perform(action)
        finally:
            await self.end_reply()

    async def answer(self, reply: Reply) -> None:
        """Speak the reply while it is being written; keep what was heard of it, however it ends."""
        speaker = self.parts.speaker
        splitter = SentenceSplitter()
        try:
            async with (
                think(reply, self.events) as deltas,
                split_sentences(deltas, reply, self.events, speaker, splitter) as sentences,
                speak(sentences, reply, self.events, self.parts.voice, speaker.rate) as sounds,
            ):
                try:
                    async for sound in sounds:
                        await reply.committed.wait()  # a speculative answer waits here, silent
                        await speaker.play(sound)
                    await reply.committed.wait()
                    await speaker.drain()
                finally:
                    reply.played = speaker.stop()  # silence comes first; then the stages close, the request last
        except VoicestreamError as error:
            self.events.emit(told.ErrorEvent(stage=error.stage, code=error.code, message=str(error)))
        finally:
            self.conclude(reply)

    # ------------------------------------------------------------------------- what turn taking has decided

    async def perform(self, action: turns.Action) -> None:
        """Do what turn taking has decided."""
        match action:
            case turns.BeginAnswer(turn, text, is_speculative):
                await self.begin(turn, text)
                if not is_speculative:
                    self.commit(text)
            case turns.CommitAnswer(_, text):
                self.commit(text)
            case turns.CancelAnswer() | turns.Interrupt():
                await self.end_reply()
            case turns.StopAll(turn, text):
                await self.end_reply()
                self.history.add_user(text)
            case turns.TurnTaken(turn, text):
                self.events.emit(told.Turn(turn=turn, text=text))
            case turns.PauseSpeaker():
                self.parts.speaker.pause()
                self.events.emit(told.Paused(turn=self.reply.turn if self.reply else 0))
            case turns.ResumeSpeaker(reason):
                self.parts.speaker.resume()
                self.events.emit(told.Resumed(turn=self.reply.turn if self.reply else 0, reason=reason))
            case turns.CloseSpeech():
                self.segmenter.close()
            case turns.ChangeState(state):
                self.events.emit(told.StateChanged(state=state))

    async def begin(self, turn: int, text: str) -> None:
        """Start a reply that thinks and synthesizes, silently until it is committed."""
        await self.end_reply()
        reply = Reply(turn, text, lambda: self.source(text))
        self.reply = reply
        reply.task = asyncio.create_task(self.answer(reply), name=f"answer {turn}")

    def source(self, text: str) -> AsyncGenerator[ModelPart, None]:
        """Open the stream of the model's answer to `text`."""
        return self.parts.model.stream(self.history.messages(text))
