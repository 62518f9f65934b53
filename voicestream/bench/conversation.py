"""`voicestream bench conversation`: scripted conversations in a simulated room, on the real way of the data.

The assistant, its turn taking, detector, sentences, loudspeaker queue and voice are the real ones; virtual time makes
it faster than real time. The words come from an oracle, so that what is measured is the turn taking.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import TypeVar

import numpy as np

from voicestream import events as told
from voicestream.assistant import Assistant
from voicestream.backends.audio_files import FileSpeaker
from voicestream.backends.silero import Silero
from voicestream.bench.rehearsal import Oracle, Rehearsal, RehearsedVoice, ScriptedThinker, SpokenPhrase
from voicestream.bench.room import VOICE_LEVEL, HeardWord, Room, RoomMicrophone, RoomSettings
from voicestream.bench.virtual_time import run_in_virtual_time
from voicestream.config import Config
from voicestream.errors import UsageError
from voicestream.events import Event, Events
from voicestream.parts import EchoCanceller, Parts, Speaker, SpeechDetector
from voicestream.thinking.delivery import Delivery
from voicestream.thinking.history import History
from voicestream.vocabulary import SAMPLE_RATE, Frame, Samples

E_ = TypeVar("E_", bound=Event)

FIRST_TOKEN = 0.3
"""Seconds that the scripted model needs for its first word."""
VOICE_DELAY = 0.08
"""Seconds that the voice needs for its first sound."""
DECODE = 0.15
"""Seconds that the oracle needs for a decode."""
ASSISTANT_VOICE = "en-us"
PERSONS = ("en-us+f3", "en-gb+m3", "en-gb-scotland+m7", "en-us+f2")

QUESTIONS = (
    "What time is it?",
    "How tall is the Eiffel Tower?",
    "What is the capital of France?",
    "How many people live in Berlin?",
    "Can you tell me a story?",
    "Who wrote the Odyssey?",
    "What is the weather like tomorrow?",
    "How do I boil an egg?",
)
STORY = (
    "Once upon a time there was a small harbour by the northern sea. Every morning the fishermen went out before the "
    "sun was up. An old woman watched them from her window, and counted the sails. One winter the fog came early and "
    "stayed for many weeks. Nobody could see the lighthouse any more, so she hung a lantern on her door. The boats "
    "found their way home by its yellow light. In spring the village gave her a new roof made of red tiles. She "
    "laughed, and said that she had only wanted to read at night. "
)
INTERRUPTIONS = (
    "No, I meant the other one.",
    "Tell me about the mountains instead.",
    "Who was the president back then?",
    "Please set a timer for ten minutes.",
    "Stop.",
    "That is not what I asked.",
    "Wait.",
    "Turn off the kitchen light.",
    "Speak a little louder, please.",
    "What does that mean?",
)
LISTENING = ("Mhm.", "Yeah.", "Okay.", "Uh huh.", "Right.", "I see.")
HALVES = (
    ("I would like to", "book a table for two."),
    ("Can you remind me to", "call my mother tomorrow?"),
    ("So I was", "thinking about the holidays."),
    ("What is the", "fastest way to the station?"),
    ("Put milk, eggs,", "and butter on the list."),
    ("Um", "how far is the moon?"),
    ("I need a recipe with", "rice and beans."),
    ("If it rains tomorrow", "close the windows please."),
    ("Play something by", "Johann Sebastian Bach."),
    ("How long does it take from", "London to Paris?"),
    ("My number is five five two", "nine one four."),
    ("Tell me whether", "the shop is open on Sunday."),
    ("Turn on the lights", "in the kitchen please."),
    ("Wake me up at seven because", "I have to catch a train."),
    ("The meeting is on Monday and", "I want to be there early."),
    ("Could you", "turn it down a little?"),
    ("I think", "we should leave at noon."),
    ("Please write to Anna that", "I will be late."),
    ("Where can I buy", "a good bicycle?"),
    ("Set the temperature to", "twenty one degrees."),
)
"""Sentences with the place where somebody stops to think."""


# ------------------------------------------------------------------------------------------------ the stage


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

    def probability(self, samples: Samples) -> float:
        """Count what the detector takes."""
        with self.effort.spent("detection"):
            return self.detector.probability(samples)


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

    def all(self, kind: type[E_], after: float = -1.0) -> list[E_]:
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

    async def say(self, text: str, level: float = VOICE_LEVEL) -> tuple[float, float]:
        """Let the person say something now; return when their voice begins and ends, and wait for that."""
        return await self.utter(self.rehearsal.phrase(text, self.voice, level))

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

    def perform(self, play: Play, settings: RoomSettings, answer: str = STORY, has_word_times: bool = True) -> Scene:
        """Play one conversation in virtual time, and return what came of it."""

        async def conversation() -> Scene:
            config = Config()
            room = Room(settings, self.far_level)
            events = Events(asyncio.get_running_loop().time)
            async with FileSpeaker(rate=SAMPLE_RATE) as speaker:
                microphone = RoomMicrophone(room, speaker)
                canceller = _WeighedCanceller(self.make_canceller(), self.effort) if self.make_canceller else None
                parts = Parts(
                    microphone=microphone,
                    canceller=canceller,
                    detector=_WeighedDetector(Silero(), self.effort),
                    recognizer=Oracle(room, DECODE, self.errors),
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
                await play(scene)
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
            seed=seed * 1000 + number,
        )
        for number in range(count)
    ]


# -------------------------------------------------------------------------------------------------- the figures


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report."""

    name: str
    value: str
    goal: str
    is_reached: bool


async def ask(scene: Scene, text: str = "") -> float:
    """Let the person ask, and wait until the answer sounds; return when the question ended."""
    _, end = await scene.say(text or scene.random.choice(QUESTIONS))
    await scene.until(told.SoundStarted)
    return end


def measure_self_hearing(stage: Stage, seconds: float, seed: int) -> Figure:
    """Count the turns and interruptions that the assistant's own voice starts."""
    spoken = wrong = pauses = 0.0
    number = 0
    story = STORY * 3

    async def play(scene: Scene) -> None:
        nonlocal spoken, wrong, pauses
        await ask(scene)
        begin = scene.room.now
        await scene.until(told.Answer, limit=300.0)
        spoken += scene.microphone.far_sounded_at - begin
        await asyncio.sleep(3.0)
        wrong += len(scene.all(told.Interrupted)) + len(scene.all(told.Turn)) - 1
        pauses += len(scene.all(told.Paused, after=begin))

    while spoken < seconds:
        stage.perform(play, rooms(number + 1, seed)[number], story)
        number += 1
    rate = wrong / spoken * 3600
    limit = 0.0 if stage.make_canceller else 1.0
    return Figure(
        "hears itself: turns or interruptions by its own voice, per hour of its speech",
        f"{rate:.1f} ({wrong:.0f} in {spoken / 60:.0f} min of {number} rooms, {pauses:.0f} pauses)",
        f"≤ {limit:.0f}",
        rate <= limit,
    )


def measure_interruptions(stage: Stage, count: int, seed: int) -> list[Figure]:
    """Measure how surely and how soon the answer stops for the person, and what the history keeps of it."""
    delays: list[float] = []

    async def play(scene: Scene) -> None:
        await ask(scene)
        await asyncio.sleep(1.0 + 6.0 * scene.random.random())
        begin, end = await scene.say(scene.random.choice(INTERRUPTIONS))
        silent = await scene.silence_after(end)
        if silent is not None:
            delays.append(max(0.0, silent - begin))

    for settings in rooms(count, seed):
        stage.perform(play, settings)
    share = len(delays) / count
    middle, worst = median(delays or [9.9]), float(np.percentile(delays or [9.9], 95))
    return [
        Figure("real interruptions noticed", f"{share:.1%} of {count}", "≥ 95 %", share >= 0.95),
        Figure(
            "from the user's first word to silence, median and p95",
            f"{middle:.2f} s, {worst:.2f} s",
            "≤ 0.3 s, ≤ 0.6 s",
            middle <= 0.3 and worst <= 0.6,
        ),
    ]


def noise_burst(kind: str, seed: int) -> SpokenPhrase:
    """Return a cough, a clap or a slammed door, made of shaped noise."""
    chance = np.random.default_rng(seed)
    seconds, low, high, decay = {
        "cough": (0.45, 300.0, 3000.0, 9.0),
        "clap": (0.12, 800.0, 6000.0, 50.0),
        "door": (0.6, 40.0, 400.0, 8.0),
    }[kind]
    samples = chance.standard_normal(round(seconds * SAMPLE_RATE))
    spectrum = np.fft.rfft(samples)
    hertz = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE)
    spectrum *= (hertz > low) * (hertz < high)
    moments = np.arange(len(samples)) / SAMPLE_RATE
    shaped = np.fft.irfft(spectrum, len(samples)) * np.exp(-decay * moments)
    if kind == "cough":  # two thrusts
        shaped += 0.7 * np.roll(shaped, round(0.22 * SAMPLE_RATE)) * (moments > 0.22)
    return SpokenPhrase((0.3 * shaped / np.max(np.abs(shaped))).astype(np.float32), ())


def measure_disturbances(stage: Stage, count: int, seed: int) -> list[Figure]:
    """Measure what coughs, claps, doors and listening sounds do to an answer."""
    lost: list[str] = []
    resumed: list[float] = []

    async def play(scene: Scene) -> None:
        await ask(scene)
        await asyncio.sleep(1.0 + 4.0 * scene.random.random())
        kind = scene.random.choice(("cough", "clap", "door", "mhm", "mhm"))
        before = scene.room.now
        if kind == "mhm":
            _, end = await scene.say(scene.random.choice(LISTENING))
        else:
            _, end = await scene.utter(noise_burst(kind, scene.room.settings.seed))
        await asyncio.sleep(3.0)
        if scene.all(told.Interrupted) or len(scene.all(told.Turn)) > 1:
            lost.append(kind)
        if any(before < event.time < end + 0.1 for event in scene.all(told.Paused)):
            resumed += [event.time - end for event in scene.all(told.Resumed, after=before)[:1]]

    for settings in rooms(count, seed):
        stage.perform(play, settings)
    share = len(lost) / count
    slowest = max(resumed, default=0.0)
    return [
        Figure(
            'coughs, "mhm", claps, doors that lost the answer',
            f"{share:.1%} of {count}" + (f" ({', '.join(sorted(set(lost)))})" if lost else ""),
            "0 %",
            not lost,
        ),
        Figure(
            "after them the answer goes on within",
            f"{median(resumed or [0.0]):.2f} s, at most {slowest:.2f} s ({len(resumed)} paused)",
            "≤ 0.5 s",
            slowest <= 0.5,
        ),
    ]


def measure_cut_offs(stage: Stage, count: int, seed: int) -> Figure:
    """Count the turns that are answered while the person thinks in the midst of a sentence."""
    cut: list[str] = []

    async def play(scene: Scene) -> None:
        first, second = HALVES[scene.room.settings.seed % len(HALVES)]
        await scene.say(first)
        await asyncio.sleep(0.5 + scene.random.random())
        begin, _ = await scene.say(second)
        await scene.until(told.Answer, limit=40.0)
        turns = {event.turn for event in scene.all(told.Turn)}
        if len(turns) != 1 or scene.all(told.SoundStarted)[0].time < begin:
            cut.append(first)

    for settings in rooms(count, seed, echo=False):
        stage.perform(play, settings, "All right.")
    share = len(cut) / count
    return Figure(
        "turns cut off at a pause of 0.5–1.5 s inside a sentence",
        f"{share:.1%} of {count}" + (f" ({'; '.join(sorted(set(cut)))})" if cut else ""),
        "≤ 5 %",
        share <= 0.05,
    )


def measure_gap(stage: Stage, count: int, seed: int) -> Figure:
    """Measure what the turn taking adds between the end of a question and the first sound of its answer."""
    gaps: list[float] = []

    async def play(scene: Scene) -> None:
        _, end = await scene.say(QUESTIONS[scene.room.settings.seed % len(QUESTIONS)])
        await scene.until(told.Latency)
        for latency in scene.all(told.Latency):
            if latency.first_sound and latency.first_audio and latency.transcript:
                needed = DECODE + latency.first_audio - latency.transcript
                gaps.append(scene.all(told.SoundStarted)[0].time - end - needed)

    for settings in rooms(count, seed, echo=False):
        stage.perform(play, settings)
    middle = median(gaps or [9.9])
    return Figure(
        "gap: end of a complete question to first sound, less what recognizer, model and voice need",
        f"{middle:.2f} s median, {float(np.percentile(gaps or [9.9], 95)):.2f} s p95 of {len(gaps)}",
        "≤ 0.25 s",
        middle <= 0.25,
    )


def measure_history(stage: Stage, count: int, seed: int, has_word_times: bool) -> Figure:
    """Compare the words that the history keeps of interrupted answers with those that really sounded."""
    differences: list[int] = []

    async def play(scene: Scene) -> None:
        await ask(scene)
        await asyncio.sleep(0.5 + 8.0 * scene.random.random())
        _, end = await scene.say("Please tell me something else.")
        if await scene.silence_after(end) is not None:
            heard = scene.all(told.Interrupted)[0].heard
            differences.append(abs(len(heard.split()) - sounded_words(scene)))

    for settings in rooms(count, seed):
        stage.perform(play, settings, has_word_times=has_word_times)
    worst, limit = max(differences, default=99), 0 if has_word_times else 1
    return Figure(
        f"history against what was played, in words, {'with' if has_word_times else 'without'} word times of the voice",
        f"at most {worst}, mean {sum(differences) / max(1, len(differences)):.2f} in {len(differences)}",
        f"≤ {limit}",
        worst <= limit,
    )


def sounded_words(scene: Scene) -> int:
    """Return how many words of the answer sounded, from the loudspeaker's own samples alone."""
    import soxr

    far = np.concatenate(scene.microphone.far)
    far = far[far != 0.0]  # pauses are exact zeros, voices are not
    window = far[-round((_WITNESS + _FADE) * SAMPLE_RATE) : -round(_FADE * SAMPLE_RATE)]
    best, words_before, found = 0.0, 0, 0
    for sentence in scene.all(told.SentenceEvent):
        pieces = scene.rehearsal.speak(sentence.spoken, ASSISTANT_VOICE)
        audio = soxr.resample(np.concatenate([piece.samples for piece in pieces]), pieces[0].rate, SAMPLE_RATE)
        likeness = _correlate(np.concatenate((np.zeros(len(window)), audio)), window)
        place = int(np.argmax(likeness))
        if likeness[place] > best:
            heard = place / SAMPLE_RATE + _FADE
            words = [word for piece in pieces for word in piece.words]
            ends = [*(word.time for word in words[1:]), len(audio) / SAMPLE_RATE]
            spoken_to = [word.end for word, end in zip(words, ends, strict=True) if (word.time + end) / 2 <= heard]
            text = sentence.spoken[: max(spoken_to, default=0)]  # espeak tells "there was" as one word
            best, found = float(likeness[place]), words_before + len(text.split())
        words_before += len(sentence.text.split())
    return found


_FADE = 0.01
"""Seconds at the end of what was played that may be faded."""
_WITNESS = 0.25
"""Seconds at the end of what was played by which its place in the answer is found."""


def _correlate(long: Samples, short: Samples) -> Samples:
    """Return the likeness of `short` to every stretch of `long`, 0 to 1."""
    size = len(long) + len(short)
    product = np.fft.irfft(np.fft.rfft(long, size) * np.conj(np.fft.rfft(short, size)), size)[: len(long) - len(short)]
    energy = np.convolve(long**2, np.ones(len(short)), "valid")[: len(product)]
    likeness = product / np.sqrt(np.maximum(energy * np.sum(short**2), 1e-9))
    return likeness.astype(np.float32)


def measure_effort(stage: Stage) -> Figure:
    """Tell what detection and echo cancellation took of one core so far."""
    seconds = dict(stage.effort.seconds)
    audio = seconds.pop("audio", 1.0)
    total = sum(seconds.values()) / audio
    parts = ", ".join(f"{name} {spent / audio:.4f}" for name, spent in seconds.items())
    return Figure("processor seconds per second of audio", f"{total:.4f} ({parts})", "≤ 0.03", total <= 0.03)


# --------------------------------------------------------------------------------------------------- the command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this bench."""
    parser.add_argument("--conversations", type=int, default=40, help="conversations for each figure (40)")
    parser.add_argument("--minutes", type=float, default=10.0, help="minutes of the assistant's own speech (10)")
    parser.add_argument("--errors", type=float, default=0.05, help="share of words that the oracle gets wrong (0.05)")
    parser.add_argument("--seed", type=int, default=1, help="of rooms, persons and errors (1)")
    parser.add_argument("--canceller", choices=("both", "with", "without"), default="both", help="echo cancellation")
    parser.add_argument("--only", default="", help="measure only figures whose name holds this word")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def run(arguments: argparse.Namespace) -> int:
    """Print the figures as they are measured."""
    with Rehearsal() as rehearsal:
        level = _level_of(rehearsal)
        for make_canceller in _cancellers(arguments.canceller):
            stage = Stage(rehearsal, level, Effort(), make_canceller, arguments.errors)
            name = "with echo cancellation" if make_canceller else "without echo cancellation"
            if not arguments.json:
                sys.stdout.write(f"\n{name}\n")
            for figure in _figures(stage, arguments):
                _print(figure, name, arguments.json)
    return 0


def _figures(stage: Stage, arguments: argparse.Namespace) -> Iterator[Figure]:
    """Yield the figures of the table, one after the other."""
    count, seed = arguments.conversations, arguments.seed
    measures: dict[str, Callable[[], Figure | list[Figure]]] = {
        "itself": lambda: measure_self_hearing(stage, 60 * arguments.minutes, seed),
        "interruptions": lambda: measure_interruptions(stage, count, seed),
        "coughs": lambda: measure_disturbances(stage, count, seed),
        "pauses": lambda: measure_cut_offs(stage, count, seed),
        "gap": lambda: measure_gap(stage, count, seed),
        "history": lambda: [measure_history(stage, count, seed, has_times) for has_times in (True, False)],
        "processor": lambda: measure_effort(stage),
    }
    for name, measure in measures.items():
        if arguments.only in name:
            found = measure()
            yield from found if isinstance(found, list) else [found]


def _cancellers(choice: str) -> list[Callable[[], EchoCanceller] | None]:
    """Return what makes the canceller, for each run; raise UsageError where one is asked for and none is installed."""
    from voicestream.backends.echo_canceller import open_canceller

    def make() -> EchoCanceller:
        canceller = open_canceller()
        if canceller is None:
            raise UsageError("no echo canceller is installed: pip install livekit, or apt install libspeexdsp1")
        return canceller

    choices: dict[str, list[Callable[[], EchoCanceller] | None]]
    choices = {"with": [make], "without": [None], "both": [make, None]}
    return choices[choice]


def _level_of(rehearsal: Rehearsal) -> float:
    """Return how loud the assistant's voice is, root mean square of its voiced frames."""
    samples = np.concatenate([piece.samples for piece in rehearsal.speak(STORY.split(". ")[0] + ".", ASSISTANT_VOICE)])
    powers = np.mean(samples[: len(samples) // 512 * 512].reshape(-1, 512) ** 2, axis=1)
    return float(np.sqrt(np.mean(powers[powers > 0.05 * powers.max()])))


def _print(figure: Figure, run_name: str, as_json: bool) -> None:
    if as_json:
        record = {"run": run_name, "figure": figure.name, "value": figure.value, "goal": figure.goal}
        sys.stdout.write(json.dumps(record | {"reached": figure.is_reached}, ensure_ascii=False) + "\n")
    else:
        sign = "✓" if figure.is_reached else "✗"
        sys.stdout.write(f"  {sign} {figure.name}: {figure.value} (goal {figure.goal})\n")
    sys.stdout.flush()
