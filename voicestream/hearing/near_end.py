"""Tells when what a linear echo canceller leaves is louder than our own voice could be: then somebody speaks.

A suppressor such as AEC3 takes most of the user's voice with the echo, even where the echo is faint. Here the levels
decide, and so a faint echo hides nobody; octave by octave, since a vowel stands out of the noise in its own by 10 dB
more than in all of them. Pure; frame after frame.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from voicestream.vocabulary import FRAME_SAMPLES, Samples

STANDS_OUT, ALONE = 4.0, 16.0
"""How many times more power than expected of echo and noise makes it somebody's voice: 6 dB in two octaves, or 12 dB
in one; 12 dB in three is no echo, however little of it is known."""

OCTAVES = (4, 8, 16, 32, 64, 128, 256)
"""Where they begin and end, in steps of SAMPLE_RATE / FRAME_SAMPLES: 125 to 8000 Hz."""

DROWNED = 0.25
"""Share of the noise's power below which an echo cannot be heard: nothing need be suppressed."""

TAIL = 0.5
"""Share of the far end's power that is left of its echo a frame (32 ms) later: RT60 of 0.6 s, and some margin."""

HELD = 2
"""Frames for which a louder far end counts: what the canceller's response is too short for comes later."""

RISE, SLOW_RISE = 0.25, 0.01
"""Shares by which the expected leak follows a louder echo a frame, and what is taken for a voice."""

STEEPEST = 1.5
"""Times as much as the frame before that the expected leak may become while the noise drowns it: what is suddenly
louder than the noise is a voice then, and must not be taken for an echo."""

FALL = 0.9
"""Share of the expected leak that is left a frame later, where the echo is fainter: 14 dB a second."""

FIRST_FALL, FIRST = 0.7, 16
"""The same in the first frames of a clear far end, in which nobody is taken for somebody: the echo may come late."""

CLEAR = 0.1
"""Share of the far end's highest power from which a frame tells something of the leak."""

HOLD, SHORT_HOLD = 8, 1
"""Frames for which a voice may go on after its last loud frame, and for which it is taken to: a cough is over soon."""

RECENT = 3
"""Frames (0.1 s) for which what stood out is remembered: a syllable has gaps."""

MEMORY = 48
"""Frames (1.5 s) in which a voice has a gap that shows the noise."""


class NearEnd:
    """Watches the levels of one stream."""

    def __init__(self) -> None:
        self._octaves = [_Octave() for _ in OCTAVES[1:]]
        self._noise = _Noise()
        self._hold = 0
        self._clear_frames = 0
        self._stood_out = 0
        self.is_unmistakable = False
        """Whether the last frame was louder than even an echo of which little is known."""

    @property
    def is_loud(self) -> bool:
        """Whether there is a sound, or was within SHORT_HOLD frames, that is louder than echo and noise can be."""
        return self._hold >= HOLD - SHORT_HOLD

    def forget_voice(self) -> None:
        """Take it that what was loud just now was no voice."""
        self._hold = 0
        self.is_unmistakable = False

    @property
    def is_new(self) -> bool:
        """Whether too little of the echo was heard to tell it from a voice."""
        return self._clear_frames < FIRST

    @property
    def has_stood_out(self) -> bool:
        """Whether there was more than noise within the last frames, whatever it was."""
        return self._stood_out > 0

    @property
    def noise(self) -> float:
        """Power of what sounds besides voices and their echo, at all frequencies."""
        return self._noise.power

    def add(self, left: Samples, far: Samples) -> bool:
        """Tell whether a voice in it would be somebody's: `left` by a linear canceller, while `far` was played."""
        self._noise.add(power(left))
        for octave, loudness, played in zip(self._octaves, *_octave_powers(left, far), strict=True):
            octave.hear(loudness, played)
        is_new = self.is_new
        *_, third, second, first = sorted(octave.standing_out for octave in self._octaves)
        stands_out = second > STANDS_OUT or first > ALONE
        self._stood_out = RECENT if stands_out else self._stood_out - 1
        self.is_unmistakable = not is_new and third > ALONE
        is_loud = not is_new and stands_out
        self._hold = HOLD if is_loud else max(0, self._hold - 1)
        noise = sum(octave.noise for octave in self._octaves)
        is_drowned = not is_new and sum(octave.echo for octave in self._octaves) < DROWNED * noise
        clear = [octave for octave in self._octaves if octave.is_clear]
        for octave in clear:
            octave.learn(FIRST_FALL if is_new else FALL, SLOW_RISE if is_loud else RISE, is_drowned)
        self._clear_frames += bool(clear)
        return self._hold > 0 or is_drowned


class _Octave:
    """What is known of the echo and the noise in one octave."""

    def __init__(self) -> None:
        self._noise = _Noise()
        self._loudness = self._fading = self._far = self._far_peak = 0.0
        self._held = deque([0.0], HELD)
        self._leak = 1.0
        """Power that the canceller leaves of the echo, as a share of the far end's."""

    @property
    def noise(self) -> float:
        """Power of what sounds besides voices and their echo."""
        return self._noise.power

    @property
    def echo(self) -> float:
        """Power that is expected of the echo."""
        return self._leak * self._far

    @property
    def standing_out(self) -> float:
        """How many times more power there is than expected of echo and noise."""
        return self._loudness / (self.noise + self.echo + SILENCE)

    @property
    def is_clear(self) -> bool:
        """Whether so much is played that the frame tells something of the leak."""
        return self._far > max(CLEAR * self._far_peak, SILENCE)

    def hear(self, loudness: float, played: float) -> None:
        """Take the powers of a frame."""
        self._loudness = loudness
        self._noise.add(loudness)
        self._fading = max(played, TAIL * self._fading)
        self._held.append(self._fading)
        self._far = max(self._held)
        self._far_peak = max(self._far, 0.99 * self._far_peak)

    def learn(self, fall: float, rise: float, is_drowned: bool) -> None:
        """Follow the echo: quickly when it grows, unless that is a voice."""
        leak = max(0.0, self._loudness - self.noise) / self._far
        if leak < self._leak:
            self._leak = max(leak, fall * self._leak)
        else:
            risen = self._leak + rise * (leak - self._leak)
            self._leak = min(risen, STEEPEST * self._leak + LEAST) if is_drowned else risen


class _Noise:
    """Follows what is left in the gaps between voices: the softest of the last MEMORY frames."""

    def __init__(self) -> None:
        self.power = 0.0
        self._smooth = 0.0
        self._frame = 0
        self._softest: deque[tuple[float, int]] = deque()
        """Power and number of each frame that none after it undercuts, so that the first is the softest."""

    def add(self, power: float) -> None:
        """Take that of the next frame."""
        self._smooth += 0.3 * (power - self._smooth)
        self._frame += 1
        while self._softest and self._softest[-1][0] >= self._smooth:
            self._softest.pop()
        self._softest.append((self._smooth, self._frame))
        if self._softest[0][1] <= self._frame - MEMORY:
            self._softest.popleft()
        self.power = 2.0 * self._softest[0][0]


LEAST = 1e-5
"""The smallest leak that is told from none: -50 dB."""

SILENCE = 1e-6
"""Power below which there is nothing to hear: -60 dB."""

_WINDOW = np.hanning(FRAME_SAMPLES).astype(np.float32)
_EDGES = np.searchsorted(OCTAVES, np.arange(OCTAVES[-1]), side="right")
_BANDS = (_EDGES[:, None] == np.arange(1, len(OCTAVES))).astype(np.float32)
_BANDS *= 2.0 / (FRAME_SAMPLES * float(np.sum(np.square(_WINDOW))))
"""Sums squares of a spectrum up to a mean square in each octave, shape (bins, octaves)."""


def _octave_powers(*frames: Samples) -> list[list[float]]:
    """Return of each frame its mean square in each octave."""
    waves = np.fft.rfft(np.array(frames) * _WINDOW)[:, : OCTAVES[-1]]
    powers: list[list[float]] = ((np.square(waves.real) + np.square(waves.imag)) @ _BANDS).tolist()
    return powers


def power(samples: Samples) -> float:
    """Return the mean square."""
    return float(np.dot(samples, samples)) / len(samples)
