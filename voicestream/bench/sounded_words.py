"""Tells how many words of an answer sounded, from the loudspeaker's samples alone: a witness of its own."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from voicestream import events as told
from voicestream.bench.stage import ASSISTANT_VOICE, Scene
from voicestream.vocabulary import SAMPLE_RATE, Samples, WordTime

_SILENT = 1e-3
"""Level under which nothing is heard: -60 dB."""

_FADE = 0.01
"""Seconds at the end of what was played that may be faded."""
_WITNESS = 0.4
"""Seconds at the end of what was played by which its place in the answer is found."""


_AFTER = 0.2
"""Seconds after an interruption in which the answer has fallen silent, and none sounds yet to what interrupted it."""


def sounded_words(scene: Scene, interrupted: told.Interrupted) -> tuple[int, int]:
    """Return how many words of the answer sounded, at least and at most, from the loudspeaker's own samples alone.

    A word that was cut within 20 ms of its middle may count or not.
    """
    import soxr

    far = np.concatenate(scene.microphone.far)[: round((interrupted.time + _AFTER) * SAMPLE_RATE)]
    sounded = far[_loud_places(far)]
    window = sounded[-round((_WITNESS + _FADE) * SAMPLE_RATE) : -round(_FADE * SAMPLE_RATE)]
    best, words_before, found = 0.0, 0, (0, 0)
    for sentence in scene.all(told.SentenceEvent):
        if sentence.turn != interrupted.turn:
            continue
        pieces = scene.rehearsal.speak(sentence.spoken, ASSISTANT_VOICE)
        audio = soxr.resample(np.concatenate([piece.samples for piece in pieces]), pieces[0].rate, SAMPLE_RATE)
        places = _loud_places(audio)
        likeness = _correlate(np.concatenate((np.zeros(len(window)), audio[places])), window)
        place = int(np.argmax(likeness))
        if likeness[place] > best:
            heard = places[min(place + round(_FADE * SAMPLE_RATE), len(places) - 1)] / SAMPLE_RATE
            words = [word for piece in pieces for word in piece.words]
            ends = [*(word.time for word in words[1:]), places[-1] / SAMPLE_RATE]
            middles = [(word.time + end) / 2 for word, end in zip(words, ends, strict=True)]
            fewest, most = (
                words_before + _count_words(sentence.spoken, words, middles, heard + margin) for margin in (-0.02, 0.02)
            )
            best, found = float(likeness[place]), (fewest, most)
        words_before += len(sentence.text.split())
    return found


def _count_words(text: str, words: list[WordTime], middles: list[float], heard: float) -> int:
    """Return how many words of the text had their middle before `heard`; espeak tells "there was" as one word."""
    spoken_to = [word.end for word, middle in zip(words, middles, strict=True) if middle <= heard]
    return len(text[: max(spoken_to, default=0)].split())


def _loud_places(samples: Samples) -> NDArray[np.intp]:
    """Return the places of the samples that are not within 5 ms of silence: pauses, and gaps of the voice."""
    around = round(0.005 * SAMPLE_RATE)
    loudest = sliding_window_view(np.pad(np.abs(samples), (around, around)), 2 * around + 1).max(axis=1)
    return np.flatnonzero(loudest > _SILENT)


def _correlate(long: Samples, short: Samples) -> Samples:
    """Return the likeness of `short` to every stretch of `long`, 0 to 1."""
    size = len(long) + len(short)
    product = np.fft.irfft(np.fft.rfft(long, size) * np.conj(np.fft.rfft(short, size)), size)[: len(long) - len(short)]
    energy = np.convolve(long**2, np.ones(len(short)), "valid")[: len(product)]
    return np.asarray(product / np.sqrt(np.maximum(energy * np.sum(short**2), 1e-9)), np.float32)
