"""The whole way of the data, from the microphone to the loudspeaker: read this file first.

`converse` listens for ever and performs what turn taking decides; `answer` speaks a reply, sentence by sentence, while
it is still being written. Interrupting is cancelling the reply's one task. No file, device, network or clock is known
here: the parts bring them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Literal

from voicestream import events as told
from voicestream.config import Config
from voicestream.errors import ModelError, VoiceError, VoicestreamError
from voicestream.events import Events
from voicestream.parts import Parts
from voicestream.reply import Reply
from voicestream.speaking.chimes import make_chime
from voicestream.speaking.heard_text import heard_text
from voicestream.speaking.sentences import split_options
from voicestream.speaking.synthesis import SpeakingStyle
from voicestream.stages import Channel, ended
from voicestream.steps import (
    AudioClock,
    await_call,
    await_wake_word,
    cancel_echo,
    find_speech,
    gather,
    hear,
    linger,
    louder,
    mute,
    note_sentences,
    speak,
    split_sentences,
    think,
)
from voicestream.thinking.history import History, count_tokens
from voicestream.thinking.system_prompt import with_moment
from voicestream.turns import actions as turns
from voicestream.turns.turn_taking import TurnTaking
from voicestream.vocabulary import (
    FRAME_SECONDS,
    Delta,
    Finish,
    Message,
    ModelPart,
    RecognitionFailed,
    Sentence,
    Silence,
    SpeechEnded,
    SpeechPaused,
    SpeechStarted,
    Transcript,
)


class Assistant:
    """One conversation: its parts, its memory, and at most one running reply."""

    def __init__(
        self,
        parts: Parts,
        events: Events,
        config: Config,
        history: History,
        *,
        style: SpeakingStyle | None = None,
        is_fast: bool = False,
        ready: told.Ready | None = None,
    ) -> None:
        self.parts = parts
        self.events = events
        self.config = config
        self.history = history
        self.speaking_style = style or SpeakingStyle(pause=config.speaking.pause)
        self.is_fast = is_fast
        """Whether a recording is read faster than real time: then each answer is finished before reading goes on."""
        self.ready = ready
        """What is told when the conversation begins: by then all that steers it is there."""
        self.clock = AudioClock()
        self.close_speech = asyncio.Event()
        self.turn_taking = TurnTaking(config.turns)
        self.inputs: Channel[turns.Input] = Channel(ahead=256)
        self.reply: Reply | None = None
        self.warming: asyncio.Task[None] | None = None
        self.summing_up: asyncio.Task[None] | None = None
        self.announcements: deque[str] = deque(maxlen=20)
        self.fell_silent_at: float | None = None
        """When the user fell silent last, by the events' clock; None where they typed."""
        parts.speaker.on_sound = self.notice_sound

    # ---------------------------------------------------------------------------------- the way of the data

    async def converse(self) -> None:
        """Listen until the input ends; answer each turn; fall silent when the user speaks."""
        parts = self.parts
        if self.ready:
            self.events.tell(self.ready)
        try:
            async with (
                parts.microphone.listen() as microphone,
                linger(microphone, self.is_over, self.quiet if self.is_fast else None) as frames,
                mute(frames, self.turn_taking) as audible,
                cancel_echo(audible, parts.canceller, parts.speaker) as clean,
                await_wake_word(clean, parts.wake_word, self.wake) as awaited,
                find_speech(awaited, parts.detector, self.config, self.clock, self.close_speech, self.events) as speech,
                await_call(speech, self.config, self.turn_taking) as meant,
                hear(meant, parts.recognizer, self.config, self.is_fast) as heard,
                gather(heard, self.inputs) as inputs,
            ):
                async for happened in inputs:
                    for action in self.notice(happened):
                        await self.perform(action)
                    if self.announcements and self.is_over():
                        await self.begin_announcement(self.announcements.popleft())
                if self.reply and self.reply.task and self.reply.committed.is_set():
                    await asyncio.wait([self.reply.task])  # a line that was typed last is answered to its end
        finally:
            await self.end_reply()
            for task in (self.warming, self.summing_up):
                if task:
                    await ended(task)

    async def answer(self, reply: Reply) -> None:
        """Speak the reply while it is being written; whoever cancels this finds silence, and nothing left running."""
        speaker = self.parts.speaker
        async with (
            think(reply, self.events) as deltas,
            split_sentences(deltas, split_options(self.config.sentences), speaker.remaining) as split,
            note_sentences(split, reply, self.events) as sentences,
            speak(sentences, self.parts.voice, speaker.rate, self.style(reply)) as sounds,
        ):
            try:
                async for sound in sounds:
                    reply.note_sound(sound, self.events)
                    await reply.committed.wait()  # a speculative answer waits here, silent
                    await speaker.play(louder(sound, self.parts.delivery))
                await reply.committed.wait()
                await speaker.drain()
            finally:
                reply.played = speaker.stop()  # silence comes first; then the stages close, the request last

    # ------------------------------------------------------------------------------------------- from outside

    def type(self, text: str) -> None:
        """Take a turn that was typed."""
        self.inputs.put_now(turns.Typed(text, self.clock.audio_time(asyncio.get_running_loop().time())))

    def wake(self, time: float) -> None:
        """Take notice that the wake word was heard, at an audio time."""
        self.inputs.put_now(turns.WakeWordHeard(time))

    def announce(self, text: str) -> None:
        """Say something that nobody asked for, such as that a timer rings, as soon as nobody else speaks."""
        self.announcements.append(text)
        self.inputs.put_now(Silence(self.clock.audio_time(asyncio.get_running_loop().time())))

    def style(self, reply: Reply) -> SpeakingStyle:
        """Return how the reply is to be voiced; a sentence that fails is told, and costs only itself."""

        def fail(error: VoiceError, sentence: Sentence) -> None:
            reply.unvoiced += 1
            reply.tell(self.events, told.ErrorEvent(stage=error.stage, code=error.code, message=str(error)))

        return replace(self.speaking_style, report=fail)

    # --------------------------------------------------------------------------------------- what happened

    def notice(self, happened: turns.Input) -> list[turns.Action]:
        """Publish what happened, and return what turn taking makes of it."""
        match happened:
            case SpeechStarted(time):
                self.events.emit(told.SpeechStartedEvent(audio_time=time))
            case SpeechPaused(time) | SpeechEnded(time):
                self.fell_silent_at = self.events.when(self.clock.at(time))
            case turns.Typed():
                self.fell_silent_at = None
            case RecognitionFailed(message):
                self.events.emit(told.ErrorEvent(stage="recognizer", code="recognition", message=message))
            case turns.AnswerSounding(turn) | turns.AnswerEnded(turn):
                if self.reply is None or self.reply.turn != turn:
                    return []  # it was cancelled meanwhile
                if isinstance(happened, turns.AnswerEnded):
                    self.conclude(self.reply)
        actions = self.turn_taking.add(happened)
        if isinstance(happened, Transcript) and self.turn_taking.is_awake:  # else it is nobody's business
            self.events.emit(told.TranscriptEvent(text=happened.text, stable=happened.stable, final=happened.is_final))
        return actions

    def notice_sound(self, kind: Literal["started", "ended"], sentence: Sentence, at: float) -> None:
        """Publish that a sentence begins or ends to be heard; the loudspeaker calls it."""
        reply = self.reply
        if reply is None or not sentence.spoken:
            return
        if kind == "ended":
            self.events.emit(told.SoundEnded(turn=reply.turn, index=sentence.index), self.events.when(at))
            return
        self.events.emit(told.SoundStarted(turn=reply.turn, index=sentence.index), self.events.when(at))
        self.inputs.put_now(turns.Saying(sentence.spoken, self.clock.audio_time(at), reply.word_times(sentence)))
        if not reply.is_sounding:
            reply.is_sounding = True
            reply.reach("first_sound", self.events.when(at))
            self.events.emit(reply.latency())
            self.inputs.put_now(turns.AnswerSounding(reply.turn))

    # ------------------------------------------------------------------------- what turn taking has decided

    async def perform(self, action: turns.Action) -> None:
        """Do what turn taking has decided."""
        match action:
            case turns.BeginAnswer(turn, text, is_speculative):
                await self.begin(self.reply_to(turn, text))
                if not is_speculative:
                    self.commit()
            case turns.CommitAnswer():
                self.commit()
            case turns.CancelAnswer():
                await self.take_back()
            case turns.Interrupt() | turns.StopAll():
                await self.end_reply()
            case turns.TurnTaken(turn, text):
                self.events.emit(told.Turn(turn=turn, text=text))
            case turns.PauseSpeaker():
                self.parts.speaker.pause()
                self.events.emit(told.Paused(turn=self.reply.turn if self.reply else 0))
            case turns.ResumeSpeaker(reason):
                self.parts.speaker.resume()
                self.events.emit(told.Resumed(turn=self.reply.turn if self.reply else 0, reason=reason))
            case turns.CloseSpeech():
                self.close_speech.set()
            case turns.ChangeState(state):
                if state == "hearing":
                    self.warm_model()
                self.events.emit(told.StateChanged(state=state))
            case turns.PlaySound(sound):
                await self.parts.speaker.play(make_chime(sound, self.parts.speaker.rate))
            case turns.SpeechIgnored(reason, text):
                self.events.emit(told.SpeechIgnored(reason=reason, text=text))

    async def begin(self, reply: Reply) -> None:
        """Start a reply, silent until it is committed."""
        await self.end_reply()
        self.reply = reply
        reply.asked_at = self.events.now() if self.fell_silent_at is None else self.fell_silent_at
        reply.reach("transcript", self.events.now())
        reply.task = asyncio.create_task(self.run(reply), name=f"answer {reply.turn}")

    async def begin_announcement(self, text: str) -> None:
        """Start to say something that nobody asked for."""

        async def source(confirmed: asyncio.Event) -> AsyncGenerator[ModelPart, None]:
            yield Delta(text)
            yield Finish()

        self.fell_silent_at = None
        await self.begin(Reply(0, "", source))
        self.commit()

    def commit(self) -> None:
        """Let the running reply sound: the user's turn is certain."""
        if self.reply:
            self.reply.reach("turn_confirmed", self.events.now())
            self.reply.commit(self.events)

    def warm_model(self) -> None:
        """Let the model's connection be opened, and the conversation be read, while the user speaks their turn."""
        if self.warming is None or self.warming.done():
            self.warming = asyncio.create_task(self.parts.thinker.warm(self.history.messages()), name="warm")

    def reply_to(self, turn: int, text: str) -> Reply:
        """Return a reply to what the user said, not begun yet."""
        question = with_moment(text, self.parts.now())  # once: another minute would spoil the server's prompt cache
        messages = (*self.history.messages(), Message("user", question))
        thinker = self.parts.thinker
        return Reply(turn, question, lambda confirmed: thinker.answer(messages, confirmed), count_tokens(messages))

    async def run(self, reply: Reply) -> None:
        """Answer, and say when it is over; an error of a device or a bug costs this answer, and is said."""
        try:
            await self.answer(reply)
        except VoicestreamError as error:
            reply.finish = "error"
            self.events.emit(told.ErrorEvent(stage=error.stage, code=error.code, message=str(error)))
        except Exception as error:  # it must not leave the conversation waiting for ever
            reply.finish = "error"
            message = f"{type(error).__name__}: {error}"
            self.events.emit(told.ErrorEvent(stage="voicestream", code="bug", message=message))
        self.inputs.put_now(turns.AnswerEnded(reply.turn, is_failed=reply.is_failed))

    async def end_reply(self) -> None:
        """End the running reply, if there is one: silence at once, its request closed, what was heard remembered."""
        if (reply := self.reply) and reply.task:
            reply.is_interrupted = not reply.task.done()
            await ended(reply.task)
            self.conclude(reply)

    async def take_back(self) -> None:
        """End the running reply as if it had never been: the user goes on, and will be answered with all they said."""
        if (reply := self.reply) and reply.task:
            self.reply = None
            await ended(reply.task)
            self.events.emit(reply.wasted())

    def conclude(self, reply: Reply) -> None:
        """Remember what was heard of a reply that is over, and tell it; of one that never was certain, nothing."""
        self.reply = None
        if not reply.committed.is_set():
            return
        heard = len(heard_text(reply.sentences, reply.played))
        is_whole = heard >= len(reply.text.rstrip())
        if reply.is_interrupted:
            reply.finish = "interrupted"
            self.events.emit(told.Interrupted(turn=reply.turn, heard=reply.written(heard).strip()))
        if reply.question:
            self.history.add_user(reply.question)
            self.history.add_answer(reply.record.messages(None if is_whole else heard))
            self.forget(self.history.trim())
        if not reply.is_sounding:
            self.events.emit(reply.latency())
        self.events.emit(reply.concluded(heard))

    def forget(self, dropped: tuple[Message, ...]) -> None:
        """Let the model write down what matters of the turns that the history dropped, where the settings say so."""
        if dropped and self.config.memory.summarize:
            self.summing_up = asyncio.create_task(self.sum_up(dropped, self.summing_up), name="summary")

    async def sum_up(self, dropped: tuple[Message, ...], before: asyncio.Task[None] | None) -> None:
        """Put a summary of `dropped` in their place, after the one that is still being written."""
        if before:
            await asyncio.wait([before])
        try:
            self.history.summarize(await self.parts.thinker.summarize(dropped, self.history.summary()))
        except ModelError as error:
            self.events.emit(told.ErrorEvent(stage=error.stage, code=error.code, message=str(error)))

    # ----------------------------------------------------------------------------------- when it may be over

    async def quiet(self) -> None:
        """Return when no committed reply is running."""
        while self.reply and self.reply.committed.is_set() and self.reply.task:
            await asyncio.wait([self.reply.task])
            await asyncio.sleep(0)  # let the conversation conclude it

    def is_over(self, recorded: float = 0.0) -> bool:
        """Return whether nothing is left to be answered or heard of so many seconds: frames wait in each stage."""
        is_heard = self.turn_taking.now >= recorded - FRAME_SECONDS / 2
        return is_heard and self.reply is None and self.inputs.is_empty and self.turn_taking.is_quiet
