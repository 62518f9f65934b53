"""A television in another room is not written down; somebody who speaks here is, however weak the microphone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
from spoken_sounds import Say, frames_of

from voicestream.backends.whisper import WhisperSettings
from voicestream.bench.hearing_figures import write_down
from voicestream.bench.spoken_clips import Clip
from voicestream.hearing.far_voice import is_far, may_be_far
from voicestream.hearing.live_transcript import LiveTranscript, TranscriptSettings
from voicestream.vocabulary import FRAME_SECONDS, SAMPLE_RATE, Samples, SpeechAudio, SpeechEnded, SpeechStarted

SENTENCES = (
    "he was not an ill disposed young man",
    "the price of bread has gone up again",
    "turn on the kitchen lights please",
    "did you see the game last night",
    "what is the capital of france",
)
VOICES = ("en-us+m1", "en-gb+f2", "en-us+m3")


def television(say: Say, level_db: float, count: int, seed: int = 4) -> Samples:
    """Voices that speak at once, through a room of 0.6 s without a direct path, and a little hiss."""
    chance = np.random.default_rng(seed)
    size = 8 * SAMPLE_RATE
    tail = np.arange(int(0.6 * SAMPLE_RATE)) / (0.6 * SAMPLE_RATE)
    mix = np.zeros(size)
    for index, voice in enumerate(VOICES[:count]):
        order = [SENTENCES[(seed + index * 2 + step) % len(SENTENCES)] for step in range(5)]
        dry = np.concatenate([say(text, voice, before=0.0, after=0.1) for text in order])[:size]
        room = chance.standard_normal(len(tail)) * np.exp(-6.9 * tail)
        wet = np.fft.irfft(np.fft.rfft(dry, 2**18) * np.fft.rfft(room, 2**18), 2**18)[: len(dry)]
        mix[: len(wet)] += wet
    mix *= 10 ** (level_db / 20) / np.sqrt(np.mean(np.square(mix)))
    return (mix + chance.standard_normal(size) * 8e-4).astype(np.float32)


def text_of(folder: Path, audio: Samples) -> str:
    return asyncio.run(write_down(folder, [Clip("", audio)], WhisperSettings(threads=1)))[0]


@pytest.mark.parametrize(
    ("level_db", "count"), [(-35.0, 3), (-40.0, 3), (-45.0, 3), (-35.0, 2), (-40.0, 2), (-45.0, 2), (-50.0, 1)]
)
@pytest.mark.parametrize("seed", [0, 3])
def test_a_television_far_away_has_no_text(tiny: Path, say: Say, level_db: float, count: int, seed: int) -> None:
    assert text_of(tiny, television(say, level_db, count, seed)) == ""


@pytest.mark.parametrize("gain", [1.0, 0.1, 0.02])
def test_somebody_who_speaks_here_is_written_down_at_any_level(tiny: Path, say: Say, gain: float) -> None:
    audio = say("turn on the kitchen lights", before=0.5) * gain
    audio = audio + np.random.default_rng(2).normal(0, 3e-4 * gain, len(audio))
    assert text_of(tiny, audio.astype(np.float32)) == "Turn on the kitchen lights."


def levelled(audio: Samples) -> list[Samples]:
    frames = [frame.samples for frame in frames_of(audio)]
    return [(frame * (0.01 / np.sqrt(np.mean(frame**2)))).astype(np.float32) for frame in frames if frame.any()]


def test_a_quiet_voice_without_gaps_is_near_unless_a_room_blurs_it(say: Say) -> None:
    assert not is_far(levelled(say("turn on the kitchen lights please", before=0.0, after=0.0)))
    assert is_far(levelled(television(say, -35.0, 1)))


def with_gaps(frames: list[Samples], depth_db: float) -> list[Samples]:
    """Every fourth frame weaker, as between syllables."""
    return [frame * (1.0 if place % 4 else 10 ** (-depth_db / 20)) for place, frame in enumerate(frames)]


def test_a_blurred_voice_with_gaps_is_doubtful_and_a_near_one_is_not(say: Say) -> None:
    far = with_gaps(levelled(television(say, -35.0, 1)), 14.0)
    near = with_gaps(levelled(say("turn on the kitchen lights please", before=0.0, after=0.0)), 14.0)
    assert (is_far(far), may_be_far(far)) == (False, True)
    assert (is_far(near), may_be_far(near)) == (False, False)


@pytest.mark.parametrize("is_doubtful", [True, False])
def test_no_word_of_a_doubtful_voice_is_shown_before_it_is_over(say: Say, is_doubtful: bool) -> None:
    frames = with_gaps(levelled(television(say, -35.0, 1)), 14.0 if is_doubtful else 20.0)[:100]
    live = LiveTranscript(TranscriptSettings(partials=True))
    live.add(SpeechStarted(0.0, 0.0))
    for place, frame in enumerate(frames):
        live.add(SpeechAudio(frame, place * FRAME_SECONDS, True, 0.9))
    assert (live.next_request() is not None) != is_doubtful
    end = len(frames) * FRAME_SECONDS
    live.add(SpeechEnded(end, end))
    request = live.next_request()
    assert request is not None
    assert request.is_final
