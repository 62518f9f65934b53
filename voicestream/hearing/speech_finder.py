"""From frames to speech events: level, detector, segmenter, in this order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from voicestream.hearing.level import Level
from voicestream.hearing.segmenter import Segmenter, SegmenterSettings
from voicestream.parts import SpeechDetector
from voicestream.vocabulary import Frame, SpeechEvent

NEAR, NEAR_MOST = 0.55, 0.7
"""What is added to the probability of a voice in a frame that is louder than echo and noise can be, and what it becomes
at most: somebody or something is near then, and the words tell which. Over the loudspeaker, after frames that were
silenced, the detector is slow to believe. At most so sure, that a cough's phantom words are not believed for it."""

FADED = 1e-3
"""Amplitude of the fading offset under which a frame that was silenced is silent: -60 dB."""


class SpeechFinder:
    """Turns the frames of one stream into speech events: rates what came, and adds it frame by frame."""

    def __init__(self, detector: SpeechDetector, settings: SegmenterSettings | None = None) -> None:
        self._detector = detector
        self._segmenter = Segmenter(settings)
        self._level = Level()
        self._detector_level = Level()

    def rate(self, frames: Sequence[Frame]) -> list[tuple[Frame, float]]:
        """Return the next frames without the microphone's offset, and the probability of a voice in each."""
        centred = self._level.centred(np.stack([frame.samples for frame in frames]))
        voices = centred.copy()
        for voice, frame in zip(voices, frames, strict=True):
            if frame.for_detector is not None:
                voice[:] = self._detector_level.centred(frame.for_detector[np.newaxis])
                if not frame.for_detector.any() and np.abs(voice).max() < FADED:
                    voice[:] = 0.0  # what the detector knows by heart
        probabilities = self._detector.probabilities(self._detector_level.lifted(voices))
        return [
            (replace(frame, samples=samples), _near(probability) if frame.is_near else probability)
            for frame, samples, probability in zip(frames, centred, probabilities, strict=True)
        ]

    def add(self, frame: Frame, probability: float) -> list[SpeechEvent]:
        """Return what the next frame tells, as it was rated."""
        return self._segmenter.add(frame, probability)

    def find(self, frames: Sequence[Frame]) -> list[SpeechEvent]:
        """Return what the next frames tell."""
        return [event for frame, probability in self.rate(frames) for event in self.add(frame, probability)]

    def close(self) -> list[SpeechEvent]:
        """End the running speech at its last voice; what follows is a new speech."""
        return self._segmenter.close()

    def finish(self) -> list[SpeechEvent]:
        """Return what the end of the stream tells."""
        return self._segmenter.finish()


def _near(probability: float) -> float:
    return max(probability, min(probability + NEAR, NEAR_MOST))
