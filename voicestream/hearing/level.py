"""Takes a microphone's offset off its audio, and lifts quiet speech to the level at which the detector hears best.

Measured with Silero 6 on 129 recordings: at 1 % of their level 23 go unheard without the gain, and 12 of 129 with an
offset of 0.3.
"""

from __future__ import annotations

import math

import numpy as np

from voicestream.vocabulary import FRAME_SAMPLES, FRAME_SECONDS, Samples

TARGET = 0.1
"""Level, root mean square, of a voice after the gain."""

GAIN_MAX = 20.0
"""26 dB: with more, a television two rooms away becomes a speaker."""

RELEASE = 8.0
"""Seconds in which the remembered level of the loudest frame falls to a third: a pause must not lift the noise."""

OFFSET_TIME = 0.3
"""Seconds in which a change of the offset is followed; far longer than a period of the deepest voice."""

_SLOPE = np.linspace(0, 1, FRAME_SAMPLES)


class Level:
    """Levels the frames of one stream; depends on nothing but the frames before."""

    def __init__(self) -> None:
        self._offset: float | None = None
        self._loudest = TARGET / GAIN_MAX

    def centred(self, samples: Samples) -> Samples:
        """Return the next frame without its offset, which is followed slowly and without steps."""
        mean = float(_mean(samples))
        before = mean if self._offset is None else self._offset
        self._offset = before + (mean - before) * min(1.0, FRAME_SECONDS / OFFSET_TIME)
        centred: Samples = samples - (before + _SLOPE * (self._offset - before)).astype(np.float32)
        return centred

    def lifted(self, centred: Samples) -> Samples:
        """Return a frame as the detector should hear it; never quieter than it is."""
        level = float(np.sqrt(_mean(np.square(centred))))
        self._loudest = max(level, self._loudest * math.exp(-FRAME_SECONDS / RELEASE), TARGET / GAIN_MAX)
        louder = centred * np.float32(max(1.0, TARGET / self._loudest))
        lifted: Samples = np.minimum(np.maximum(louder, np.float32(-1)), np.float32(1))
        return lifted


def _mean(samples: Samples) -> np.float32:
    """Return what np.mean does, whose checks take three times as long as its sum of a frame."""
    return np.float32(np.add.reduce(samples) / len(samples))
