"""Tells the assistant's own words, heard back through the microphone, from the user's.

It knows what the loudspeaker said and when, and compares letters, not words: a recognizer that hears a voice through
a room breaks words in other places ("a wake" for "awake").
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from difflib import SequenceMatcher

from voicestream.turns.words import bare_words

_FASTEST, _SLOWEST = 18.0, 9.0
"""Letters a second, of voices; used where the length of what is said is not known."""
_FORGET_AFTER = 45.0
"""Seconds; longer than the longest speech (hearing.max_speech) and its tail."""
_LEAD = 0.3
"""Seconds by which the told time of a word may be early or late, where the voice does not tell it."""
_PRE_ROLL = 0.7
"""Seconds before a speech began which its transcript may cover too (hearing.pre_roll)."""
_COVERED = 0.6
"""Share of a word's letters that must be found in what was said."""
_SHORTEST_RUN = 3
"""Letters that must agree in a row to count as found."""
_MISHEARD = 0.4
"""Similarity from which a gap between two echoed stretches is taken for misheard words of the gap in what was said."""


@dataclass(frozen=True, slots=True)
class _Said:
    word: str
    start: float
    """Seconds, not before which it begins."""
    end: float
    """Seconds, not after which it ends."""


class EchoGuard:
    """Remembers what the loudspeaker said in the last seconds."""

    def __init__(self, tail: float = 0.7) -> None:
        self._tail = tail
        """Seconds for which a word may still come back: the delay of the devices (Bluetooth: 0.3 s) and the room."""
        self._said: deque[_Said] = deque()
        self._kept: list[_Said] = []
        self._silent_from = 0.0

    def said(self, text: str, start: float, end: float | None = None) -> None:
        """Note that the loudspeaker says `text` from `start` to `end`, in seconds of audio time."""
        words = bare_words(text)
        letters = sum(map(len, words))
        seconds = None if end is None else max(end - start, 0.0)
        done = 0
        for word in words:
            earliest = done / _FASTEST if seconds is None else seconds * done / letters
            done += len(word)
            latest = done / _SLOWEST if seconds is None else seconds * done / letters
            self._said.append(_Said(word, start + earliest, start + latest))
        while self._said and self._said[0].end < start - _FORGET_AFTER:
            self._said.popleft()

    def silenced(self, time: float) -> None:
        """Note that the loudspeaker was paused or stopped: the words that were to sound after `time` do not."""
        self._kept = [word for word in self._said if word.end > time]
        self._said = deque(word for word in self._said if word.start <= time + _LEAD)
        self._silent_from = time

    def resumed(self, time: float) -> None:
        """Note that the loudspeaker goes on with the words that were kept back."""
        late = time - self._silent_from
        self._said = deque(word for word in self._said if word.end <= self._silent_from)
        for word in self._kept:
            start = word.start if word.start <= self._silent_from else word.start + late
            self._said.append(_Said(word.word, start, word.end + late))
        self._kept = []

    def own_words(self, text: str, start: float, end: float) -> str:
        """Return what is left of a transcript of [start, end] without the assistant's own words: the user's."""
        audible = [
            word.word for word in self._said if word.start <= end + _LEAD and word.end + self._tail >= start - _PRE_ROLL
        ]
        shown = text.split()
        if not audible or not shown:
            return text
        return " ".join(_without_echo(shown, audible))

    def is_own(self, text: str, start: float, end: float) -> bool:
        """Tell whether the transcript of [start, end] holds words, and all of them are the assistant's own."""
        return bool(bare_words(text)) and not bare_words(self.own_words(text, start, end))


def _without_echo(shown: list[str], audible: list[str]) -> list[str]:
    """Return the words of `shown` that are not made of letters of the audible words, in their order."""
    said = "".join(audible)
    bare = ["".join(bare_words(word)) for word in shown]
    heard = "".join(bare)
    if not heard:
        return shown
    is_echo = [False] * len(heard)
    last_heard = last_said = None
    for block in SequenceMatcher(None, heard, said, autojunk=False).get_matching_blocks():
        if block.size < min(_SHORTEST_RUN, len(heard)):
            continue
        if last_heard is not None and last_said is not None:
            gap, said_gap = heard[last_heard : block.a], said[last_said : block.b]
            if len(gap) < _SHORTEST_RUN or _likeness(gap, said_gap) >= _MISHEARD:
                is_echo[last_heard : block.a] = [True] * len(gap)
        is_echo[block.a : block.a + block.size] = [True] * block.size
        last_heard, last_said = block.a + block.size, block.b + block.size
    own, position = [], 0
    for word, letters in zip(shown, bare, strict=True):
        covered = sum(is_echo[position : position + len(letters)])
        is_short_echo = len(letters) < _SHORTEST_RUN and letters in audible  # too short for a run of letters
        if letters and covered < _COVERED * len(letters) and not is_short_echo:
            own.append(word)
        position += len(letters)
    return own


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()
