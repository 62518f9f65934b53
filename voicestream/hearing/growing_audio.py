"""Tells whether audio is the same speech as before, grown longer, and what of it is new."""

from __future__ import annotations

import numpy as np

from voicestream.vocabulary import Samples


class GrowingAudio:
    """The audio of a speech as it was heard last."""

    def __init__(self) -> None:
        self._heard: Samples = np.zeros(0, np.float32)

    def continues(self, audio: Samples) -> bool:
        """Say whether `audio` begins with all that was heard, and something was."""
        known = self._heard.size
        return 0 < known <= audio.size and np.array_equal(audio[:known], self._heard)

    def add(self, audio: Samples) -> Samples:
        """Return what is new in `audio`, all of it where it is another speech."""
        new = audio[self._heard.size :] if self.continues(audio) else audio
        self._heard = audio.copy()  # the caller may write into its buffer
        return new

    def forget(self) -> None:
        """Begin anew: whatever comes next is another speech."""
        self._heard = np.zeros(0, np.float32)
