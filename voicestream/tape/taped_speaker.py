"""The loudspeaker on a tape: what it was told, when that was heard, and what it answered.

`RecordedSpeaker` writes what a real one does. `ReplayedSpeaker` does the same again for as long as it is told the same
at the same moments; from then on a simulated one goes on, which was told everything too.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import aclosing
from typing import Any, TypeVar

from voicestream.parts import Speaker
from voicestream.speaking.playback import MarkKind
from voicestream.stepped_time import SteppedLoop, ticks_of
from voicestream.tape.forms import Form, Json
from voicestream.tape.player import Player
from voicestream.tape.recorder import Recorder
from voicestream.vocabulary import SAMPLE_RATE, Played, Samples, Sentence, Sound, WordTime

Result = TypeVar("Result")

_NOTHING: Form[None] = Form(lambda item, audio: None, lambda value, audio: None)


class _Given:
    """The sentences that a loudspeaker was given, by number: a tape holds no texts of them."""

    def __init__(self) -> None:
        self._sentences: list[Sentence] = []
        self._is_over = True

    def number(self, sentence: Sentence) -> int:
        """Return the number of a sentence that is being given; pieces of one follow each other."""
        if self._is_over or self._sentences[-1] != sentence:
            self._sentences.append(sentence)
            self._is_over = False
        return len(self._sentences) - 1

    def stop(self) -> None:
        """Take notice that an answer is over: the next may begin with the same sentence, which is another one."""
        self._is_over = True

    def find(self, sentence: Sentence) -> int:
        """Return the number of a sentence that was given: the latest that is the same."""
        return next(place for place in reversed(range(len(self._sentences))) if self._sentences[place] == sentence)

    def __getitem__(self, number: int) -> Sentence:
        return self._sentences[number]

    def __len__(self) -> int:
        return len(self._sentences)

    def write(self, played: Sequence[Played]) -> Json:
        """Return what was heard."""
        return [
            [
                self.find(each.sentence),
                each.seconds,
                each.total,
                [[word.start, word.end, word.time] for word in each.words],
                each.is_whole,
            ]
            for each in played
        ]

    def read(self, value: Json) -> list[Played]:
        """Return what was written."""
        return [
            Played(self._sentences[number], seconds, total, tuple(WordTime(*word) for word in words), is_whole)
            for number, seconds, total, words, is_whole in value
        ]


class RecordedSpeaker:
    """A loudspeaker that is written down; fulfils Speaker."""

    def __init__(self, recorder: Recorder, speaker: Speaker, loop: SteppedLoop) -> None:
        self.rate = speaker.rate
        self.on_sound: Callable[[MarkKind, Sentence, float], None] = lambda kind, sentence, at: None
        self._recorder = recorder
        self._speaker = speaker
        self._loop = loop
        self._given = _Given()
        self._untold: deque[list[Any]] = deque()  # Any: JSON
        self._is_called = False
        speaker.on_sound = self._hear
        recorder.note("speaker", {"rate": speaker.rate})

    async def play(self, sound: Sound) -> None:
        """Take a piece of a sentence."""
        question = _question(self._given.number(sound.sentence), sound)
        await self._wait("play", question, lambda: self._speaker.play(sound))

    async def drain(self) -> None:
        """Return when the last sample has been heard."""
        await self._wait("drain", None, self._speaker.drain)

    def pause(self) -> None:
        """Fall silent, and keep the rest."""
        self._call("pause", self._speaker.pause, lambda result: None)

    def resume(self) -> None:
        """Go on."""
        self._call("resume", self._speaker.resume, lambda result: None)

    def stop(self) -> list[Played]:
        """Fall silent and forget the rest."""
        heard = self._call("stop", self._speaker.stop, self._given.write)
        self._given.stop()
        return heard

    def played(self) -> list[Played]:
        """Return what has been heard."""
        return self._call("played", self._speaker.played, self._given.write)

    def remaining(self) -> float:
        """Return the seconds that are not heard yet."""
        return self._call("remaining", self._speaker.remaining, float)

    def reference(self, time: float, count: int) -> Samples:
        """Return what is played, with samples of 16 bits."""
        samples = self._speaker.reference(time, count)
        start = self._recorder.audio.add("reference", SAMPLE_RATE, samples)
        self._recorder.call("reference", [start, count])
        return self._recorder.audio.read("reference", start, count)

    async def _wait(self, name: str, question: Json, work: Callable[[], Any]) -> None:
        async def source() -> AsyncGenerator[None, None]:
            await work()
            async for nothing in _nobody():
                yield nothing

        async with aclosing(self._recorder.stream("speaker", [name, question], source, _NOTHING)) as pieces:
            async for _ in pieces:
                pass

    def _call(self, name: str, work: Callable[[], Result], write: Callable[[Result], Json]) -> Result:
        before = len(self._untold)
        self._is_called = True
        try:
            result = work()
        finally:
            self._is_called = False
        told = []
        if name == "stop" or len(self._untold) > before:  # in their order, and none after a stop
            told, self._untold = list(self._untold), deque()
        self._recorder.call("speaker", [name, told, write(result)])
        for kind, number, at in told:
            self.on_sound(kind, self._given[number], at)
        return result

    def _hear(self, kind: MarkKind, sentence: Sentence, at: float) -> None:
        self._untold.append([kind, self._given.find(sentence), float(at)])  # a timer's moment is more than a number
        if not self._is_called:
            self._loop.call_on_arrival(self._tell)

    def _tell(self, moment: float) -> None:
        if self._untold:  # else it was told by a call that came before
            kind, number, at = sound = self._untold.popleft()
            self._recorder.came("sound", moment, sound)
            self.on_sound(kind, self._given[number], at)


class ReplayedSpeaker:
    """A loudspeaker that does again what is on a tape; fulfils Speaker."""

    def __init__(self, player: Player, simulated: Speaker) -> None:
        self.rate = simulated.rate
        self.on_sound: Callable[[MarkKind, Sentence, float], None] = lambda kind, sentence, at: None
        self._player = player
        self._calls = player.tape.calls["speaker"]
        self._references = player.tape.calls["reference"]
        self._simulated = simulated
        self._given = _Given()
        self._is_other = asyncio.Event()
        """Set when something else was asked than is on the tape."""
        self._told: set[tuple[MarkKind, int]] = set()
        self._simulated_sounds: deque[tuple[MarkKind, int, float]] = deque()
        self._simulations: set[asyncio.Task[None]] = set()
        self._clock = asyncio.get_running_loop().time
        simulated.on_sound = self._hear_simulated

    async def play(self, sound: Sound) -> None:
        """Take a piece of a sentence."""
        question = _question(self._given.number(sound.sentence), sound)
        await self._wait("play", question, self._simulated.play(sound))

    async def drain(self) -> None:
        """Return when the last sample has been heard."""
        await self._wait("drain", None, self._simulated.drain())

    def pause(self) -> None:
        """Fall silent, and keep the rest."""
        self._call("pause", self._simulated.pause, lambda value: None)

    def resume(self) -> None:
        """Go on."""
        self._call("resume", self._simulated.resume, lambda value: None)

    def stop(self) -> list[Played]:
        """Fall silent and forget the rest."""
        heard = self._call("stop", self._simulated.stop, self._given.read)
        self._given.stop()
        return heard

    def played(self) -> list[Played]:
        """Return what has been heard."""
        return self._call("played", self._simulated.played, self._given.read)

    def remaining(self) -> float:
        """Return the seconds that are not heard yet."""
        return self._call("remaining", self._simulated.remaining, float)

    def reference(self, time: float, count: int) -> Samples:
        """Return what was played when the microphone's frames were recorded, which hold its echo."""
        _, (start, _length) = self._references.popleft() if self._references else (0.0, (0, 0))
        return self._player.audio.read("reference", start, count)

    def arrive(self, kind: MarkKind, number: int, at: float) -> None:
        """Take from the tape that a sentence begins or ends to be heard."""
        if not self._is_other.is_set():
            self._tell(kind, number, at)

    async def _wait(self, name: str, question: Json, simulated: Coroutine[Any, Any, None]) -> None:
        """Wait as long as the recorded one did, or, as soon as something else was asked, as the simulated one does."""
        simulation = asyncio.ensure_future(simulated)
        self._simulations.add(simulation)
        simulation.add_done_callback(self._simulations.discard)
        recorded = self._player.find("speaker", [name, question])
        if recorded is None or ticks_of(recorded.opened) != ticks_of(self._clock()):
            self._go_on_alone()
        following = asyncio.ensure_future(self._follow([name, question]))
        other = asyncio.ensure_future(self._is_other.wait())
        try:
            await asyncio.wait([following, other], return_when=asyncio.FIRST_COMPLETED)
            await (simulation if self._is_other.is_set() else following)
        except asyncio.CancelledError:
            simulation.cancel()
            raise
        finally:
            following.cancel()
            other.cancel()

    async def _follow(self, question: Json) -> None:
        if not self._is_other.is_set():
            async with aclosing(self._player.stream("speaker", question, _nobody, _NOTHING)) as pieces:
                async for _ in pieces:
                    pass

    def _call(self, name: str, work: Callable[[], Result], read: Callable[[Json], Result]) -> Result:
        result = work()
        if self._is_other.is_set():
            return result
        at, (recorded, told, value) = self._calls[0] if self._calls else (-1.0, ("", [], None))
        if recorded != name or ticks_of(at) != ticks_of(self._clock()):
            self._go_on_alone()
            return result
        self._calls.popleft()
        for kind, number, sounded_at in told:
            self._tell(kind, number, sounded_at)
        return read(value)

    def _go_on_alone(self) -> None:
        """Let the simulated one be heard from now on."""
        if not self._is_other.is_set():
            self._is_other.set()
            while self._simulated_sounds:
                self._tell(*self._simulated_sounds.popleft())

    def _hear_simulated(self, kind: MarkKind, sentence: Sentence, at: float) -> None:
        self._simulated_sounds.append((kind, self._given.find(sentence), at))
        if self._is_other.is_set():
            self._tell(*self._simulated_sounds.popleft())

    def _tell(self, kind: MarkKind, number: int, at: float) -> None:
        if (kind, number) not in self._told and number < len(self._given):
            self._told.add((kind, number))
            self.on_sound(kind, self._given[number], at)


async def _nobody() -> AsyncGenerator[None, None]:
    """Stand for the loudspeaker that is not there."""
    nothing: tuple[None, ...] = ()
    for each in nothing:
        yield each


def _question(number: int, sound: Sound) -> Json:
    return [number, len(sound.samples), sound.is_last]
