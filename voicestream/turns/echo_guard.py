"""Tells the assistant's own words, heard back through the microphone, from the user's.

It knows what the loudspeaker said and when, and compares letters, not words: a recognizer that hears a voice through
a room breaks words in other places ("a wake" for "awake").
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import Match, SequenceMatcher, get_close_matches
from itertools import accumulate, groupby, pairwise

from voicestream.turns.words import bare_words
from voicestream.vocabulary import WordTime

_FASTEST, _SLOWEST = 18.0, 9.0
"""Letters a second, of voices; used where the voice has not told when a word sounds."""
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
_ALIKE = 0.8
"""Similarity of a word to one that was said; "thrre" is "there"."""
_RESEMBLING = 0.6
"""Similarity from which one word alone is not believed to be the user's: "lea" was "sea"."""
_MISHEARD = 0.4
"""Similarity from which a gap between two echoed stretches is taken for misheard words of the gap in what was said."""

_DENSE, _DENSE_ALONE = 0.4, 0.6
"""Share of the letters that must agree in runs before gaps between them are taken for misheard words, and in a single
run. Interruptions of the bench agree with its story by chance in 0.37 at most, or in one run: "time" in "What time
is". Five words of the story itself, with one letter in seven misheard, agree in 0.56 and more nine times of ten."""


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

    def said(self, text: str, start: float, told: Sequence[WordTime] = ()) -> None:
        """Note that the loudspeaker says `text` from `start` on, in seconds of audio time.

        `told` says when its words begin; those after the last one are placed by their length.
        """
        begins = {0: start} | {word.start: start + word.time for word in reversed(told)}
        for place, until in pairwise([*sorted(begins), len(text)]):
            self._place(bare_words(text[place:until]), begins[place], begins.get(until))
        while self._said and self._said[0].end < start - _FORGET_AFTER:
            self._said.popleft()

    def _place(self, words: list[str], start: float, end: float | None) -> None:
        """Note that `words` are said from `start` to `end`, which may be unknown."""
        letters = sum(map(len, words))
        seconds = None if end is None else max(end - start, 0.0)
        done = 0
        for word in words:
            earliest = done / _FASTEST if seconds is None else seconds * done / letters
            done += len(word)
            latest = done / _SLOWEST if seconds is None else seconds * done / letters
            self._said.append(_Said(word, start + earliest, start + latest))

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

    def own_words(self, text: str, start: float, end: float, longest_kept: int = 0) -> str:
        """Return what is left of a transcript of [start, end] without the assistant's own words: the user's.

        With `longest_kept`, stretches of so many own words stay between the user's: people take up what they hear. A
        text that is nothing but own words leaves nothing, however short.
        """
        audible, shown = self._audible(start, end), text.split()
        if not audible or not shown:
            return text
        is_echo = _find_echo_words(shown, audible)
        if all(is_echo):
            return ""
        kept: list[str] = []
        for is_own, stretch in groupby(zip(shown, is_echo, strict=True), key=lambda pair: pair[1]):
            words = [word for word, _ in stretch]
            kept += words if not is_own or len(words) <= longest_kept else []
        return " ".join(kept)

    def resembles_own(self, text: str, start: float, end: float) -> bool:
        """Tell whether a word of the transcript of [start, end] may be one of the assistant's, much misheard."""
        audible = self._audible(start, end)
        return any(get_close_matches(word, audible, 1, _RESEMBLING) for word in bare_words(text))

    def _audible(self, start: float, end: float) -> list[str]:
        return [
            word.word for word in self._said if word.start <= end + _LEAD and word.end + self._tail >= start - _PRE_ROLL
        ]

    def is_own(self, text: str, start: float, end: float) -> bool:
        """Tell whether the transcript of [start, end] holds words, and all of them are the assistant's own."""
        return bool(bare_words(text)) and not bare_words(self.own_words(text, start, end))


def _find_echo_words(shown: list[str], audible: list[str]) -> list[bool]:
    """Tell of each word of `shown` whether it is made of letters of the audible words, in their order."""
    bare = ["".join(bare_words(word)) for word in shown]
    heard = "".join(bare)
    if len(heard) < _SHORTEST_RUN:  # the user's "no" is not of "an old", nor of "northern"
        return [letters in audible for letters in bare]
    is_echo = _find_echo(heard, "".join(audible), _borders(bare), _borders(audible))
    found, position = [], 0
    for letters in bare:
        covered = sum(is_echo[position : position + len(letters)])
        found.append(covered >= _COVERED * len(letters) or _is_among(letters, audible))
        position += len(letters)
    return found


def _is_among(letters: str, audible: list[str]) -> bool:
    """Tell whether a word without a run of letters that agree is one that was said: too short for it, or misheard."""
    if len(letters) <= _SHORTEST_RUN:
        return letters in audible
    return bool(get_close_matches(letters, audible, 1, _ALIKE))


def _borders(words: list[str]) -> frozenset[int]:
    """Return the places between the letters at which a word begins or ends."""
    return frozenset(accumulate(map(len, words), initial=0))


def _find_echo(heard: str, said: str, heard_borders: frozenset[int], said_borders: frozenset[int]) -> list[bool]:
    """Tell of each letter heard whether it is one that was said: in the same order, gaps misheard.

    So few letters as the shortest run agree by chance in any two texts ("fire fox" with "before"), unless they are a
    word of one of them.
    """

    def is_run(run: Match) -> bool:
        if run.size != _SHORTEST_RUN:
            return run.size > _SHORTEST_RUN
        in_heard = {run.a, run.a + run.size} <= heard_borders
        return in_heard or {run.b, run.b + run.size} <= said_borders

    matcher = SequenceMatcher(None, heard, said, autojunk=False)
    runs = [run for run in matcher.get_matching_blocks() if is_run(run)]
    is_echo = [False] * len(heard)
    for run in runs:
        is_echo[run.a : run.a + run.size] = [True] * run.size
    if sum(is_echo) < (_DENSE if len(runs) > 1 else _DENSE_ALONE) * len(heard):
        return is_echo
    heard_to = said_to = 0
    for run in runs:
        if run is runs[0]:
            said_to = max(0, run.b - run.a - 1)
        if _is_misheard(heard[heard_to : run.a], said[said_to : run.b]):
            is_echo[heard_to : run.a] = [True] * (run.a - heard_to)
        heard_to, said_to = run.a + run.size, run.b + run.size
    rest = heard[heard_to:]
    if runs and _is_misheard(rest, said[said_to : said_to + len(rest) + 1]):
        is_echo[heard_to:] = [True] * len(rest)
    return is_echo


def _is_misheard(heard: str, said: str) -> bool:
    """Tell whether a gap between letters that agree is what was said there, misheard."""
    if len(heard) < _SHORTEST_RUN and said:
        return True
    return SequenceMatcher(None, heard, said, autojunk=False).ratio() >= _MISHEARD
