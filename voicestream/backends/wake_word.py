"""Hears a wake word with a microWakeWord model of the pymicro-wakeword wheel, which brings four of them."""

from __future__ import annotations

import numpy as np

from voicestream.errors import ConfigError, UsageError
from voicestream.vocabulary import Frame

CUTOFF = 0.5
"""Probability that counts. The models' own, 0.85 to 0.97, found 16 of 20 "okay nabu"; 0.5 finds 19, and gave no false
alarm in ten minutes of other speech (measured on espeak-ng and flite)."""

DEAF = 1.0
"""Seconds after a hit in which nothing counts: one spoken word makes the model say yes 7 to 18 times."""


class WakeWord:
    """Listens for one wake word, frame by frame: 0.3 % of a processor core."""

    def __init__(self, phrase: str) -> None:
        """Load the model for `phrase`; raise UsageError without the extra, ConfigError without such a model."""
        try:
            from pymicro_wakeword import MicroWakeWord, MicroWakeWordFeatures, Model
        except ImportError as error:
            raise UsageError(
                "the wake word needs pymicro-wakeword: pip install pymicro-wakeword (or turns.listening: wake_phrase)"
            ) from error
        names = {model.value.replace("_", " "): model for model in Model}
        model = names.get(_plain(phrase))
        if model is None:
            raise ConfigError(f"turns.wake_phrase: no model for {phrase!r}; allowed are {', '.join(sorted(names))}")
        self._model = MicroWakeWord.from_builtin(model)
        self._model.probability_cutoff = CUTOFF
        self._features = MicroWakeWordFeatures()
        self._deaf_until = 0.0

    def hears(self, frame: Frame) -> bool:
        """Tell whether the wake word ended in this frame or in the 0.2 s before it."""
        pcm = np.clip(np.round(frame.samples * 32768), -32768, 32767).astype("<i2").tobytes()
        is_hit = False
        for features in self._features.process_streaming(pcm):
            is_hit = bool(self._model.process_streaming(features)) or is_hit
        if not is_hit or frame.time < self._deaf_until:
            return False
        self._deaf_until = frame.time + DEAF
        self._model.reset()
        return True


def _plain(phrase: str) -> str:
    return " ".join("".join(sign if sign.isalnum() else " " for sign in phrase.casefold()).split())
