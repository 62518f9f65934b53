"""A conversation of fakes in virtual time: people who speak by a script, a model and a voice that are never late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from voicestream.assistant import Assistant
from voicestream.backends.audio_files import FileSpeaker
from voicestream.config_file import load_config
from voicestream.events import Event, Events
from voicestream.hearing.frames import cut_frames, pace_frames
from voicestream.parts import Parts
from voicestream.sessions.controls import Controls
from voicestream.thinking.delivery import Delivery
from voicestream.thinking.history import History
from voicestream.vocabulary import (
    SAMPLE_RATE,
    Delta,
    Finish,
    Frame,
    Hypothesis,
    Message,
    ModelPart,
    Pcm,
    Samples,
    WordTime,
)

WORD_SECONDS = 0.25
"""How long the scripted people and the voice take for a word."""


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody says something at a time."""

    at: float
    text: str

    @property
    def seconds(self) -> float:
        return WORD_SECONDS * max(1, len(self.text.split()))


COUGH = ""


@dataclass(frozen=True, slots=True)
class Does:
    """Somebody presses, types or wishes something at a time, as keys, signals and the control socket do."""

    at: float
    what: Callable[[Controls], None]


class ScriptedPeople:
    """Microphone, detector and recognizer at once: each speech is a buzz whose loudness is its number in the script."""

    def __init__(self, script: Sequence[Said], until: float) -> None:
        self.script = script
        self.until = until
        self.decodes = 0

    def audio(self) -> Samples:
        samples = np.zeros(round(self.until * SAMPLE_RATE), np.float32)
        for number, said in enumerate(self.script):
            begin, count = round(said.at * SAMPLE_RATE), round(said.seconds * SAMPLE_RATE)
            buzz = np.where(np.arange(count) % 2, 1, -1).astype(np.float32)
            samples[begin : begin + count] = buzz * (0.1 + 0.05 * number)
        return samples

    @asynccontextmanager
    async def listen(self) -> AsyncGenerator[AsyncIterator[Frame], None]:
        async def pieces() -> AsyncGenerator[Samples, None]:
            yield self.audio()

        frames = pace_frames(cut_frames(pieces(), SAMPLE_RATE), is_fast=False)
        try:
            yield frames
        finally:
            await frames.aclose()

    def probabilities(self, frames: Samples) -> list[float]:
        return [0.95 if float(np.abs(frame).max()) > 0.05 else 0.02 for frame in frames]

    async def transcribe(self, audio: Samples, *, is_final: bool, prompt: str = "") -> Hypothesis:
        self.decodes += 1
        await asyncio.sleep(0.05)
        texts = []
        for number, said in enumerate(self.script):
            loudness = 0.1 + 0.05 * number
            count = int((np.abs(np.abs(audio) - loudness) < 0.02).sum())
            words = said.text.split()[: round(count / SAMPLE_RATE / WORD_SECONDS)]
            if words:
                texts.append(" ".join(words))
        return Hypothesis(" ".join(texts))


@dataclass
class ScriptedModel:
    """Answers word by word; remembers what it was asked, and whether its answers were read to the end."""

    answers: dict[str, str]
    pace: float = 0.05
    asked: list[tuple[Message, ...]] = field(default_factory=list)
    closed_early: list[str] = field(default_factory=list)

    async def summarize(self, dropped: Sequence[Message], before: str) -> str:
        """Return what was asked of what is dropped."""
        return " ".join([before, *(message.content for message in dropped if message.role == "user")]).strip()

    async def warm(self, messages: Sequence[Message]) -> None:
        await asyncio.sleep(0.01)

    async def answer(self, messages: Sequence[Message], confirmed: asyncio.Event) -> AsyncGenerator[ModelPart, None]:
        self.asked.append(tuple(messages))
        question = messages[-1].content.split("\n(")[0]
        text = self.answers.get(question, f"You said {question}.")
        is_read = False
        try:
            for word in text.split(" "):
                await asyncio.sleep(self.pace)
                yield Delta(word + " ")
            is_read = True
            yield Finish()
        finally:
            if not is_read:
                self.closed_early.append(question)


class ScriptedVoice:
    """Speaks each word in the same time, and tells when."""

    def __init__(self) -> None:
        self.spoken: list[str] = []

    async def synthesize(self, text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
        self.spoken.append(text)
        begin = 0
        for number, word in enumerate(text.split()):
            begin = text.index(word, begin)
            await asyncio.sleep(0.01)
            tone = 0.3 * np.sin(np.arange(round(WORD_SECONDS * 24_000)) * 0.05).astype(np.float32)
            yield Pcm(tone.astype(np.float32), 24_000, (WordTime(begin, begin + len(word), number * WORD_SECONDS),))


@dataclass
class Outcome:
    """What became of a conversation."""

    events: list[Event]
    history: list[Message]
    model: ScriptedModel
    voice: ScriptedVoice
    assistant: Assistant
    people: ScriptedPeople

    def named(self, name: str) -> list[Event]:
        return [event for event in self.events if event.name == name]


async def converse(
    script: Sequence[Said],
    until: float,
    answers: dict[str, str] | None = None,
    *overrides: str,
    output: str = "",
    does: Sequence[Does] = (),
    change: Callable[[Parts], Parts] = lambda parts: parts,
    most_tokens: int = 6000,
) -> Outcome:
    """Hold a conversation by the script, in whatever loop this runs."""
    loop = asyncio.get_running_loop()
    people, model, voice = ScriptedPeople(script, until), ScriptedModel(answers or {}), ScriptedVoice()
    events, seen = Events(loop.time), []
    events.show_on(seen.append)
    history = History("Be brief.", most_tokens)
    async with FileSpeaker(output) as speaker:
        parts = Parts(
            microphone=people,
            detector=people,
            recognizer=people,
            thinker=model,
            voice=voice,
            speaker=speaker,
            delivery=Delivery(),
            now=lambda: datetime(2026, 1, 2, 3, 4),
        )
        assistant = Assistant(change(parts), events, load_config(overrides=overrides), history)
        controls = Controls(assistant)
        for act in does:
            loop.call_at(act.at, act.what, controls)
        await assistant.converse()
    return Outcome(seen, list(history.messages()), model, voice, assistant, people)
