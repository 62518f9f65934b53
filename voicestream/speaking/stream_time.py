"""When the samples of a stream sound or were recorded, by the program's clock, freed of the jitter of callbacks."""

from __future__ import annotations

from collections import deque
from statistics import median

FIRST_MEASURES = 4
MEASURES = 64
"""Times of blocks that are looked at together: few at first, when a stream's delay still settles."""

TOLERANCE = 0.005
"""Seconds that the median of them may be off before the line is moved: PulseAudio's times jitter by ±10 ms, and every
move costs an echo canceller its convergence."""


class StreamTime:
    """A straight line through the measured times of a stream's blocks, moved only when most of them object."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._start = 0.0
        self._deviations: deque[float] = deque(maxlen=MEASURES)
        self._is_known = False
        self._enough = FIRST_MEASURES

    def note(self, position: int, time: float) -> None:
        """Take the measured clock time of the sample at `position`."""
        if not self._is_known:
            self._start = time - position / self._rate
            self._is_known = True
        self._deviations.append(time - self.time_of(position))
        if len(self._deviations) < self._enough:
            return
        self._enough = min(2 * self._enough, MEASURES)
        if abs(deviation := median(self._deviations)) > TOLERANCE:
            self._start += deviation
            self._deviations.clear()

    def restart(self) -> None:
        """Forget the line: the next measure sets a new one, as after a device was opened again."""
        self._is_known = False
        self._enough = FIRST_MEASURES
        self._deviations.clear()

    def time_of(self, position: float) -> float:
        """Return the clock time of the sample at `position`."""
        return self._start + position / self._rate

    def position_of(self, time: float) -> float:
        """Return the position, in samples, of what sounds at `time`."""
        return (time - self._start) * self._rate
