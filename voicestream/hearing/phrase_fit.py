"""How well sound fits the phrase that a grammar found in it, against a loop of all phones that may say anything.

A grammar takes anything for one of its phrases. What tells speech outside it is the score of the spoken stretches
alone (the silence around them fits always and hides it), less the score that free phones reach on the same frames.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

FRAMES_PER_SECOND = 100

CLEAR_MARGIN = -5.0
"""A phrase that fits so well needs no second throat: the word errors are the same."""

HOPELESS_MARGIN = -25.0
"""A phrase that fits so badly gets no second throat: of 247 recordings the second one saved none below -16.4."""

HOPELESS_SCORE = -72.0
"""Score of a path that is not even compared with free phones, which cost two thirds of what it cost. Of 486 attempts
196 were believed, none below -59; of the others seven in ten were below -70."""

LEAST_SCORE_SO_FAR = -60.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """A word, phone or pause on the path that a decoder took."""

    text: str
    first: int
    """Frame, of FRAMES_PER_SECOND."""
    last: int
    """Frame; it belongs to the stretch."""
    score: float
    """Sum over its frames of the log likelihood less that of the best senone; 0.1 nats."""
    is_silence: bool = False

    @property
    def written(self) -> str:
        """The word without the number of its pronunciation."""
        return re.sub(r"[(][0-9]+[)]$", "", self.text)


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a path fits what was said."""

    score: float
    """Mean log likelihood of a spoken frame less that of the best senone; 0.1 nats, 0 at best."""
    margin: float
    """Mean of what the phrase lacks against free phones on the spoken frames; 0.1 nats, below 0 as a rule."""
    worst_word: float
    """The least margin of a word."""
    longest_word: float
    """Seconds."""


NO_FIT = Fit(-np.inf, -np.inf, -np.inf, 0.0)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a path must reach to be believed.

    These let pass, of recorded people, 27 of 27 phrases of a large grammar and 4 of 128 pieces of other speech; of the
    assistant's own grammar 7 of 7 and 1 of 148. The margin was the loosest that took none of those 148; the others lie
    in the middle of the values that lose nobody and take no more. Chosen on half of the recordings, as by `voicestream
    bench phrases --folds 2`, and judged on the other half: 26 of 27 and 6 of 128; on four fifths: 27 and 7.
    """

    margin: float = -15.5
    worst_word: float = -60.0
    longest_word: float = 1.6
    """Seconds."""


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Attempt:
    """A path through the grammar, without its pauses, and how well it fits."""

    path: Sequence[Stretch]
    fit: Fit


def measure_fit(path: Sequence[Stretch], phones: Sequence[Stretch]) -> Fit:
    """Compare the path through the grammar with the free phones on the same frames."""
    words = [stretch for stretch in path if not stretch.is_silence]
    if not words:
        return NO_FIT
    free = _per_frame(phones, words[-1].last + 1)
    lengths = np.array([word.last - word.first + 1 for word in words])
    scores = np.array([word.score for word in words])
    margins = scores - np.array([free[word.first : word.last + 1].sum() for word in words])
    return Fit(
        score=float(scores.sum() / lengths.sum()),
        margin=float(margins.sum() / lengths.sum()),
        worst_word=float((margins / lengths).min()),
        longest_word=float(lengths.max() / FRAMES_PER_SECOND),
    )


def is_hopeless(path: Sequence[Stretch]) -> bool:
    """Say whether a path fits so badly by itself that nothing can save it, or is empty."""
    return measure_fit(path, ()).score < HOPELESS_SCORE


def is_within_phrases(fit: Fit, limits: Limits = LIMITS) -> bool:
    """Say whether the words were really said."""
    is_near = fit.margin > limits.margin and fit.worst_word > limits.worst_word
    return is_near and fit.longest_word < limits.longest_word


def best_attempt(attempts: Iterable[Attempt], limits: Limits = LIMITS) -> Attempt:
    """Return the attempt that fits best; makes no further ones where one fits clearly, or not at all."""
    best = Attempt((), NO_FIT)
    for attempt in attempts:
        best = max(best, attempt, key=lambda each: each.fit.margin)
        if best.fit.margin >= CLEAR_MARGIN and is_within_phrases(best.fit, limits):
            break
        if attempt.fit.margin < HOPELESS_MARGIN:
            break
    return best


def may_become_phrase(words: Sequence[Stretch]) -> bool:
    """Say whether the words found so far may be real, before the end is heard and without free phones beside them."""
    return measure_fit(words, ()).score > LEAST_SCORE_SO_FAR


def _per_frame(path: Sequence[Stretch], count: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    scores = np.zeros(count)
    for stretch in path:
        scores[stretch.first : stretch.last + 1] = stretch.score / (stretch.last - stretch.first + 1)
    return scores
