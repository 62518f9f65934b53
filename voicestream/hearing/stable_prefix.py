"""The part of a growing transcript that will not change any more: words on which successive hypotheses agree.

LocalAgreement-2 (Macháček et al., "Turning Whisper into Real-Time Transcription System", 2023), with two hypotheses
counting only if the second heard more audio: a loop agrees with itself. What is settled is never taken back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

PROGRESS = 0.1
"""Seconds of audio that a hypothesis must have heard beyond the last, to confirm it."""

# Scripts without spaces settle sign by sign: Thai, Lao, Burmese, Khmer, kana, Han.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
_PIECE = re.compile(rf"\s*(?:[{_UNSPACED}][^\w\s]*|[^\s{_UNSPACED}]+)")
_SIGNS = re.compile(r"[^\w]+$")


@dataclass(frozen=True, slots=True)
class Settled:
    """A text and how much of it stands."""

    text: str
    stable: str
    """Leading part of `text`."""


class StablePrefix:
    """Settles the words of one speech."""

    def __init__(self, carried: Sequence[str] = ()) -> None:
        """`carried`: words that had settled in the speech before, which was then cut in front of them."""
        self._settled = list(carried)
        self._hidden = len(carried)
        self._open: list[str] = []
        self._heard = float("-inf")

    @property
    def settled(self) -> Settled:
        """The text as it stands now."""
        return self._as_settled()

    def add(self, text: str, heard: float, *, is_complete: bool = False) -> Settled:
        """Take a hypothesis for the whole speech, which heard audio up to `heard`, and return what stands.

        `is_complete` says that the speaker fell silent: then the last word is no half one.
        """
        rest = self._rest(_pieces(text))
        if heard >= self._heard + PROGRESS:
            certain = rest if is_complete else rest[:-1]
            agreed = 0
            for new, old in zip(certain, self._open, strict=False):
                if _key(new) != _key(old):
                    break
                agreed += 1
            self._settled += rest[:agreed]
            rest = rest[agreed:]
            self._heard = heard
        self._open = rest
        return self._as_settled()

    def finish(self, text: str) -> Settled:
        """Take the last hypothesis of the speech: all of it stands, after what stood already."""
        self._open = self._rest(_pieces(text))
        whole = self._shown(self._settled + self._open)
        return Settled(whole, whole)

    def finish_cut(self, text: str) -> tuple[Settled, list[str]]:
        """Do the same for a speech that is cut; return also the settled words that its text does not reach to."""
        pieces = _pieces(text)
        reached = _aligned([_key(piece) for piece in pieces], [_key(piece) for piece in self._settled])
        carried = self._settled[reached:] if len(pieces) < len(self._settled) else []
        return self.finish(text), carried

    def _rest(self, pieces: list[str]) -> list[str]:
        """Return the pieces that follow the settled ones; the last settled one takes over its signs, still open."""
        count = _aligned([_key(piece) for piece in self._settled], [_key(piece) for piece in pieces])
        if self._settled and count and _key(pieces[count - 1]) == _key(self._settled[-1]):
            signs = _SIGNS.search(pieces[count - 1])
            self._settled[-1] = _SIGNS.sub("", self._settled[-1]) + (signs.group() if signs else "")
        return pieces[count:]

    def _as_settled(self) -> Settled:
        stable = _SIGNS.sub("", self._shown(self._settled))
        return Settled(self._shown(self._settled + self._open), stable)

    def _shown(self, pieces: Sequence[str]) -> str:
        return "".join(pieces[self._hidden :]).strip()


def _pieces(text: str) -> list[str]:
    """Cut a text into words with the space before and the signs after them."""
    pieces = _PIECE.findall(text.strip())
    return [f" {piece.strip()}" if index and piece[0].isspace() else piece for index, piece in enumerate(pieces)]


def _key(piece: str) -> str:
    return re.sub(r"[\W_]+", "", piece).lower()


def _aligned(settled: Sequence[str], found: Sequence[str]) -> int:
    """Return how many leading words of `found` stand for the settled ones: the prefix of the least edit distance."""
    if list(found[: len(settled)]) == list(settled):
        return len(settled)
    row = list(range(len(found) + 1))
    for index, word in enumerate(settled, 1):
        last, row[0] = row[0], index
        for column, other in enumerate(found, 1):
            last, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, last + (word != other))
    return min(range(len(row)), key=lambda count: (row[count], abs(count - len(settled))))
