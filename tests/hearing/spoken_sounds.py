"""What the tests of hearing call their fixtures, and audio cut into frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from voicestream.vocabulary import FRAME_SAMPLES, FRAME_SECONDS, Frame, Samples, SpeechEvent

Say = Callable[..., Samples]
Find = Callable[..., list[SpeechEvent]]


def frames_of(audio: Samples) -> Iterator[Frame]:
    """Cut audio into frames, the last one filled up."""
    audio = np.concatenate((audio, np.zeros(-len(audio) % FRAME_SAMPLES, np.float32))).astype(np.float32)
    for index in range(len(audio) // FRAME_SAMPLES):
        yield Frame(audio[index * FRAME_SAMPLES : (index + 1) * FRAME_SAMPLES], index * FRAME_SECONDS)
