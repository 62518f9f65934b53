"""Short sounds for moments without words: woken, understood, failed. Made here: no file, no licence."""

from __future__ import annotations

from typing import Literal

import numpy as np

from voicestream.vocabulary import Sentence, Sound

TONES = {"wake": (660, 880), "end": (880, 660), "error": (330, 330)}
"""Hertz, one after the other: rising, falling, low."""

TONE_SECONDS = 0.07
LOUDNESS = 0.2


def make_chime(sound: Literal["wake", "end", "error"], rate: int) -> Sound:
    """Return two tones, each fading in and out, at `rate` hertz; it belongs to no sentence."""
    count = round(TONE_SECONDS * rate)
    fade = np.sin(np.pi * np.arange(count) / count) ** 2
    waves = [LOUDNESS * fade * np.sin(2 * np.pi * pitch * np.arange(count) / rate) for pitch in TONES[sound]]
    return Sound(Sentence(-1, "", ""), np.concatenate(waves).astype(np.float32), is_last=True)
