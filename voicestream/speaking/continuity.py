"""Joins the audio of sentences: silence trimmed at both ends, a set pause after each, no clicks.

Works on a stream: what is not silence leaves at once, but for the few milliseconds that a fade may need.
"""

from __future__ import annotations

import numpy as np

from voicestream.vocabulary import Samples

SILENCE_LEVEL = 0.002
"""Amplitude below which a sample counts as silence (-54 dBFS): above Piper's noise, below a soft consonant."""

LEAD = 0.01
"""Seconds kept before the first sound: soft consonants begin below the level."""

TAIL = 0.02
"""Seconds kept after the last sound."""

FADE = 0.003
"""Seconds of the fades at both ends."""


class SentenceTrimmer:
    """Takes the audio of one sentence as it is made; gives it without the silence around it, and with a pause after."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._lead, self._tail, self._fade = (round(seconds * rate) for seconds in (LEAD, TAIL, FADE))
        self._held = np.zeros(0, np.float32)
        self._dropped = 0
        self._has_begun = False

    @property
    def dropped(self) -> float:
        """Seconds of silence dropped before the first sound."""
        return self._dropped / self._rate

    def add(self, samples: Samples) -> Samples:
        """Return what is certain to be played of the audio so far; silence is held until a sound follows it."""
        self._held = np.concatenate((self._held, samples))
        loud = np.flatnonzero(np.abs(self._held) >= SILENCE_LEVEL)
        if not self._has_begun:
            start = max(0, (int(loud[0]) if loud.size else len(self._held)) - self._lead)
            self._dropped += start
            self._held = self._held[start:]
            if not loud.size:
                return np.zeros(0, np.float32)
            self._has_begun = True
            loud = loud - start
            rise = min(self._fade, len(self._held))
            self._held[:rise] *= np.linspace(0, 1, rise, dtype=np.float32)
        if not loud.size:
            return np.zeros(0, np.float32)
        certain = max(0, min(int(loud[-1]) + 1, len(self._held) - self._fade))
        given, self._held = self._held[:certain], self._held[certain:].copy()
        return given

    def finish(self, pause: float) -> Samples:
        """Return the end, faded out, and silence up to `pause` seconds; nothing where all was silence."""
        if not self._has_begun:
            return np.zeros(0, np.float32)
        loud = np.flatnonzero(np.abs(self._held) >= SILENCE_LEVEL)
        last = int(loud[-1]) + 1 if loud.size else 0
        end = self._held[: last + self._tail]
        fall = min(self._fade, len(end))
        end[len(end) - fall :] *= np.linspace(1, 0, fall, dtype=np.float32)
        quiet = len(end) - last + self._lead // 2  # with what the next sentence keeps before its first sound
        self._held = np.zeros(0, np.float32)
        return np.concatenate((end, np.zeros(max(0, round(pause * self._rate) - quiet), np.float32)))
