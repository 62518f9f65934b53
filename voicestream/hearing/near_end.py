"""Tells when what a linear echo canceller leaves is louder than our own voice could be: then somebody speaks.

A suppressor such as AEC3 takes most of the user's voice with the echo, even where the echo is faint. Here the levels
decide, and so a faint echo hides nobody. Pure; frame after frame.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from voicestream.vocabulary import Samples

STANDS_OUT = 4.0
"""How many times more power than expected of echo and noise makes it somebody's voice: 6 dB."""

DROWNED = 0.25
"""Share of the noise's power below which an echo cannot be heard: nothing need be suppressed."""

TAIL = 0.5
"""Share of the far end's power that is left of its echo a frame (32 ms) later: RT60 of 0.6 s, and some margin."""

RISE, SLOW_RISE = 0.3, 0.01
"""Shares by which the expected leak follows a louder echo a frame, and what is taken for a voice."""

STEEPEST = 1.5
"""Times as much as the frame before that the expected leak may become while the noise drowns it: what is suddenly
louder than the noise is a voice then, and must not be taken for an echo."""

FALL = 0.9
"""Share of the expected leak that is left a frame later, where the echo is fainter: 14 dB a second."""

FIRST_FALL, FIRST = 0.7, 24
"""The same in the first frames of a clear far end, in which nobody is taken for somebody: the echo may come late."""

CLEAR = 0.1
"""Share of the far end's highest power from which a frame tells something of the leak."""

HOLD = 8
"""Frames for which a voice is taken to go on after its last loud frame."""

MEMORY = 48
"""Frames (1.5 s) in which a voice has a gap that shows the noise."""


class NearEnd:
    """Watches the levels of one stream."""

    def __init__(self) -> None:
        self._far = self._far_peak = 0.0
        self._leak = 1.0
        """Power that the canceller leaves of the echo, as a share of the far end's."""
        self.noise = 0.0
        """Power of what sounds besides voices and their echo."""
        self._smooth = 0.0
        self._lowest: deque[float] = deque(maxlen=MEMORY)
        self._hold = 0
        self._clear_frames = 0

    @property
    def is_loud(self) -> bool:
        """Whether there is a sound now, or was lately, that is louder than echo and noise can be."""
        return self._hold > 0

    def add(self, left: Samples, far: Samples) -> bool:
        """Tell whether a voice in it would be somebody's: `left` by a linear canceller, while `far` was played."""
        loudness = power(left)
        self._smooth += 0.3 * (loudness - self._smooth)
        self._lowest.append(self._smooth)
        self.noise = noise = 2.0 * min(self._lowest)
        self._far = max(power(far), TAIL * self._far)
        echo = self._leak * self._far
        is_new = self._clear_frames < FIRST
        is_loud = not is_new and loudness > STANDS_OUT * (noise + echo) + SILENCE
        self._hold = HOLD if is_loud else max(0, self._hold - 1)
        is_drowned = not is_new and echo < DROWNED * noise
        self._learn(loudness - noise, is_loud, is_drowned)
        return self._hold > 0 or is_drowned

    def _learn(self, surplus: float, is_loud: bool, is_drowned: bool) -> None:
        """Follow the echo: quickly when it grows, unless that is a voice."""
        self._far_peak = max(self._far, 0.99 * self._far_peak)
        if self._far > max(CLEAR * self._far_peak, SILENCE):
            leak = max(0.0, surplus) / self._far
            fall = FALL if self._clear_frames >= FIRST else FIRST_FALL
            self._clear_frames += 1
            if leak < self._leak:
                self._leak = max(leak, fall * self._leak)
            else:
                risen = self._leak + (SLOW_RISE if is_loud else RISE) * (leak - self._leak)
                self._leak = min(risen, STEEPEST * self._leak + LEAST) if is_drowned else risen


LEAST = 1e-5
"""The smallest leak that is told from none: -50 dB."""

SILENCE = 1e-6
"""Power below which there is nothing to hear: -60 dB."""


def power(samples: Samples) -> float:
    """Return the mean square."""
    return float(np.dot(samples, samples)) / len(samples)
