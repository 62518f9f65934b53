"""Finds that an echo comes suddenly earlier or later than a filter expects it: a device dropped or repeated samples.

Pure; frame after frame. What the filter learned of the room stays true, a little later or earlier.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from voicestream.hearing.near_end import power
from voicestream.vocabulary import FRAME_SAMPLES, SAMPLE_RATE, Samples

FARTHEST = 1600
"""Samples (100 ms) by which an echo may slip at once: a busy machine made holes of 35 to 50 ms (on PulseAudio). What
slips farther is measured anew, which takes seconds."""

A_LITTLE = 160
"""Samples (10 ms) by which it may be earlier and be found in the first whole frame."""

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

Energies = NDArray[np.float64]


class EchoSlip:
    """Compares what the microphone heard with the echo that was expected, some samples earlier and later."""

    def __init__(self) -> None:
        self._near = np.zeros(FARTHEST + FRAME_SAMPLES, np.float32)
        self._echo = np.zeros(FARTHEST + FRAME_SAMPLES, np.float32)
        """What was expected."""
        self._fits = 0

    def add(self, near: Samples, echo: Samples, noise: float) -> float:
        """Take a frame and the echo expected in it; return by how many seconds the echo is later now, mostly 0.

        `noise` is the power of what else sounds. After a slip the filter has to be moved.
        """
        for ring, frame in ((self._near, near), (self._echo, echo)):
            ring[:-FRAME_SAMPLES] = ring[FRAME_SAMPLES:]
            ring[-FRAME_SAMPLES:] = frame
        loud = power(near) - noise
        if loud < LOUD * noise:
            return 0.0
        if power(near - echo) - noise < MISFIT * loud:
            self._fits = FITS
            return 0.0
        self._fits -= 1
        later = self._find(noise) if self._fits > 0 else 0.0
        if later:
            self._echo[:] = 0.0  # it was expected elsewhere
        return later

    def _find(self, noise: float) -> float:
        left = self._left(noise)
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

    def _left(self, noise: float) -> Energies:
        """Return the share of the echo's energy that is left with the echo that much later or earlier, latest first.

        The last frame is compared with what was expected in it and before. Of an echo that is a little earlier only its
        beginning is: what follows is not expected yet. For one that is much earlier, what was heard before is compared
        with what is expected in the last frame.
        """
        heard, expected = self._near[-FRAME_SAMPLES:], self._echo[-FRAME_SAMPLES:]
        known = np.concatenate((self._echo, np.zeros(A_LITTLE, np.float32)))
        counts = np.minimum(FRAME_SAMPLES, FRAME_SAMPLES + FARTHEST - np.arange(FARTHEST + A_LITTLE + 1))
        energies = _sums_of_squares(heard)[counts]
        left = _share(energies, _energies(known), _likeness(known, heard), noise * counts)
        before = slice(-A_LITTLE - 2, None, -1)
        energies, likeness = _energies(self._near)[before], _likeness(self._near, expected)[before]
        left_before = _share(energies, _energies(expected), likeness, noise * FRAME_SAMPLES)
        return np.concatenate((left, left_before))


def _share(heard: Energies, expected: Energies, likeness: Energies, noise: Energies | float) -> Energies:
    """Return what is left of the echo, as a share, for energies of stretches."""
    loud = heard - noise
    left: Energies = (loud + expected - 2 * likeness) / np.maximum(loud, 1e-9)
    left[loud < LOUD * noise] = 1.0  # too soft to tell
    return left


def _energies(samples: Samples) -> Energies:
    """Return the energy of each stretch that is as long as a frame."""
    sums = _sums_of_squares(samples)
    return sums[FRAME_SAMPLES:] - sums[:-FRAME_SAMPLES]


def _sums_of_squares(samples: Samples) -> Energies:
    """Return the energies of the first 0, 1, 2 ... samples."""
    return np.concatenate(([0.0], np.cumsum(np.square(samples, dtype=np.float64))))


def _likeness(samples: Samples, frame: Samples) -> Energies:
    """Return the product of each such stretch with a frame."""
    size = len(samples)  # nothing wraps around in the stretches that are all inside
    spectrum = np.fft.rfft(samples) * np.conj(np.fft.rfft(frame, size))
    return np.fft.irfft(spectrum, size)[: size - FRAME_SAMPLES + 1]
