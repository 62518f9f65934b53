"""A chirp for the loudspeaker, and what the microphone makes of it: how late it is heard, and how loud."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from voicestream.hearing.echo_path import SEARCHED, WINDOW, EchoPath
from voicestream.vocabulary import SAMPLE_RATE, Samples

LOW, HIGH = 100.0, 4000.0
"""Hertz from which to which the chirp rises: what small loudspeakers play and cheap microphones hear."""

CHIRP_DB = -20.0
"""Level of the chirp: that of speech (espeak-ng's is -21 dB)."""

EDGE = 0.02
"""Seconds of fade at both ends, against clicks."""

CLEAR = 6.0
"""Sharpness from which the chirp was heard: noise alone gave 3.6 to 5.3 in 200 tries; simulated rooms gave 7 and more
down to an echo 5 dB below the noise."""

DEEPEST, BELOW_NOISE = -70.0, 12.0
"""Decibels of a voice that the speech detector does not find in silence, and how far below a noise it does not either
(measured with Silero on espeak-ng in a simulated room)."""


@dataclass(frozen=True, slots=True)
class ChirpEcho:
    """What came back of a chirp."""

    is_heard: bool
    delay: float = 0.0
    """Seconds by which the microphone heard it later than the loudspeaker's own times say."""
    level_db: float = 0.0
    """Decibels of the echo against what was played."""
    noise_db: float = -100.0
    """Decibels of the microphone before it, against full scale."""
    likeness: float = 0.0
    """Correlation, 0 to 1: EchoPath.likeness."""


def make_chirp(rate: int) -> Samples:
    """Return WINDOW seconds of a tone that rises by as many octaves in each part, at `rate` Hertz."""
    time = np.arange(round(WINDOW * rate)) / rate
    octaves = np.log(HIGH / LOW)
    phase = 2 * np.pi * LOW * WINDOW / octaves * (np.exp(time / WINDOW * octaves) - 1)
    fade = np.clip(np.minimum(time, WINDOW - time) / EDGE, 0, 1)
    return np.asarray(np.sqrt(2) * 10 ** (CHIRP_DB / 20) * np.sin(phase) * fade, np.float32)


def find_chirp(near: Samples, far: Samples) -> ChirpEcho:
    """Compare what was heard with what was played, the same stretch of time at SAMPLE_RATE.

    The chirp needs SEARCHED seconds before and after it; where it was not played whole, nothing was heard.
    """
    margin = round(SEARCHED * SAMPLE_RATE)
    begin = int(np.argmax(far != 0))
    window = slice(begin - margin, begin + round(WINDOW * SAMPLE_RATE) + margin)
    if begin < margin or window.stop > min(len(near), len(far)):
        return ChirpEcho(False)
    near, far = near[window], far[window]
    path = EchoPath()
    echo = path.add(near, far)
    noise = _power(near[: margin // 2])
    if echo is None or echo.sharpness < CLEAR:
        return ChirpEcho(False, noise_db=_decibels(noise))
    start = margin + round(echo.delay * SAMPLE_RATE)
    heard = _power(near[start : start + round(WINDOW * SAMPLE_RATE)]) - noise
    level = _decibels(heard / _power(far[margin:-margin]))
    return ChirpEcho(True, echo.delay, level, _decibels(noise), path.likeness(echo))


def needs_cancelling(echo: ChirpEcho) -> bool:
    """Return whether the speech detector would take the assistant's own voice for the user's."""
    return echo.is_heard and CHIRP_DB + echo.level_db > max(DEEPEST, echo.noise_db - BELOW_NOISE)


def _power(samples: Samples) -> float:
    return float(np.mean(np.square(samples))) if len(samples) else 0.0


def _decibels(power: float) -> float:
    return float(10 * np.log10(max(power, 1e-10)))
