"""What the loudspeaker played in the last seconds, at 16 kHz and by clock time: the far end of an echo canceller."""

from __future__ import annotations

from math import gcd

import numpy as np

from voicestream.speaking.stream_time import StreamTime
from voicestream.vocabulary import SAMPLE_RATE, Samples

KEPT = 4.0
"""Seconds: more than any delay of an echo and any backlog of a reader."""

TAPS = 24
"""Zero crossings of the interpolating sinc on each side; with it nothing above 9 kHz folds back louder than -60 dB."""


FINE = 8
"""Places between two samples at which is read, at least: where the clocks of microphone and loudspeaker drift apart,
the reference slides by such steps, 3 µs at 48 kHz."""

AT_ONCE = 16
"""Samples that are read by one row of a multiplication, where the same kernel serves for all of them."""


class Reference:
    """A ring of what was played, read at another rate without the delay of a resampling stream."""

    def __init__(self, rate: int, seconds: float = KEPT) -> None:
        self.time = StreamTime(rate)
        self._ring = np.zeros(round(seconds * rate), np.float32)
        self._end = 0
        common = gcd(rate, SAMPLE_RATE)
        self._phases = FINE * SAMPLE_RATE // common
        self._step = FINE * rate // common
        """Phases from one sample that is read to the next."""
        self._kernels = _kernels(rate, self._phases)
        self._half = self._kernels.shape[1] // 2
        self._has_one_kernel = self._step % self._phases == 0  # as at 48 kHz
        if self._has_one_kernel:
            self._kernels = _staggered(self._kernels, self._step // self._phases)
        self._silent_from = 0

    def add(self, samples: Samples, position: int) -> None:
        """Take what is played at `position` of the stream; at most KEPT seconds; what lies between was silence."""
        gap = min(position - self._end, len(self._ring))
        if gap > 0:
            self._put(np.zeros(gap, np.float32), position - gap)
        if samples.any():
            self._silent_from = position + len(samples)
        self._put(samples, position)

    def read(self, time: float, count: int) -> Samples:
        """Return `count` samples at SAMPLE_RATE from clock time `time` on; zeros where nothing was played."""
        half = self._half
        position = self.time.position_of(time)
        if position - half >= self._silent_from:
            return np.zeros(count, np.float32)
        step = self._step
        tick = round(position * self._phases)
        rows = -(-count // AT_ONCE)
        last_tick = tick + (rows * AT_ONCE - 1) * step
        first, last = tick // self._phases - half, last_tick // self._phases + half
        if last < self._end - len(self._ring):
            return np.zeros(count, np.float32)
        heard = self._slice(first, last)
        if self._has_one_kernel:
            kernel, stride = self._kernels[tick % self._phases], heard.itemsize
            strides = (AT_ONCE * (step // self._phases) * stride, stride)
            windows = np.lib.stride_tricks.as_strided(heard, (rows, len(kernel)), strides, writeable=False)
            read: Samples = (windows @ kernel).reshape(-1)[:count]
            return read
        places, phases = np.divmod(tick + np.arange(count) * step, self._phases)
        windows = np.lib.stride_tricks.sliding_window_view(heard, 2 * half)[places - places[0]]
        sums: Samples = np.einsum("ij,ij->i", windows, self._kernels[phases])
        return sums

    def _put(self, samples: Samples, position: int) -> None:
        begin = position % len(self._ring)
        first = min(len(samples), len(self._ring) - begin)
        self._ring[begin : begin + first] = samples[:first]
        self._ring[: len(samples) - first] = samples[first:]
        self._end = position + len(samples)

    def _slice(self, first: int, last: int) -> Samples:
        """Return what was played from position `first` to `last`; zeros before and after what is kept."""
        heard = np.zeros(last - first, np.float32)
        begin, end = max(first, 0, self._end - len(self._ring)), min(last, self._end)
        if begin < end:
            start = begin % len(self._ring)
            straight = min(end - begin, len(self._ring) - start)
            middle = begin - first + straight
            heard[begin - first : middle] = self._ring[start : start + straight]
            heard[middle : end - first] = self._ring[: end - begin - straight]
        return heard


def _kernels(rate: int, phases: int) -> Samples:
    """Return windowed sincs, one row for each `1 / phases` of a sample, shape (phases, 2 · half)."""
    cutoff = min(1.0, 0.92 * SAMPLE_RATE / rate)
    half = int(np.ceil(TAPS / cutoff))
    offsets = np.arange(-half, half)[None, :] - np.arange(phases)[:, None] / phases
    window = np.cos(np.clip(offsets / half, -1, 1) * np.pi / 2) ** 2
    kernels = cutoff * np.sinc(cutoff * offsets) * window
    kernels /= kernels.sum(axis=1, keepdims=True)
    return np.asarray(kernels, np.float32)


def _staggered(kernels: Samples, step: int) -> Samples:
    """Return a matrix for each kernel that reads AT_ONCE samples, `step` apart; shape (phases, inputs, AT_ONCE)."""
    phases, size = kernels.shape
    matrices = np.zeros((phases, size + (AT_ONCE - 1) * step, AT_ONCE), np.float32)
    for place in range(AT_ONCE):
        matrices[:, place * step : place * step + size, place] = kernels
    return matrices
