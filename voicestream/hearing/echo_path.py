"""How much of what the microphone hears is our own loudspeaker, and how late: measured by correlation."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from voicestream.vocabulary import FRAME_SAMPLES, SAMPLE_RATE, Samples

WINDOW = 1.0
"""Seconds that are compared at a time: enough speech for one clear peak."""

SEARCHED = 0.5
"""Seconds of delay that are searched, and as many of advance, because clocks of devices lie: Bluetooth adds 0.3."""

HALF_LIFE = 1.5
"""Seconds after which a measurement counts half for the delay: alone, in noise or under a voice, it may be false."""

LIKE_FROM, LIKE_TO = 100, 2000
"""Hertz between which likeness is measured: above, half a sample of misfit already makes a wire look like a room."""

PIECE_SAMPLES, SLIP_SAMPLES = 2048, 32
"""Likeness is the median of that of short pieces, each at its own best slip: the two clocks' lines still settle, and a
busy machine makes holes."""

FARTHEST_SLIP = 12
"""Samples by which the echo may have become later in a second: no two clocks differ by more than 700 millionths."""

BEFORE, AFTER = 80, 1000
"""Samples (5 and 62 ms) about the delay that show the room, which slips as a whole: its strongest reflection is now
this one, now that."""

SLIPPED = 0.3
"""Likeness to the room before from which a slip is one: 0.33 to 0.97 in rooms while only the loudspeaker sounds."""

AUDIBLE = 1e-3
"""Root mean square of the far end below which nothing can be measured: -60 dB."""

_MARGIN = round(SEARCHED * SAMPLE_RATE)


@dataclass(frozen=True, slots=True)
class Echo:
    """One measurement."""

    delay: float
    """Seconds by which the microphone hears it later than the reference says; negative where it is earlier."""
    sharpness: float
    """Height of the peak of the whitened correlation above its surroundings, in standard deviations."""
    drift: float | None
    """Seconds by which it became later in a second, since the measurement before that; None if that is not known."""


class EchoPath:
    """Collects both ends, and measures again and again while the far end sounds."""

    def __init__(self, every: float = WINDOW) -> None:
        self.every = every
        """Seconds between two measurements."""
        size = round((WINDOW + 2 * SEARCHED) * SAMPLE_RATE)
        self._near, self._far = _Recent(size), _Recent(size)
        self._new = 0
        self._silent = size
        self._seen: Samples = np.zeros(2 * _MARGIN + 1, np.float32)
        """The fading sum of all correlations."""
        self._before: deque[tuple[float, Samples]] = deque()
        """Those of the last second, and when they were measured."""
        self._now = self._compared_at = 0.0

    def near(self, frames: int) -> Samples:
        """Return the last frames of the near end, shape (frames, FRAME_SAMPLES)."""
        return self._near.samples[-frames * FRAME_SAMPLES :].reshape(frames, FRAME_SAMPLES)

    def add(self, near: Samples, far: Samples) -> Echo | None:
        """Take the same stretch of time of both ends at SAMPLE_RATE; return a measurement where one is due."""
        self._silent = 0 if far.any() else self._silent + len(far)
        if self._silent > len(self._far.samples):  # nothing to compare: an idle assistant must cost nothing
            return None
        self._near.add(near)
        self._far.add(far)
        self._new += len(near)
        self._now += len(near) / SAMPLE_RATE
        if self._new < round(self.every * SAMPLE_RATE):
            return None
        self._new = 0
        heard, middle = self._near.samples, self._far.samples[_MARGIN:-_MARGIN]
        if not _is_audible(middle):
            return None
        now = _correlation(heard, middle)
        drift = self._drift(now)
        self._seen *= np.float32(0.5 ** (self.every / HALF_LIFE))
        self._seen += now
        height = np.abs(self._seen)
        lag = int(np.argmax(height))
        sharpness = float(height[lag] / (np.std(self._seen) + 1e-12))
        return Echo((lag - _MARGIN) / SAMPLE_RATE, sharpness, drift)

    def interrupt(self) -> None:
        """Take it that time passes in which neither end is heard: what slips then did not slip within a second."""
        if self._before:
            self._before.clear()
            self._compared_at = self._now + SEARCHED + WINDOW

    def _drift(self, now: Samples) -> float | None:
        """Compare with the correlation of WINDOW before: those that overlap look alike whatever the clocks do."""
        if self._now < self._compared_at:  # what is compared is older than the interruption, in part
            return None
        while len(self._before) > 1 and self._before[1][0] <= self._now - 0.9 * WINDOW:
            self._before.popleft()
        self._before.append((self._now, now))
        then, before = self._before[0]
        if then > self._now - 0.9 * WINDOW or self._compared_at > self._now - 0.9 * WINDOW:
            return None
        slip = _slip(now, before)
        if slip is None:
            return None
        self._compared_at = self._now
        return slip / SAMPLE_RATE / (self._now - then)

    def likeness(self, echo: Echo) -> float:
        """Return the correlation of both ends at the delay of the last measurement, 0 to 1.

        Simulated rooms gave 0.4 to 0.6; a microphone close to a large loudspeaker, whose own sound is 15 dB above the
        room's, up to 0.98. A wire gives 0.99 and more.
        """
        heard = self._near.samples[_MARGIN + round(echo.delay * SAMPLE_RATE) :]
        middle = self._far.samples[_MARGIN:-_MARGIN]
        begins = range(0, len(middle) - PIECE_SAMPLES, PIECE_SAMPLES)
        pieces = [(heard[begin:], middle[begin : begin + PIECE_SAMPLES]) for begin in begins]
        likenesses = [_likeness(near, far) for near, far in pieces if _is_audible(far)]
        return float(np.median(likenesses or [0.0]))

    def move(self, samples: int) -> None:
        """Go on when the far end comes so many samples later from now on: the delay is that much shorter."""
        self._far.move(samples)
        self._seen = _moved(self._seen, -samples)
        self._before = deque((at, _moved(seen, -samples)) for at, seen in self._before)


class _Recent:
    """The last samples of a stream in one piece, which are moved once in a while only."""

    def __init__(self, size: int) -> None:
        self._kept = np.zeros(2 * size, np.float32)
        self._size = self._end = size

    @property
    def samples(self) -> Samples:
        """The last samples, shape (size,)."""
        return self._kept[self._end - self._size : self._end]

    def add(self, samples: Samples) -> None:
        """Take the next ones, and forget the oldest."""
        if self._end + len(samples) > len(self._kept):
            self._kept[: self._size] = self.samples
            self._end = self._size
        self._kept[self._end : self._end + len(samples)] = samples
        self._end += len(samples)

    def move(self, count: int) -> None:
        """Take it that each sample came `count` later."""
        self.samples[:] = _moved(self.samples, count)


def _correlation(near: Samples, middle: Samples) -> Samples:
    """Return how alike `near` and `middle` are at each lag; without a delay `middle` stands at index _MARGIN."""
    size = 1 << (len(near) - 1).bit_length()  # the lags that count do not wrap around
    far_spectrum = np.conj(np.fft.rfft(middle, size))
    cross = np.fft.rfft(near, size) * far_spectrum
    # Whitened (PHAT), so that the peak is one sample wide and not as wide as a vowel's period.
    # Knapp and Carter, The generalized correlation method for estimation of time delay, 1976.
    whitened = np.fft.irfft(cross / (np.abs(cross) + 1e-12), size)[: 2 * _MARGIN + 1]
    return whitened.astype(np.float32)


def _slip(now: Samples, before: Samples) -> float | None:
    """Return by how many samples the room of the correlation `now` is later than `before`; None if they are unlike."""
    lag = int(np.clip(np.argmax(np.abs(before)), BEFORE + FARTHEST_SLIP, len(before) - AFTER - FARTHEST_SLIP))
    room = before[lag - BEFORE : lag + AFTER]
    around = now[lag - BEFORE - FARTHEST_SLIP : lag + AFTER + FARTHEST_SLIP]
    likeness = np.correlate(around, room)
    best = int(np.argmax(likeness))
    if not 0 < best < len(likeness) - 1:
        return None
    if likeness[best] < SLIPPED * np.linalg.norm(room) * np.linalg.norm(around) or not likeness[best]:
        return None
    left, top, right = (float(value) for value in likeness[best - 1 : best + 2])
    return best - FARTHEST_SLIP + 0.5 * (left - right) / (left - 2 * top + right)


def _moved(values: Samples, count: int) -> Samples:
    """Return the values `count` places later, or earlier where that is negative, with zeros in their place."""
    moved = np.zeros_like(values)
    kept = max(0, len(values) - abs(count))
    moved[max(0, count) :][:kept] = values[max(0, -count) :][:kept]
    return moved


def _is_audible(far: Samples) -> bool:
    return bool(np.dot(far, far) >= AUDIBLE**2 * len(far))


def _likeness(near: Samples, far: Samples) -> float:
    """Return the correlation of a short piece with the beginning of `near`, at the best slip of some samples."""
    size = 2 * len(far)
    low = slice(round(LIKE_FROM / SAMPLE_RATE * size), round(LIKE_TO / SAMPLE_RATE * size))
    far_spectrum = np.fft.rfft(far, size)[low]
    # Both are cut off at the same place, so that a slip by a few samples costs little.
    near_spectrum = np.fft.rfft(near[: len(far)], size)[low]
    cross = np.zeros(size // 2 + 1, np.complex64)
    cross[low] = near_spectrum * np.conj(far_spectrum)
    slips = np.fft.irfft(cross, size) * (size / 2)
    best = max(np.abs(slips[:SLIP_SAMPLES]).max(), np.abs(slips[-SLIP_SAMPLES:]).max())
    return float(best / (np.linalg.norm(near_spectrum) * np.linalg.norm(far_spectrum) + 1e-9))
