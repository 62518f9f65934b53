"""From frames to speech events: level, detector, segmenter, in this order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from voicestream.hearing.level import Level
from voicestream.hearing.segmenter import Segmenter, SegmenterSettings
from voicestream.parts import SpeechDetector
from voicestream.vocabulary import Frame, SpeechEvent

NEAR = 0.3
"""What is added to the probability of a voice that is louder than echo and noise can be. Over the loudspeaker, after
frames that were silenced, the detector is slow to believe: 4 of 80 interruptions went unheard, and 2 with this."""


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
        probabilities = self._detector.probabilities(self._detector_level.lifted(voices))
        return [
            (replace(frame, samples=samples), min(1.0, probability + NEAR) if frame.is_near else probability)
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
