"""The stages of the pipeline, in the order in which the data flows: each turns one stream into another.

What they decide stands in the pure modules; here are only the loops, and the events that they publish.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import TypeVar

import numpy as np

from voicestream import events as told
from voicestream.config import Config
from voicestream.errors import ModelError
from voicestream.events import Events
from voicestream.hearing.live_transcript import TranscriptSettings, transcribe
from voicestream.hearing.near_end import power
from voicestream.hearing.segmenter import SegmenterSettings
from voicestream.hearing.sleeping_ear import SleepingEar
from voicestream.hearing.speech_finder import SpeechFinder
from voicestream.parts import Delivery, EchoCanceller, Recognizer, Speaker, SpeechDetector, Voice, WakeWordDetector
from voicestream.reply import Reply
from voicestream.speaking.sentences import SentenceSplitter, SplitOptions
from voicestream.speaking.synthesis import SpeakingStyle, synthesize
from voicestream.stages import Channel, ended, stage
from voicestream.turns.turn_taking import TurnTaking
from voicestream.vocabulary import (
    FRAME_SAMPLES,
    FRAME_SECONDS,
    Delta,
    Finish,
    Frame,
    Heard,
    ModelNotice,
    ModelPart,
    Reasoning,
    Samples,
    Sentence,
    Sound,
    SpeechEvent,
    ToolResult,
)

Item = TypeVar("Item")

WAKE_WORD = 1.5
"""Seconds that a wake word takes, and its detector: the question may follow it in the same breath."""

EARLY = 0.3
"""Seconds by which people speak before the button is down."""

LOOK = 0.1
"""Seconds between two looks at a stalled answer: a sentence that seems complete need not wait for the next token."""

RUNS_DRY = 0.4
"""Seconds of sound left at which the best clause so far is released."""

LEVEL_FRAMES = 3
"""Frames between two levels: about ten a second."""


class AudioClock:
    """Tells the program's time of a moment of the microphone's stream."""

    def __init__(self) -> None:
        self._start = 0.0

    def see(self, frame: Frame) -> None:
        """Learn from a frame when it was captured."""
        self._start = frame.captured_at - frame.time - FRAME_SECONDS

    def at(self, audio_time: float) -> float:
        """Return the clock's reading at a moment of the audio."""
        return self._start + audio_time

    def audio_time(self, at: float) -> float:
        """Return the audio time at a reading of the clock."""
        return at - self._start


@stage(ahead=64)
async def cancel_echo(
    frames: AsyncIterator[Frame], canceller: EchoCanceller | None, speaker: Speaker
) -> AsyncGenerator[Frame, None]:
    """Take the assistant's own voice out of the microphone's frames."""
    async for frame in frames:
        yield canceller.cancel(frame, speaker) if canceller else frame


@stage(ahead=64)
async def linger(
    frames: AsyncIterator[Frame], is_over: Callable[[float], bool], quiet: Callable[[], Awaitable[None]] | None = None
) -> AsyncGenerator[Frame, None]:
    """Go on with silence when a recording is over, until the last answer has been heard.

    `is_over` is asked whether nothing is left to be answered or heard of so many seconds. `quiet` is given where a
    recording is read faster than real time: each answer is finished before it goes on.
    """
    last: Frame | None = None
    async for frame in frames:
        if quiet:
            await quiet()
        last = frame
        yield frame
    silence = np.zeros(FRAME_SAMPLES, np.float32)
    time = last.time if last else 0.0
    recorded = time + FRAME_SECONDS if last else 0.0
    while not is_over(recorded):
        await (quiet() if quiet else asyncio.sleep(FRAME_SECONDS))
        time += FRAME_SECONDS
        yield Frame(silence, time, asyncio.get_running_loop().time())


@stage(ahead=64)
async def mute(frames: AsyncIterator[Frame], turn_taking: TurnTaking) -> AsyncGenerator[Frame, None]:
    """Let nothing be heard, kept or sent anywhere while the microphone is muted."""
    silence = np.zeros(FRAME_SAMPLES, np.float32)
    async for frame in frames:
        yield replace(frame, samples=silence) if turn_taking.is_muted else frame


@stage(ahead=64)
async def await_wake_word(
    frames: AsyncIterator[Frame], detector: WakeWordDetector | None, woken: Callable[[float], None]
) -> AsyncGenerator[Frame, None]:
    """Say when the wake word was heard, where one is waited for."""
    async for frame in frames:
        if detector and detector.hears(frame):
            woken(frame.time + FRAME_SECONDS)
        yield frame


@stage(ahead=64)
async def find_speech(
    frames: Channel[Frame],
    detector: SpeechDetector,
    config: Config,
    clock: AudioClock,
    closing: asyncio.Event,
    events: Events,
) -> AsyncGenerator[SpeechEvent, None]:
    """Find where somebody speaks. `closing` is set where the turn is taken: what follows is a new speech.

    The frames that wait are rated together, which takes a third of what they take one by one.
    """
    hearing = config.hearing
    finder = SpeechFinder(
        detector,
        SegmenterSettings(
            threshold=hearing.threshold,
            pre_roll=hearing.pre_roll,
            min_speech=hearing.min_speech,
            pause=hearing.pause,
            max_wait=config.turns.max_wait,
            max_speech=hearing.max_speech,
        ),
    )
    count = 0
    async for first in frames:
        for frame, probability in finder.rate([first, *frames.take()]):
            clock.see(frame)
            if closing.is_set():
                closing.clear()
                for found in finder.close():
                    yield found
            for found in finder.add(frame, probability):
                yield found
            if (count := count + 1) % LEVEL_FRAMES == 0:
                events.emit(told.Level(db=_level_db(frame.samples), speech=round(probability, 3)))
    for found in finder.finish():
        yield found


@stage(ahead=64)
async def await_call(
    speech: AsyncIterator[SpeechEvent], config: Config, turn_taking: TurnTaking
) -> AsyncGenerator[SpeechEvent, None]:
    """Let nothing be written down until the assistant is called, where that takes no transcript."""
    kept = {"wake_word": WAKE_WORD, "push_to_talk": EARLY}.get(config.turns.listening)
    ear = SleepingEar(kept or 0.0)
    async for event in speech:
        for heard in ear.add(event, is_asleep=kept is not None and not turn_taking.is_awake):
            yield heard


@stage(ahead=64)
async def hear(
    speech: AsyncIterator[SpeechEvent], recognizer: Recognizer, config: Config, is_fast: bool
) -> AsyncGenerator[Heard, None]:
    """Write down what is said, while it is said."""
    settings = TranscriptSettings(partials=config.hearing.partials, partial_share=config.hearing.partial_share)
    async with aclosing(transcribe(speech, recognizer, settings, lockstep=is_fast)) as heard:
        async for event in heard:
            yield event


@asynccontextmanager
async def gather(heard: AsyncIterator[Item], inputs: Channel[Item]) -> AsyncGenerator[Channel[Item], None]:
    """Let what is heard flow into `inputs`, beside what is typed, pressed and played; it ends with the hearing."""

    async def pump() -> None:
        try:
            async for event in heard:
                await inputs.put(event)
        except Exception as error:  # a stage ends here: the reader meets it after the items before it
            inputs.end(error)
        else:
            inputs.end()

    task = asyncio.create_task(pump(), name="gather")
    try:
        yield inputs
    finally:
        await ended(task)


@stage(ahead=64)
async def think(reply: Reply, events: Events) -> AsyncGenerator[str, None]:
    """Let the model write the reply. What fails is said in one short sentence, after what was received."""
    try:
        async with aclosing(reply.source(reply.committed)) as parts:
            async for part in parts:
                if text := _take(part, reply, events):
                    yield text
    except ModelError as error:
        reply.finish = "error"
        reply.tell(events, told.ErrorEvent(stage=error.stage, code=error.code, message=str(error)))
        yield reply.say_beside(f"\n\n{error.spoken}")


def _take(part: ModelPart, reply: Reply, events: Events) -> str:
    """Note and publish a part of the answer; return what of it is to be said."""
    reply.note(part)
    match part:
        case Delta(text, is_filler) if text:
            if not is_filler:
                reply.reach("first_delta", events.now())
            reply.tell(events, told.DeltaEvent(turn=reply.turn, text=text))
            return text
        case Reasoning(text):
            reply.tell(events, told.ReasoningEvent(turn=reply.turn, text=text))
        case ToolResult(call, result):
            reply.tell(events, told.ToolEvent(turn=reply.turn, tool=call.name, arguments=call.arguments, result=result))
        case ModelNotice(code, message, spoken):
            reply.tell(events, told.Notice(code=code, message=message))
            return reply.say_beside(f"{spoken}\n\n") if spoken else ""
        case Finish(reason, usage):
            reply.finish, reply.usage = reason, usage
    return ""


@stage(ahead=4)
async def split_sentences(
    deltas: Channel[str], options: SplitOptions, remaining: Callable[[], float]
) -> AsyncGenerator[Sentence, None]:
    """Group the text into sentences, the first clause early, and none later than the speech runs dry.

    `remaining` tells the seconds of sound that are not heard yet.
    """
    splitter = SentenceSplitter(options=options)
    loop = asyncio.get_running_loop()
    is_open, is_begun = True, False
    while is_open:
        try:
            async with asyncio.timeout(LOOK):
                sentences = splitter.add(await anext(deltas), loop.time())
        except TimeoutError:
            sentences = splitter.tick(loop.time())
        except StopAsyncIteration:
            sentences, is_open = splitter.finish(), False
        if is_open and is_begun and not sentences and remaining() < RUNS_DRY:
            sentences = splitter.hurry()
        for sentence in sentences:
            is_begun = True
            yield sentence


@stage(ahead=4)
async def note_sentences(
    sentences: AsyncIterator[Sentence], reply: Reply, events: Events
) -> AsyncGenerator[Sentence, None]:
    """Remember and publish the reply's sentences."""
    async for sentence in sentences:
        reply.note_sentence(sentence, events)
        yield sentence


@stage(ahead=2)
async def speak(
    sentences: AsyncIterator[Sentence], voice: Voice, rate: int, style: SpeakingStyle
) -> AsyncGenerator[Sound, None]:
    """Turn each sentence into sound, a little ahead of the loudspeaker."""
    async with aclosing(synthesize(sentences, voice, rate, style)) as sounds:
        async for sound in sounds:
            yield sound


def louder(sound: Sound, delivery: Delivery) -> Sound:
    """Return the sound as loud as the user asked for."""
    if delivery.volume == 1:
        return sound
    return replace(sound, samples=sound.samples * np.float32(delivery.volume))


def _level_db(samples: Samples) -> float:
    return round(10 * math.log10(power(samples) + 1e-10), 1)
