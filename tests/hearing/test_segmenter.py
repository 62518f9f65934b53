"""Laws of the segmenter, on scripted probabilities."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from itertools import chain, pairwise

import numpy as np
import pytest

from voicestream.hearing.segmenter import Segmenter, SegmenterSettings
from voicestream.vocabulary import (
    FRAME_SAMPLES,
    FRAME_SECONDS,
    Frame,
    Silence,
    SpeechAudio,
    SpeechEnded,
    SpeechEvent,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
)


def numbered(index: int) -> Frame:
    """A frame whose samples tell its number."""
    return Frame(np.full(FRAME_SAMPLES, index * 1e-6, np.float32), index * FRAME_SECONDS)


def segment(probabilities: Iterable[float], settings: SegmenterSettings | None = None) -> list[SpeechEvent]:
    segmenter = Segmenter(settings)
    events = [event for index, p in enumerate(probabilities) for event in segmenter.add(numbered(index), p)]
    return events + segmenter.finish()


def voice(seconds: float) -> list[float]:
    return [0.95] * round(seconds / FRAME_SECONDS)


def quiet(seconds: float) -> list[float]:
    return [0.02] * round(seconds / FRAME_SECONDS)


def only(kind: type, events: Sequence[SpeechEvent]) -> list:
    return [event for event in events if isinstance(event, kind)]


def speeches(events: Sequence[SpeechEvent]) -> list[list[int]]:
    """The numbers of the frames of each speech up to its end; the silence after it may be the next one's pre-roll."""
    found: list[list[int]] = []
    for event in events:
        match event:
            case SpeechStarted():
                found.append([])
            case SpeechAudio(samples=samples):
                found[-1].append(round(float(samples[0]) / 1e-6))
            case SpeechEnded(time=time):
                found[-1] = [number for number in found[-1] if number * FRAME_SECONDS < time - 0.001]
            case _:
                pass
    return found


def test_speech_has_a_beginning_a_pause_and_an_end() -> None:
    events = segment(quiet(1) + voice(1) + quiet(3))
    started, paused, ended = (only(kind, events)[0] for kind in (SpeechStarted, SpeechPaused, SpeechEnded))
    assert started.time == pytest.approx(31 * FRAME_SECONDS)
    assert started.noticed - started.time == pytest.approx(2 * FRAME_SECONDS)
    assert paused.time == ended.time == pytest.approx(62 * FRAME_SECONDS)
    assert 0.19 <= paused.noticed - paused.time <= 0.23
    assert ended.noticed - ended.time == pytest.approx(2.0, abs=0.04)


def test_every_frame_is_either_silence_or_speech() -> None:
    events = segment(quiet(1) + voice(1) + quiet(3))
    heard = speeches(events)[0]
    assert heard == list(range(heard[0], heard[-1] + 1))
    assert len(only(Silence, events)) + len(only(SpeechAudio, events)) >= len(quiet(1) + voice(1) + quiet(3))


def test_audio_begins_with_the_pre_roll() -> None:
    for pre_roll in (0.0, 0.5, 1.0):
        events = segment(quiet(2) + voice(1), SegmenterSettings(pre_roll=pre_roll))
        started, audio = only(SpeechStarted, events)[0], only(SpeechAudio, events)[0]
        assert started.time - audio.time == pytest.approx(pre_roll, abs=FRAME_SECONDS)


def test_what_the_canceller_tells_of_a_frame_stays_with_it() -> None:
    segmenter, told = Segmenter(), []
    for number in range(40):
        samples = np.full(FRAME_SAMPLES, number, np.float32)
        frame = Frame(samples, number * FRAME_SECONDS, is_near=number == 20, has_slipped=number == 22)
        events = segmenter.add(frame, 0.9)
        told += [
            (event.samples[0], event.is_near, event.has_slipped) for event in events if isinstance(event, SpeechAudio)
        ]
    assert [number for number, is_near, _ in told if is_near] == [20]
    assert [number for number, _, has_slipped in told if has_slipped] == [22]


def test_two_frames_of_four_are_enough_for_a_short_command() -> None:
    assert only(SpeechStarted, segment([*quiet(1), 0.9, 0.1, 0.1, 0.9, *quiet(1)]))
    assert not only(SpeechStarted, segment([*quiet(1), 0.9, 0.1, 0.1, 0.1, 0.9, *quiet(1)]))
    assert not only(SpeechStarted, segment([0.9, *quiet(1)])), "a click at the start"


def test_a_voice_that_weakens_stays_one() -> None:
    dips = [*voice(0.5), *[0.4] * 30, *voice(0.5), *quiet(1)]
    assert len(only(SpeechPaused, segment(dips))) == 1
    assert not only(SpeechStarted, segment([0.4] * 60)), "the same level does not begin one"


def test_going_on_after_a_pause_is_the_same_speech() -> None:
    events = segment(voice(0.5) + quiet(1) + voice(0.5) + quiet(3))
    kinds = [type(event) for event in events if not isinstance(event, (Silence, SpeechAudio))]
    assert kinds == [SpeechStarted, SpeechPaused, SpeechResumed, SpeechPaused, SpeechEnded]


def test_a_click_in_a_pause_is_no_voice() -> None:
    events = segment([*voice(0.5), *quiet(1), 0.9, *quiet(3)])
    assert not only(SpeechResumed, events)
    assert only(SpeechEnded, events)[0].time == pytest.approx(16 * FRAME_SECONDS)


def test_closing_ends_the_speech_at_its_voice_and_the_next_is_new() -> None:
    segmenter = Segmenter()
    script = voice(1) + quiet(0.5)
    before = [event for index, p in enumerate(script) for event in segmenter.add(numbered(index), p)]
    closed = segmenter.close()
    assert [type(event) for event in closed] == [SpeechEnded]
    assert segmenter.close() == []
    later = [event for index, p in enumerate(voice(1), len(script)) for event in segmenter.add(numbered(index), p)]
    assert isinstance(later[1], SpeechStarted)
    assert speeches(before + closed + later)[1][0] >= len(voice(1)), "the pre-roll holds none of the first voice"


def test_a_long_speech_is_cut_at_its_best_pause_and_nothing_is_lost_or_doubled() -> None:
    script = voice(12) + quiet(0.16) + voice(14) + quiet(3)
    events = segment(script, SegmenterSettings(max_speech=20))
    ended = only(SpeechEnded, events)
    assert [event.is_cut for event in ended] == [True, False]
    assert 12 <= ended[0].time <= 12.2
    first, second = speeches(events)
    assert first + second == list(range(first[0], second[-1] + 1))


def test_a_speech_without_any_pause_is_cut_in_time() -> None:
    events = segment(voice(100), SegmenterSettings(max_speech=10))
    heard = speeches(events)
    assert list(chain.from_iterable(heard)) == list(range(len(voice(100))))
    assert all(len(speech) * FRAME_SECONDS <= 10.1 for speech in heard)


def test_any_probabilities_give_well_formed_events() -> None:
    chance = random.Random(3)
    for _ in range(200):
        settings = SegmenterSettings(max_speech=chance.choice([5.0, 25.0]), pre_roll=chance.choice([0.0, 0.6]))
        segmenter = Segmenter(settings)
        events: list[SpeechEvent] = []
        level = 0.1
        for index in range(chance.randint(1, 600)):
            level = chance.random() if chance.random() < 0.06 else level
            events += segmenter.add(numbered(index), min(1, max(0, level + chance.gauss(0, 0.2))))
            if chance.random() < 0.01:
                events += segmenter.close()
        events += segmenter.finish()
        check_grammar(events)
        numbers = list(chain.from_iterable(speeches(events)))
        assert all(before < after for before, after in pairwise(numbers)), "no frame belongs to two speeches"


def check_grammar(events: Sequence[SpeechEvent]) -> None:
    """Started, then audio with pauses that end, then ended; all in the order of time."""
    state = "silence"
    allowed = {
        (Silence, "silence"): "silence",
        (SpeechStarted, "silence"): "speech",
        (SpeechAudio, "speech"): "speech",
        (SpeechAudio, "pause"): "pause",
        (SpeechPaused, "speech"): "pause",
        (SpeechResumed, "pause"): "speech",
        (SpeechEnded, "speech"): "silence",
        (SpeechEnded, "pause"): "silence",
    }
    for event in events:
        assert (type(event), state) in allowed, f"{event} while {state}"
        state = allowed[type(event), state]
        if isinstance(event, (SpeechStarted, SpeechPaused, SpeechResumed, SpeechEnded)):
            assert event.time <= event.noticed + 1e-9
    assert state == "silence"
