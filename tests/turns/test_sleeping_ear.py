"""What is said while nobody calls the assistant goes nowhere; what comes with the call is heard from its beginning."""

from __future__ import annotations

import random

import numpy as np
import pytest

from voicestream.hearing.sleeping_ear import SleepingEar
from voicestream.vocabulary import (
    FRAME_SAMPLES,
    FRAME_SECONDS,
    Silence,
    SpeechAudio,
    SpeechEnded,
    SpeechEvent,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
)


def audio(frame: int) -> SpeechAudio:
    return SpeechAudio(np.full(FRAME_SAMPLES, frame, np.float32), frame * FRAME_SECONDS)


def speech(begin: int, end: int) -> list[SpeechEvent]:
    time = end * FRAME_SECONDS
    return [
        SpeechStarted(begin * FRAME_SECONDS, begin * FRAME_SECONDS),
        *(audio(frame) for frame in range(begin, end)),
        SpeechPaused(time, time),
        SpeechEnded(time, time),
    ]


def test_asleep_only_time_goes_by() -> None:
    ear = SleepingEar(1.0)
    heard = [out for event in speech(0, 50) for out in ear.add(event, is_asleep=True)]
    assert all(isinstance(event, Silence) for event in heard)
    assert [event.time for event in heard] == pytest.approx([(frame + 1) * FRAME_SECONDS for frame in range(50)])


def test_awake_everything_is_passed_on() -> None:
    ear = SleepingEar(1.0)
    for event in speech(0, 9):
        [heard] = ear.add(event, is_asleep=False)
        assert heard is event


def test_a_call_in_the_midst_of_a_speech_brings_its_last_seconds() -> None:
    ear = SleepingEar(10 * FRAME_SECONDS)
    events = speech(0, 100)
    for event in events[:60]:
        ear.add(event, is_asleep=True)
    start, *rest = ear.add(events[60], is_asleep=False)
    assert isinstance(start, SpeechStarted)
    assert start.time == rest[0].time == 48 * FRAME_SECONDS
    assert [int(piece.samples[0]) for piece in rest] == list(range(48, 60))


def test_a_speech_that_was_passed_on_is_passed_on_to_its_end() -> None:
    ear = SleepingEar(1.0)
    events = speech(0, 20)
    for number, event in enumerate(events):
        [heard] = ear.add(event, is_asleep=number > 0)
        assert heard is event


def test_whoever_sleeps_and_wakes_when_every_speech_has_one_beginning_and_one_end() -> None:
    chance = random.Random(1)
    for _ in range(200):
        ear, is_asleep, is_open, last = SleepingEar(chance.random()), True, False, 0.0
        for number in range(6):
            events = speech(100 * number, 100 * number + chance.randrange(1, 60))
            if chance.random() < 0.5:
                time = events[-1].time
                events[-1:-1] = [SpeechResumed(time, time), audio(100 * number + 60), SpeechPaused(time, time)]
            for event in events:
                is_asleep = is_asleep if chance.random() < 0.9 else not is_asleep
                for heard in ear.add(event, is_asleep):
                    match heard:
                        case SpeechStarted():
                            assert not is_open
                            is_open = True
                        case SpeechAudio():
                            assert is_open
                            assert heard.time >= last
                            last = heard.time
                        case SpeechEnded():
                            assert is_open
                            is_open = False
                        case Silence():
                            assert not is_open
                        case _:
                            assert is_open
            assert not is_open
