"""How fast one clock runs away from another: the slope of a line through offsets that are measured now and then."""

from __future__ import annotations


class Drift:
    """A regression that forgets, and that doubts every slope until its measurements lie far enough apart in time."""

    def __init__(self, doubt: float, memory: int) -> None:
        """`doubt` is in seconds: the noise of a measurement over the drift that two clocks may have."""
        self._doubt = doubt * doubt
        self._kept = 1 - 1 / memory
        """Share of the weight of all measurements that is left at the next one."""
        self._square = self._product = 0.0
        self.restart()

    @property
    def slope(self) -> float:
        """Seconds of offset in a second of time."""
        return self._product / (self._square + self._doubt)

    def restart(self) -> None:
        """The next offset has nothing to do with those before; their slope stays."""
        self._weight = 0.0
        self._mean_time = self._mean_offset = 0.0

    def note(self, time: float, offset: float) -> None:
        """Take a measured offset; both in seconds."""
        self._weight = self._kept * self._weight + 1
        later, further = time - self._mean_time, offset - self._mean_offset
        self._mean_time += later / self._weight
        self._mean_offset += further / self._weight
        # The first after a restart has no weight here: then it is the mean itself.
        self._square = self._kept * self._square + later * (time - self._mean_time)
        self._product = self._kept * self._product + later * (offset - self._mean_offset)
