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

    A word takes of the loud hops, of 10 ms, the share that its letters have of the text: an estimate.
    """
    loud = _loud_hops(clip.audio)
    first, last = int(loud[0]), int(loud[-1]) + 1
    words = _as_written(clip.text).split()
    letters = np.cumsum([0, *(len(word) + 1 for word in words)])
    places = loud[np.minimum(letters * len(loud) // letters[-1], len(loud) - 1)] - first
    starts, ends = places[:-1], np.append(places[1:-1], last - first)
    seconds = _HOP / SAMPLE_RATE
    heard = tuple(
        HeardWord(word, start * seconds, end * seconds)
        for word, start, end in zip(words, starts.tolist(), ends.tolist(), strict=True)
    )
    return SpokenPhrase(at_level(clip.audio[first * _HOP : last * _HOP]), heard)


def _loud_hops(audio: Samples) -> NDArray[np.intp]:
    """Return the places of the hops that are loud, in what the detector takes for speech and the sounds next to it.

    The detector alone is late by up to 0.2 s where a word begins with an "s"; loudness alone takes clicks for words.
    """
    hops = audio[: len(audio) // _HOP * _HOP].reshape(-1, _HOP)
    level = 10 * np.log10(np.var(hops, axis=1) + 1e-12)
    limit = max(float(np.percentile(level, 10)) + _OVER_NOISE_DB, float(level.max()) - _UNDER_PEAK_DB)
    loud = np.flatnonzero(level > limit)
    detector = Silero()
    frames = audio[: len(audio) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    speech = np.flatnonzero([detector.probability(frame) > 0.5 for frame in frames])
    if not len(speech) or not len(loud):
        raise ValueError("a phrase is cut from a recording in which somebody speaks")
    begin, end = speech[0] * FRAME_SAMPLES // _HOP, (speech[-1] + 1) * FRAME_SAMPLES // _HOP
    stretches = np.split(loud, np.flatnonzero(np.diff(loud) > _LONGEST_GAP) + 1)
    return np.concatenate(
        [each for each in stretches if each[-1] >= begin and each[0] < end and len(each) >= _SHORTEST_SOUND]
    )


def _as_written(text: str) -> str:
    """Return a bare transcript with the capital and the sign that a recognizer writes."""
    sign = "?" if text.split()[0].lower().replace("'", "") in QUESTION_WORDS["en"] else "."
    return text[0].upper() + text[1:] + sign
