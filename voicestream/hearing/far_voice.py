"""Tells voices far away, such as a television in the next room, from somebody who speaks here.

Level alone does not tell: a weak microphone makes everybody quiet. But a room fills the gaps between the syllables, and
several voices fill them too; and it blurs the pulses of the vocal cords. One far voice alone may be the user's, and
counts as such where its gaps are still to be heard.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from voicestream.vocabulary import FRAME_SECONDS, Samples

QUIET = 0.028
"""Root mean square of the loud tenth of the frames under which a voice may be far: 31 dB under full scale."""

FAINT = 1e-4
"""The same, under which nothing can be told: the last bits of the converter are as loud."""

SHALLOW_DB = 12.0
"""Between the loud and the quiet tenth of the frames. Measured on 2 s of synthesized voices through a room of 0.6 s
without a direct path: one voice 8.2 to 15.4, two 8.5 to 13.9, three 6.8 to 9.2. With 13, noise 10 dB under a near voice
would make twice as many recordings count as far."""

DOUBTFUL_DB = 16.0
"""The same, under which a voice may be far: one far voice reaches 15.4. Of 153 near recordings, made as quiet, none is
as shallow and as blurred; with noise 20 dB under the voice 7, 10 dB under it 59."""

BLURRED = 0.12
"""Excess kurtosis of what a linear prediction leaves, under which no vocal cords' pulses stand out: a room fills the
time between them. Of far voices -0.03 to 0.03; of 211 recordings of speech near by, those as shallow have 0.2 and more,
so that none counts as far at any level. With noise 10 dB under the voice, and as quiet, 19 of 106 do (31 by the gaps
alone). Gillespie, Malvar, Florencio: Speech dereverberation via maximum-kurtosis subband adaptive filtering, 2001."""

PREDICTORS = 12
"""Coefficients of the prediction: what the mouth's resonances take."""

SAMPLED = 40
"""Frames whose kurtosis is looked at, of the whole speech: 3 ms of work."""

JUDGED = 0.5
"""Seconds of voice that are needed to tell: a single word may be shallow anywhere."""


def is_far(frames: Sequence[Samples]) -> bool:
    """Say whether the voiced frames, each of shape (FRAME_SAMPLES,), come from far away."""
    return _is_blurred(frames, SHALLOW_DB)


def may_be_far(frames: Sequence[Samples]) -> bool:
    """Say whether they may: then the rest of the speech should be awaited before any word is shown."""
    return _is_blurred(frames, DOUBTFUL_DB)


def _is_blurred(frames: Sequence[Samples], shallow_db: float) -> bool:
    if len(frames) * FRAME_SECONDS < JUDGED:
        return False
    power = np.array([np.dot(frame, frame) / len(frame) for frame in frames]) + 1e-12
    loud, low = np.percentile(power, (90, 10))
    if not FAINT**2 < loud < QUIET**2 or 10 * np.log10(loud / low) >= shallow_db:
        return False
    step = -(-len(frames) // SAMPLED)
    return float(np.median([_kurtosis_of_residual(frame) for frame in frames[::step]])) < BLURRED


def _kurtosis_of_residual(frame: Samples) -> float:
    """Return how much the pulses stand out of what a linear prediction of the frame leaves; 0 for noise."""
    signal = frame.astype(np.float64)
    lags = np.array([np.dot(signal[: len(signal) - lag], signal[lag:]) for lag in range(PREDICTORS + 1)])
    lags[0] = lags[0] * 1.001 + 1e-12  # so that a pure tone can be solved too
    places = np.arange(PREDICTORS)
    predictor = np.linalg.solve(lags[np.abs(places[:, None] - places)], lags[1:])
    residual = np.convolve(signal, [1.0, *-predictor])[PREDICTORS : len(signal)]
    residual -= residual.mean()
    return float(np.mean(residual**4) / (np.mean(residual**2) ** 2 + 1e-30)) - 3.0
