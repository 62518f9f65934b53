"""Plays conversations of the real assistant in a simulated room, in virtual time, with a person who has a script."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from voicestream import events as told
from voicestream.assistant import Assistant
from voicestream.backends.audio_files import FileSpeaker
from voicestream.backends.silero import Silero
from voicestream.bench.conversation_script import Line, Lines
from voicestream.bench.rehearsal import (
    Oracle,
    Rehearsal,
    RehearsedRecognizer,
    RehearsedVoice,
    ScriptedThinker,
    SpokenPhrase,
)
from voicestream.bench.room import HeardWord, Room, RoomMicrophone, RoomSettings
from voicestream.config import Config, Turns
from voicestream.events import Event, Events
from voicestream.parts import EchoCanceller, Parts, Recognizer, Speaker, SpeechDetector
from voicestream.stepped_time import run_in_virtual_time
from voicestream.thinking.delivery import Delivery
from voicestream.thinking.history import History
from voicestream.vocabulary import SAMPLE_RATE, Frame, Samples

Happened = TypeVar("Happened", bound=Event)

FIRST_TOKEN = 0.3
"""Seconds that the scripted model needs for its first word."""
VOICE_DELAY = 0.08
"""Seconds that the voice needs for its first sound."""
DECODE = 0.15
"""Seconds that the oracle needs for a decode."""
ASSISTANT_VOICE = "en-us"
DRIFTS = (0.0, 0.0, 30e-6, -100e-6)
"""Of the loudspeaker's clock against the microphone's: both in one device as a rule, or two devices."""
PERSONS = ("en-us+f3", "en-gb+m3", "en-gb-scotland+m7", "en-us+f2")


@dataclass(slots=True)
class Effort:
    """Seconds of this machine's processor, by what took them."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def spent(self, name: str) -> Iterator[None]:
        """Count what the block takes."""
        begin = time.process_time()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.process_time() - begin


@dataclass(frozen=True, slots=True)
class _WeighedDetector:
    detector: SpeechDetector
    effort: Effort

    def probabilities(self, frames: Samples) -> list[float]:
        """Count what the detector takes."""
        with self.effort.spent("detection"):
            return self.detector.probabilities(frames)


@dataclass(frozen=True, slots=True)
class _WeighedCanceller:
    canceller: EchoCanceller
    effort: Effort

    def cancel(self, frame: Frame, speaker: Speaker) -> Frame:
        """Count what the canceller takes."""
        with self.effort.spent("echo cancellation"):
            return self.canceller.cancel(frame, speaker)


class Scene:
    """One conversation on the stage: what a person does in it, and what came of it."""

    def __init__(self, rehearsal: Rehearsal, room: Room, microphone: RoomMicrophone, assistant: Assistant) -> None:
        self.rehearsal = rehearsal
        self.room = room
        self.microphone = microphone
        self.assistant = assistant
        self.random = random.Random(room.settings.seed)
        self.voice = self.random.choice(PERSONS)
        self.events: list[Event] = []
        self._changed = asyncio.Event()

    def see(self, event: Event) -> None:
        """Keep what happened; a display."""
        self.events.append(event)
        self._changed.set()

    def all(self, kind: type[Happened], after: float = -1.0) -> list[Happened]:
        """Return the events of a kind after a moment."""
        return [event for event in self.events if isinstance(event, kind) and event.time > after]

    async def until(self, kind: type[Event], after: float = -1.0, limit: float = 20.0) -> bool:
        """Wait for an event of a kind; tell whether it came within `limit` seconds."""
        try:
            async with asyncio.timeout(limit):
                while not self.all(kind, after):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    async def say(self, line: Line) -> tuple[float, float]:
        """Let the person say something now; return when their voice begins and ends, and wait for that."""
        return await self.utter(self.rehearsal.phrase(line, self.voice) if isinstance(line, str) else line)

    async def utter(self, phrase: SpokenPhrase) -> tuple[float, float]:
        """Let the person make a sound now; return when it begins and ends, and wait for that."""
        begin = self.room.now + 0.01
        self.room.place(phrase.samples, begin)
        self.room.words += [HeardWord(word.text, begin + word.start, begin + word.end) for word in phrase.words]
        await asyncio.sleep(phrase.seconds + 0.01)
        return begin, begin + phrase.seconds

    async def silence_after(self, moment: float, limit: float = 3.0) -> float | None:
        """Return when the loudspeaker fell silent for good after a moment; None where it did not within `limit`."""
        while self.room.now < moment + limit:
            await asyncio.sleep(0.05)
            if self.room.now - self.microphone.far_sounded_at > 0.35 and self.all(told.Interrupted):
                return self.microphone.far_sounded_at
        return None


Play = Callable[[Scene], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Stage:
    """What all conversations of a bench share."""

    rehearsal: Rehearsal
    far_level: float
    effort: Effort
    make_canceller: Callable[[], EchoCanceller] | None
    errors: float
    recognizer: Recognizer | None = None
    """None: the oracle."""
    lines: Lines = field(default_factory=Lines)
    jumps: float = 0.0
    """Of the echo's delay in all rooms, in seconds."""

    def _recognizer(self, room: Room) -> Recognizer:
        if self.recognizer is None:
            return Oracle(room, DECODE, self.errors)
        return RehearsedRecognizer(self.rehearsal, self.recognizer, DECODE)

    def perform(self, play: Play, settings: RoomSettings, answer: str, has_word_times: bool = True) -> Scene:
        """Play one conversation in virtual time, and return what came of it."""

        async def conversation() -> Scene:
            config = Config(turns=Turns(sounds=False))  # what is heard is the answer, and no receipt
            room = Room(replace(settings, jumps=self.jumps), self.far_level)
            events = Events(asyncio.get_running_loop().time)
            async with FileSpeaker(rate=SAMPLE_RATE) as speaker:
                microphone = RoomMicrophone(room, speaker)
                canceller = _WeighedCanceller(self.make_canceller(), self.effort) if self.make_canceller else None
                parts = Parts(
                    microphone=microphone,
                    canceller=canceller,
                    detector=_WeighedDetector(Silero(), self.effort),
                    recognizer=self._recognizer(room),
                    thinker=ScriptedThinker(answer, FIRST_TOKEN),
                    voice=RehearsedVoice(self.rehearsal, ASSISTANT_VOICE, VOICE_DELAY, has_word_times),
                    speaker=speaker,
                    delivery=Delivery(),
                    now=lambda: datetime(2026, 1, 1),
                )
                assistant = Assistant(parts, events, config, History("", 4000))
                scene = Scene(self.rehearsal, room, microphone, assistant)
                events.show_on(scene.see)
                listening = asyncio.create_task(assistant.converse())
                await asyncio.sleep(0.5)
                try:
                    await play(scene)
                finally:
                    microphone.leave()
                    listening.cancel()
                    await asyncio.wait([listening])
                self.effort.seconds["audio"] = self.effort.seconds.get("audio", 0.0) + room.now
            return scene

        return run_in_virtual_time(conversation())


def rooms(count: int, seed: int, echo: bool = True) -> list[RoomSettings]:
    """Return rooms of all kinds."""
    chance = random.Random(seed)
    return [
        RoomSettings(
            rt60=chance.choice((0.2, 0.4, 0.6)),
            delay=chance.choice((0.02, 0.08, 0.15, 0.3)),
            echo_db=chance.choice((-30.0, -20.0, -10.0, 0.0)) if echo else None,
            snr_db=chance.choice((5.0, 10.0, 20.0)),
            drift=DRIFTS[number % len(DRIFTS)],
            seed=seed * 1000 + number,
        )
        for number in range(count)
    ]
