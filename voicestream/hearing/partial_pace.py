"""When the next partial transcript may be made, so that partials cost a set share of a processor core and no more."""

from __future__ import annotations

REST = 8.0
"""After a decode that took too long there is none for this many times its length: a machine that is busy for a moment
gets partials again, one that is too slow gets hardly any."""

SLOW, SHORT = 0.3, 6.0
"""Seconds of a decode from which none is made in the first seconds of a speech, but at a pause: most are over by then,
and the final text would wait for the partial's end."""

HEARS_LITTLE = 1.0
"""Seconds of a speech within which its first partial tells how slow a recognizer is; one that had to wait for its share
has more to decode."""

IN_VAIN = 1.5
"""Seconds that a final decode may take which is begun before the pause is certain: who goes on waits for its end."""

CREDIT = 0.3
"""Seconds by which a start that came late may be made up for; more would become a burst after a rest."""


class PartialPace:
    """Paces decodes by what the last ones cost; all times are audio time, so nothing here reads a clock."""

    def __init__(self, share: float, interval: float, longest: float = 1.0) -> None:
        """`share` of one core; `interval`: seconds of new audio that a partial is worth; `longest`: of one decode."""
        self._share = share
        self._interval = interval
        self._longest = longest
        self._paid = float("-inf")
        """When the share has earned all that was spent."""
        self._cost = 0.0
        self._began = float("-inf")
        self._started = float("-inf")
        self._duration = 0.0
        self._first_duration = 0.0
        """Of the last first partial of a speech that heard little."""
        self._is_first = True

    def is_due(self, now: float) -> bool:
        """Whether a partial may start; never where it would make the final one wait for too long.

        Half of what it will cost is earned before it, half after it: so at any time no more is missing or left over
        than half of one, and a long speech, whose partials cost more and more, takes no more than its share.
        """
        if self._first_duration > SLOW and now < self._began + SHORT:
            return False
        rest = REST * self._duration if self._duration > self._longest else self._interval
        return now >= self._paid + self._half() and now >= self._started + rest

    @property
    def is_quick(self) -> bool:
        """Whether a decode takes so little time that an early final one may be made in vain; it is paid for later."""
        return self._duration <= IN_VAIN

    def begin(self, now: float) -> None:
        """Note the start of a speech."""
        self._began = self._started = now
        self._is_first = True

    def start(self, now: float) -> None:
        """Note the start of a partial, or that a speech goes on after a pause."""
        self._started = now

    def spend(self, cost: float, duration: float, *, is_partial: bool) -> None:
        """Note what a decode took: seconds of a core, and seconds; a final one only tells how long they take."""
        self._duration = duration
        if is_partial:
            if self._is_first and self._started < self._began + HEARS_LITTLE:
                self._first_duration = duration
            self._is_first = False
            self._cost = cost
            self._paid = max(self._paid, self._started - CREDIT - self._half()) + cost / self._share

    def _half(self) -> float:
        """Return the seconds in which half of a partial like the last one is earned."""
        return self._cost / self._share / 2
