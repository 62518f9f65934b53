"""Takes a microphone's offset off its audio, and lifts quiet speech to the level at which the detector hears best.

Measured with Silero 6 on 129 recordings: at 1 % of their level 23 go unheard without the gain, and 12 of 129 with an
offset of 0.3.
"""

from __future__ import annotations

import math

import numpy as np

from voicestream.vocabulary import FRAME_SAMPLES, FRAME_SECONDS, Samples

TARGET = 0.03
"""Level, root mean square, to which a quiet voice is lifted; the detector needs no more."""

GAIN_MAX = 20.0
"""26 dB: with more, a television two rooms away becomes a speaker."""

ATTACK = 0.1
"""Share by which the remembered level follows a louder frame: 0.3 s. A gain that falls at once flattens how a voice
sets in: of 38 sentences of people in noise 10 dB below them 6 went unheard so, and 2 with this and the target."""

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
        if level > self._loudest:
            self._loudest += ATTACK * (level - self._loudest)
        else:
            fallen = self._loudest * math.exp(-FRAME_SECONDS / RELEASE)
            self._loudest = max(level, fallen, TARGET / GAIN_MAX)
        louder = centred * np.float32(max(1.0, TARGET / self._loudest))
        lifted: Samples = np.minimum(np.maximum(louder, np.float32(-1)), np.float32(1))
        return lifted


def _mean(samples: Samples) -> np.float32:
    """Return what np.mean does, whose checks take three times as long as its sum of a frame."""
    return np.float32(np.add.reduce(samples) / len(samples))
