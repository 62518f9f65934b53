"""From frames to speech events: level, detector, segmenter, in this order, for each frame."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace

from voicestream.hearing.level import Level
from voicestream.hearing.segmenter import Segmenter
from voicestream.parts import SpeechDetector
from voicestream.vocabulary import Frame, SpeechEvent


class SpeechFinder:
    """Turns the frames of one stream into speech events."""

    def __init__(self, detector: SpeechDetector, segmenter: Segmenter) -> None:
        self._detector = detector
        self._segmenter = segmenter
        self._level = Level()

    def add(self, frame: Frame) -> list[SpeechEvent]:
        """Return what the next frame tells."""
        centred = self._level.centred(frame.samples)
        probability = self._detector.probability(self._level.lifted(centred))
        return self._segmenter.add(replace(frame, samples=centred), probability)


async def find_speech(
    frames: AsyncIterator[Frame], detector: SpeechDetector, segmenter: Segmenter
) -> AsyncGenerator[SpeechEvent, None]:
    """Yield the speech events of a stream; the segmenter may be closed from outside between two frames."""
    finder = SpeechFinder(detector, segmenter)
    async for frame in frames:
        for event in finder.add(frame):
            yield event
    for event in segmenter.finish():
        yield event
