"""Finds that an echo comes suddenly earlier or later than a filter expects it: a device dropped or repeated samples.

Pure; frame after frame. What the filter learned of the room stays true, a little later or earlier.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from voicestream.hearing.near_end import power
from voicestream.vocabulary import FRAME_SAMPLES, SAMPLE_RATE, Samples

FARTHEST = 160
"""Samples (10 ms) by which an echo may slip at once; what slips farther is measured anew, which takes seconds."""

MISFIT = 0.2
"""Share of the echo's power left by the filter from which it may have slipped: 7 dB."""

EXPLAINED, BETTER = 0.2, 4.0
"""Share of the echo's power that is left at most where it is expected after a slip, and how many times more is left
where it was expected before. A voice over it leaves more in both places."""

LOUD = 2.0
"""Times the noise's power from which an echo tells where it is."""

FITS = 30
"""Frames (1 s) for which an echo that fitted is remembered; one that never fitted has not slipped."""

ALIKE, LITTLE = 1.5, 0.03
"""Times the least that may be left at a nearer place, and share of the echo's power that may be in any case: a vowel is
like itself one period later."""

ABOUT = 4
"""Samples about such a place among which the best is taken."""


class EchoSlip:
    """Compares what the microphone heard with the echo that was expected, some samples earlier and later."""

    def __init__(self) -> None:
        self._echo = np.zeros(FRAME_SAMPLES + 2 * FARTHEST, np.float32)
        """What was expected; of what comes after the frame nothing is known yet."""
        self._fits = 0

    def add(self, near: Samples, echo: Samples, noise: float) -> float:
        """Take a frame and the echo expected in it; return by how many seconds the echo is later now, mostly 0.

        `noise` is the power of what else sounds. After a slip the filter has to be moved.
        """
        self._echo[:FARTHEST] = self._echo[FRAME_SAMPLES:-FARTHEST]
        self._echo[FARTHEST:-FARTHEST] = echo
        loud = power(near) - noise
        if loud < LOUD * noise:
            return 0.0
        if power(near - echo) - noise < MISFIT * loud:
            self._fits = FITS
            return 0.0
        self._fits -= 1
        later = self._find(near, noise) if self._fits > 0 else 0.0
        if later:
            self._echo[:] = 0.0  # it was expected elsewhere
        return later

    def _find(self, near: Samples, noise: float) -> float:
        left = self._left(near, noise)
        least = float(left.min())
        if least > EXPLAINED or BETTER * least > left[FARTHEST]:
            return 0.0
        places = np.flatnonzero(left <= max(ALIKE * least, LITTLE))
        nearest = int(places[np.argmin(np.abs(places - FARTHEST))])
        first = max(0, nearest - ABOUT)
        place = first + int(np.argmin(left[first : nearest + ABOUT + 1]))
        if not 0 < place < len(left) - 1:
            return 0.0
        before, middle, after = (float(value) for value in left[place - 1 : place + 2])
        between = 0.5 * (after - before) / (before - 2 * middle + after)
        return (FARTHEST - place + between) / SAMPLE_RATE

    def _left(self, near: Samples, noise: float) -> NDArray[np.float64]:
        """Return the share of the echo's energy that is left with the echo that much later or earlier, latest first.

        Of an echo that is earlier, only the beginning of the frame is compared: what follows is not expected yet.
        """
        likeness = np.correlate(self._echo, near, "valid")
        expected = _sums_of_squares(self._echo)
        heard = _sums_of_squares(near)
        compared = np.minimum(FRAME_SAMPLES, FRAME_SAMPLES + FARTHEST - np.arange(2 * FARTHEST + 1))
        rest = heard[compared] + expected[FRAME_SAMPLES:] - expected[:-FRAME_SAMPLES] - 2 * likeness
        left: NDArray[np.float64] = (rest - noise * compared) / (heard[compared] - noise * compared + 1e-9)
        return left


def _sums_of_squares(samples: Samples) -> NDArray[np.float64]:
    """Return the energies of the first 0, 1, 2 ... samples."""
    return np.concatenate(([0.0], np.cumsum(np.square(samples, dtype=np.float64))))
