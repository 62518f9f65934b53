"""Gathers what a voice says."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

import numpy as np

from voicestream.parts import Voice
from voicestream.vocabulary import Samples, WordTime


@dataclass(frozen=True, slots=True)
class Speech:
    """All that a voice made of a text."""

    samples: Samples
    rate: int
    words: tuple[WordTime, ...]
    pieces: int

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


async def say(voice: Voice, text: str, language: str = "") -> Speech:
    """Let `voice` speak `text` to its end."""
    pieces = [pcm async for pcm in voice.synthesize(text, language)]
    samples = np.concatenate([pcm.samples for pcm in pieces]) if pieces else np.zeros(0, np.float32)
    words = tuple(word for pcm in pieces for word in pcm.words)
    return Speech(samples, pieces[0].rate if pieces else 1, words, len(pieces))


def has_espeak() -> bool:
    """Return whether the system has espeak-ng's library."""
    try:
        ctypes.CDLL("libespeak-ng.so.1")
    except OSError:
        return False
    return True
