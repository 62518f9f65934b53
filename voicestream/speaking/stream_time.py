"""When the samples of a stream sound or were recorded, by the program's clock, freed of the jitter of callbacks."""

from __future__ import annotations

from collections import deque
from statistics import median

FIRST_MEASURES = 4
MEASURES = 64
"""Times of blocks that are looked at together: few at first, when a stream's delay still settles."""

JUMP = 0.005
"""Seconds that the median of them may be off before the line is moved at once. PulseAudio's times jitter by ±10 ms, and
every move costs an echo canceller its convergence."""

GAIN = 0.05
"""Share of a smaller deviation that is taken up at a time. A sound card's clock runs wrong by up to 200 millionths;
followed smoothly, neither end of an echo path drifts against the other."""


class StreamTime:
    """A straight line through the measured times of a stream's blocks: a slow phase-locked loop of second order."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._period = 1 / rate
        self._at = 0
        self._time = 0.0
        self._is_known = False
        self._enough = FIRST_MEASURES
        self._deviations: deque[float] = deque(maxlen=MEASURES)

    def note(self, position: int, time: float) -> None:
        """Take the measured clock time of the sample at `position`."""
        if not self._is_known:
            self._at, self._time, self._is_known = position, time, True
        self._deviations.append(time - self.time_of(position))
        if len(self._deviations) < self._enough:
            return
        self._enough = min(2 * self._enough, MEASURES)
        deviation = median(self._deviations)
        self._deviations.clear()
        span = position - self._at
        self._at, self._time = position, self.time_of(position)
        if abs(deviation) > JUMP:
            self._time += deviation
        elif span:
            self._time += GAIN * deviation
            self._period += GAIN**2 / 4 * deviation / span

    def restart(self) -> None:
        """Forget the line, but not the clock's true rate: the next measure sets a new one, as on a new stream."""
        self._is_known = False
        self._enough = FIRST_MEASURES
        self._deviations.clear()

    def time_of(self, position: float) -> float:
        """Return the clock time of the sample at `position`."""
        return self._time + (position - self._at) * self._period

    def position_of(self, time: float) -> float:
        """Return the position, in samples, of what sounds at `time`."""
        return self._at + (time - self._time) / self._period
