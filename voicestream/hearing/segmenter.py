"""Finds where speech begins, pauses, goes on and ends, from the voice probability of each frame, in audio time only.

Knows nothing of detectors, words or turns; what it says depends on the frames alone, never on when they arrive.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal

import numpy as np

from voicestream.vocabulary import (
    FRAME_SECONDS,
    SAMPLE_RATE,
    Frame,
    Samples,
    Silence,
    SpeechAudio,
    SpeechEnded,
    SpeechEvent,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
)

HYSTERESIS = 0.15
"""How far under the threshold the probability must fall before a running voice counts as ended."""

CUT_SHARE = 0.5
"""A long speech is cut at the best pause in this last share of it."""

_ROUNDING = FRAME_SECONDS / 4
"""Seconds by which a sum of frames may miss a limit: times are floats."""


@dataclass(frozen=True, slots=True)
class SegmenterSettings:
    """The limits of the segmenter; seconds, but for the threshold."""

    threshold: float = 0.5
    """Probability from which a frame counts as a voice."""
    pre_roll: float = 0.6
    min_speech: float = 0.064
    """Voice that makes a speech, within a stretch twice as long: two frames of four, for commands like "Stop."."""
    pause: float = 0.2
    max_wait: float = 2.0
    """Silence that ends the speech."""
    max_speech: float = 25.0


@dataclass(frozen=True, slots=True)
class _Heard:
    """A frame, and what the detector made of it."""

    samples: Samples
    time: float
    end: float
    probability: float
    is_voiced: bool
    is_near: bool
    has_slipped: bool

    def audio(self) -> SpeechAudio:
        return SpeechAudio(self.samples, self.time, self.is_voiced, self.probability, self.is_near, self.has_slipped)


class Segmenter:
    """Turns frames and probabilities into speech events."""

    def __init__(self, settings: SegmenterSettings | None = None) -> None:
        self._settings = settings = settings or SegmenterSettings()
        self._needed = max(1, round(settings.min_speech / FRAME_SECONDS))
        self._window: deque[_Heard] = deque(maxlen=2 * self._needed)
        before = int(settings.pre_roll / FRAME_SECONDS + 0.5)
        self._before: deque[_Heard] = deque(maxlen=before + 2 * self._needed)
        self._state: Literal["silence", "speech", "pause"] = "silence"
        self._is_voice_on = False
        self._voice_end = 0.0
        self._now = 0.0
        self._speech: list[_Heard] = []

    def add(self, frame: Frame, probability: float) -> list[SpeechEvent]:
        """Return what the next frame, and the voice's probability in it, tell."""
        heard = self._hear(frame, probability)
        self._now = heard.end
        self._window.append(heard)
        if self._state == "silence":
            self._before.append(heard)
            return self._start() if self._is_voice_sure() else [Silence(heard.end)]
        self._speech.append(heard)
        events: list[SpeechEvent] = [heard.audio()]
        if self._state == "speech":
            if heard.is_voiced:
                self._voice_end = heard.end
            elif self._silence() >= self._settings.pause - _ROUNDING:
                self._state = "pause"
                self._window.clear()
                events.append(SpeechPaused(self._voice_end, self._now))
        elif self._is_voice_sure():
            self._state = "speech"
            self._voice_end = heard.end
            events.append(SpeechResumed(self._first_voice().time, self._now))
        elif self._silence() >= self._settings.max_wait - _ROUNDING:
            return events + self.close()
        if self._state == "speech" and self._now - self._speech[0].time >= self._settings.max_speech - _ROUNDING:
            events += self._cut()
        return events

    def close(self) -> list[SpeechEvent]:
        """End the running speech at its last voice, if there is one; what follows is a new speech."""
        if self._state == "silence":
            return []
        self._before.clear()  # the pause is silent: as pre-roll of the next speech it doubles no word
        self._before.extend(heard for heard in self._speech if heard.time >= self._voice_end - _ROUNDING)
        self._state = "silence"
        self._is_voice_on = False
        self._speech = []
        self._window.clear()
        return [SpeechEnded(self._voice_end, self._now)]

    def finish(self) -> list[SpeechEvent]:
        """Return what the end of the stream tells."""
        return self.close()

    def _hear(self, frame: Frame, probability: float) -> _Heard:
        threshold = self._settings.threshold - (HYSTERESIS if self._is_voice_on else 0.0)
        self._is_voice_on = probability >= max(threshold, 0.01)
        end = frame.time + len(frame.samples) / SAMPLE_RATE
        is_voiced = self._is_voice_on
        return _Heard(frame.samples, frame.time, end, probability, is_voiced, frame.is_near, frame.has_slipped)

    def _is_voice_sure(self) -> bool:
        return sum(heard.is_voiced for heard in self._window) >= self._needed

    def _first_voice(self) -> _Heard:
        return next(heard for heard in self._window if heard.is_voiced)

    def _silence(self) -> float:
        return self._now - self._voice_end

    def _start(self) -> list[SpeechEvent]:
        first = self._first_voice().time
        earliest = first - self._settings.pre_roll - _ROUNDING
        self._speech = [heard for heard in self._before if heard.time >= earliest]
        self._before.clear()
        self._state = "speech"
        self._voice_end = max(heard.end for heard in self._window if heard.is_voiced)
        return [SpeechStarted(first, self._now), *(heard.audio() for heard in self._speech)]

    def _cut(self) -> list[SpeechEvent]:
        """End the speech at its best pause and begin the next one there, with the audio that follows."""
        index = _best_pause(self._speech, round(self._settings.pause / FRAME_SECONDS))
        ending, self._speech = self._speech[:index], self._speech[index:]
        cut = ending[-1].end
        voices = [heard for heard in self._speech if heard.is_voiced]
        first = voices[0].time if voices else cut
        return [
            SpeechEnded(cut, self._now, is_cut=True),
            SpeechStarted(first, self._now),
            *(heard.audio() for heard in self._speech),
        ]


def _best_pause(speech: list[_Heard], pause: int) -> int:
    """Return the index of the frame after the best place for a cut, in the last part of a speech.

    That is the middle of the last silence of `pause` frames, where the transcript may have begun anew; without any,
    the place with the least voice, and the quietest.
    """
    start = int(len(speech) * (1 - CUT_SHARE))
    silence = 0
    for index in range(len(speech) - 1, start, -1):
        silence = 0 if speech[index].is_voiced else silence + 1
        if silence >= pause:
            return index + silence // 2
    probability = np.array([heard.probability for heard in speech])
    level = np.array([np.sqrt(np.mean(np.square(heard.samples)) + 1e-12) for heard in speech])
    loudness = level / max(float(np.percentile(level, 90)), 1e-6)
    voice = np.convolve(probability + np.minimum(loudness, 1.0), np.ones(5) / 5, mode="same")
    inner = voice[start:-3] if len(speech) - start > 3 else voice[start:]
    lowest = np.flatnonzero(inner <= inner.min() + 0.02)
    return min(max(start + int(lowest[-1]) + 1, 1), len(speech) - 1)
