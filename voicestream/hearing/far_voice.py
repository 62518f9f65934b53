"""Tells voices far away, such as a television in the next room, from somebody who speaks here.

Level alone does not tell: a weak microphone makes everybody quiet. But a room fills the gaps between the syllables, and
several voices fill them too. One far voice alone may be the user's, and mostly counts as such.
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
without a direct path: one voice 11.8 to 12.4, several 5.4 to 10.5. Of 184 recordings of people 2 are as quiet and as
shallow, with noise 10 dB under the voice 13.5 and more."""

JUDGED = 0.5
"""Seconds of voice that are needed to tell: a single word may be shallow anywhere."""


def is_far(frames: Sequence[Samples]) -> bool:
    """Say whether the voiced frames, each of shape (FRAME_SAMPLES,), come from far away."""
    if len(frames) * FRAME_SECONDS < JUDGED:
        return False
    power = np.array([np.dot(frame, frame) / len(frame) for frame in frames]) + 1e-12
    loud, low = np.percentile(power, (90, 10))
    return bool(FAINT**2 < loud < QUIET**2 and 10 * np.log10(loud / low) < SHALLOW_DB)
