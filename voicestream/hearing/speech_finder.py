"""From frames to speech events: level, detector, segmenter, in this order, for each frame."""

from __future__ import annotations

from dataclasses import replace

from voicestream.hearing.level import Level
from voicestream.hearing.segmenter import Segmenter, SegmenterSettings
from voicestream.parts import SpeechDetector
from voicestream.vocabulary import Frame, SpeechEvent

NEAR = 0.3
"""What is added to the probability of a voice that is louder than echo and noise can be. Over the loudspeaker, after
frames that were silenced, the detector is slow to believe: 4 of 80 interruptions went unheard, and 2 with this."""


class SpeechFinder:
    """Turns the frames of one stream into speech events."""

    probability = 0.0
    """Of a voice in the last frame, 0 to 1."""

    def __init__(self, detector: SpeechDetector, settings: SegmenterSettings | None = None) -> None:
        self._detector = detector
        self._segmenter = Segmenter(settings)
        self._level = Level()
        self._detector_level = Level()

    def add(self, frame: Frame) -> list[SpeechEvent]:
        """Return what the next frame tells; the audio of the events is without the microphone's offset."""
        centred = self._level.centred(frame.samples)
        other = frame.for_detector
        voice = centred if other is None else self._detector_level.centred(other)
        probability = self._detector.probability(self._detector_level.lifted(voice))
        self.probability = min(1.0, probability + NEAR) if frame.is_near else probability
        return self._segmenter.add(replace(frame, samples=centred), self.probability)

    def close(self) -> list[SpeechEvent]:
        """End the running speech at its last voice; what follows is a new speech."""
        return self._segmenter.close()

    def finish(self) -> list[SpeechEvent]:
        """Return what the end of the stream tells."""
        return self._segmenter.finish()
