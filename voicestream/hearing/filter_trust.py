"""Judges an adaptive filter by what it leaves of the echo: whether the levels behind it are to be believed.

Pure; frame after frame in which nobody speaks over the loudspeaker.
"""

from __future__ import annotations

from voicestream.hearing.near_end import DROWNED, power
from voicestream.vocabulary import Samples

TOO_MUCH = 0.5
"""Share of the echo's power that is more than a filter may leave: 3 dB. In simulated rooms it takes 16 to 26 dB, and 11
where the loudspeaker is overdriven."""

WELL = 0.25
"""Share of the echo's power left by the filter under which the levels are believed: 6 dB. In an echo that the filter
does not know yet, what is louder than expected is the loudspeaker, more often than not."""

LEARNS = 100
"""Frames of echo (3 s) after which a new filter may be thought to leave too much: a faint echo is learned slowly."""

FAINT = 1e-4
"""Power of the echo that a new filter is thought to have met: -40 dB, so that the first syllable tells more."""

PATIENCE = 0.03
"""Share of a frame in what is known of the filter: it is judged by the last second."""


class FilterTrust:
    """Neither believes nor doubts a new filter: the first frames of an echo tell."""

    def __init__(self) -> None:
        self._echo, self._left = FAINT, WELL * FAINT
        self._frames = 0

    def judge(self, heard: Samples, left: Samples, noise: float) -> None:
        """Take a frame of echo before and after the filter; `noise` is the power of what else sounds."""
        self._echo += PATIENCE * (max(power(heard) - noise, 0.0) - self._echo)
        self._left += PATIENCE * (max(power(left) - noise, 0.0) - self._left)
        self._frames += 1

    def is_deserved(self, noise: float) -> bool:
        """Tell whether the filter leaves little of the echo, or nothing that is heard in the noise."""
        return self._left < WELL * self._echo + DROWNED * noise

    @property
    def is_lost(self) -> bool:
        """Whether the filter had its time, and leaves too much of the echo all the same."""
        return self._frames >= LEARNS and self._left >= TOO_MUCH * self._echo
