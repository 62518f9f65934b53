"""When the samples of a stream sound or were recorded, by the program's clock, freed of the jitter of callbacks.

A straight line through the measured times of the stream's blocks. It is steady rather than exact: an echo canceller
forgives that a line is 5 ms off, for it learns that with the room, but not that it slides by a sample a second.
"""

from __future__ import annotations

from statistics import median

from voicestream.speaking.drift import Drift

FIRST_MEASURES = 4
MEASURES = 64
"""Times of blocks that are looked at together: few at first, when a stream's delay still settles."""

JUMP = 0.012
"""Seconds that the median of them may be off before the line is moved: then the device lost samples. The times that
PulseAudio tells wander: their medians stay up to 5 ms off for some seconds (measured), to either side."""

DOUBT, MEMORY = 1000.0, 1000
"""Of the drift against the program's clock. On PulseAudio the slope is wrong by one or two millionths then, and a clock
that runs wrong by 200 millionths is followed after 5 minutes; an echo canceller finds it sooner."""


class StreamTime:
    """The line."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._period = 1 / rate
        self._at = 0
        self._time = 0.0
        self._drift = Drift(DOUBT, MEMORY)
        self._offset = 0.0
        """Of the last measured time from one of a clock that runs as it should."""
        self._deviations: list[float] = []
        self.restart()

    def restart(self) -> None:
        """Forget the line, but not the clock's true rate: the next measure sets a new one, as on a new stream."""
        self._is_known = False
        self._enough = FIRST_MEASURES
        self._deviations.clear()

    def note(self, position: int, time: float) -> None:
        """Take the measured clock time of the sample at `position`."""
        if not self._is_known:
            self._at, self._time, self._is_known = position, time, True
        self._deviations.append(time - self.time_of(position))
        if len(self._deviations) < self._enough:
            return
        deviation = median(self._deviations)
        self._deviations.clear()
        held, nominal = self.time_of(position), position / self._rate
        is_new, self._enough = self._enough < MEASURES, min(2 * self._enough, MEASURES)
        is_moved = is_new or abs(deviation) > JUMP
        self._follow(nominal, held + deviation - nominal, is_new)
        self._at, self._time = position, held + deviation if is_moved else held
        self._period = (1 + self._drift.slope) / self._rate

    def _follow(self, nominal: float, offset: float, is_new: bool) -> None:
        """Learn how much too slow the stream's clock runs; a line that was off and is moved says nothing about that."""
        if is_new or abs(offset - self._offset) > JUMP:
            self._drift.restart()
        self._drift.note(nominal, offset)
        self._offset = offset

    def time_of(self, position: float) -> float:
        """Return the clock time of the sample at `position`."""
        return self._time + (position - self._at) * self._period

    def position_of(self, time: float) -> float:
        """Return the position, in samples, of what sounds at `time`."""
        return self._at + (time - self._time) / self._period
