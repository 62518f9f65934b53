"""People from recordings, for the conversation bench; when each of their words sounds is estimated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from voicestream.backends.silero import Silero
from voicestream.bench.conversation_script import Lines
from voicestream.bench.rehearsal import SpokenPhrase, at_level
from voicestream.bench.room import HeardWord
from voicestream.bench.spoken_clips import Clip, recordings
from voicestream.errors import UsageError
from voicestream.turns.unfinished import QUESTION_WORDS
from voicestream.vocabulary import FRAME_SAMPLES, SAMPLE_RATE, Samples

_FOLDERS = ("en_cmd/", "en_read/")
_LONGEST = 5.5
"""Seconds of a recording: who interrupts is brief."""
_HOP = SAMPLE_RATE // 100
_OVER_NOISE_DB = 12.0
_UNDER_PEAK_DB = 30.0
_LONGEST_GAP = 6
"""Hops of quiet inside of a word: the stop of a "t"."""
_SHORTEST_SOUND = 3
"""Hops; what is shorter is a click."""
_VOICE, _MAYBE_VOICE = 0.5, 0.35
"""Probability of a frame that is a voice, and of its neighbours in a voice."""
_SHORTEST_VOICE = 3
"""Such frames in a row; the detector takes a click for a voice for one or two."""


def recorded_lines(folder: Path) -> Lines:
    """Return the brief English sentences that people say in the recordings of a folder; raise UsageError."""
    clips = [clip for clip in recordings(("human",), folder, _FOLDERS) if len(clip.audio) <= _LONGEST * SAMPLE_RATE]
    phrases = [cut_phrase(clip) for clip in clips if clip.text]
    questions = [phrase for phrase in phrases if phrase.words[-1].text.endswith("?")]
    if not questions:
        raise UsageError(f"no question of a person is recorded in {folder}: its manifest.tsv tells what is there")
    return Lines(questions, phrases, spoken_by=f"people: {len(phrases)} recordings, {len(questions)} of them questions")


def cut_phrase(clip: Clip) -> SpokenPhrase:
    """Return what is spoken in a clip, from its first sound to its last; raise ValueError where nobody speaks.

    A word takes of the hops that sound, of 10 ms, the share that its letters have of the text: an estimate.
    """
    sounding = _sounding_hops(clip.audio)
    first, last = int(sounding[0]), int(sounding[-1]) + 1
    words = _as_written(clip.text).split()
    letters = np.cumsum([0, *(len(word) + 1 for word in words)])
    places = sounding[np.minimum(letters * len(sounding) // letters[-1], len(sounding) - 1)] - first
    starts, ends = places[:-1], np.append(places[1:-1], last - first)
    seconds = _HOP / SAMPLE_RATE
    heard = tuple(
        HeardWord(word, start * seconds, end * seconds)
        for word, start, end in zip(words, starts.tolist(), ends.tolist(), strict=True)
    )
    return SpokenPhrase(at_level(clip.audio[first * _HOP : last * _HOP]), heard)


def _sounding_hops(audio: Samples) -> NDArray[np.intp]:
    """Return the places of the hops that are loud, in what the detector takes for speech and the sounds next to it.

    The detector alone is late by up to 0.2 s where a word begins with an "s"; loudness alone takes clicks for words,
    and in a recording with noise it loses the last "s": "pause" was cut 0.2 s short, "what time is it" to 0.47 s.
    """
    hops = audio[: len(audio) // _HOP * _HOP].reshape(-1, _HOP)
    level = 10 * np.log10(np.var(hops, axis=1) + 1e-12)
    limit = max(float(np.percentile(level, 10)) + _OVER_NOISE_DB, float(level.max()) - _UNDER_PEAK_DB)
    loud = np.flatnonzero(level > limit)
    voice = _voiced_hops(audio)
    if not len(voice) or not len(loud):
        raise ValueError("a phrase is cut from a recording in which somebody speaks")
    stretches = np.split(loud, np.flatnonzero(np.diff(loud) > _LONGEST_GAP) + 1)
    loud = np.concatenate(
        [each for each in stretches if each[-1] >= voice[0] and each[0] <= voice[-1] and len(each) >= _SHORTEST_SOUND]
    )
    return np.concatenate((voice[voice < loud[0]], loud, voice[voice > loud[-1]]))


def _voiced_hops(audio: Samples) -> NDArray[np.intp]:
    """Return the places of the hops that the detector takes for a voice."""
    frames = audio[: len(audio) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    probability = np.array(Silero().probabilities(frames))
    maybe = np.flatnonzero(probability > _MAYBE_VOICE)
    runs = np.split(maybe, np.flatnonzero(np.diff(maybe) > 1) + 1)
    sure = [run for run in runs if len(run) >= _SHORTEST_VOICE]
    is_voiced = np.zeros(len(frames), bool)
    is_voiced[np.concatenate([maybe[:0], *sure])] = True
    is_voiced &= probability > _VOICE
    return np.flatnonzero(np.repeat(is_voiced, FRAME_SAMPLES)[: len(audio) // _HOP * _HOP : _HOP])


def _as_written(text: str) -> str:
    """Return a bare transcript with the capital and the sign that a recognizer writes."""
    sign = "?" if text.split()[0].lower().replace("'", "") in QUESTION_WORDS["en"] else "."
    return text[0].upper() + text[1:] + sign
