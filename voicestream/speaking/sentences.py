"""Groups the answer into sentences while it is being written. Knows the text alone: time comes in as a value.

Decisions fall strictly in the order of the text, each when enough of it has been read, so that any cutting of the
stream gives the same sentences (but for those that `tick` and `hurry` release for the sake of time)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from voicestream.speaking.clauses import CLAUSE_MARKS, clause_ends, find_blank, find_clause, find_item, may_be_item
from voicestream.speaking.draft import Draft
from voicestream.speaking.full_stops import NO, STOPS, WAIT, is_stop, is_surely_complete, stop_ends_sentence
from voicestream.speaking.languages import CommonWords, Language, load_language
from voicestream.speaking.page import Piece, Policy
from voicestream.speaking.spoken_text import SpokenText
from voicestream.vocabulary import Sentence

if TYPE_CHECKING:
    from voicestream.config import Sentences

_BLOCK = 256
"""Characters that are read at a time, so that a long text at once costs no more than the same text in pieces."""
_LOOKAHEAD = 8
"""Characters behind a limit that are awaited, so that an item of a list that begins before the limit is seen."""
_LONGEST_RUN = 1000
"""Characters without a blank after which even a word is cut."""
_ENOUGH = 60
"""Characters by which the language is known."""
_PAUSE = 0.2
"""Seconds without a token after which a sentence that looks complete is released; models stall before a tool call."""
_STALL = 0.7
"""Seconds without a token after which the best clause so far is released."""

_STOP = re.compile(f"[{STOPS}]|(?<=[\u0531-\u0587]):|(?<=[\u0370-\u03ff]);")
_STOP_OR_CLAUSE = re.compile(f"[{STOPS}{CLAUSE_MARKS}]")


@dataclass(frozen=True, slots=True)
class SplitOptions:
    """How sentences are made."""

    early_clause: bool = True
    """Release the first clause of an answer on its own."""
    first_clause: int = 24
    """Characters from which a first clause sounds natural."""
    first_limit: int = 150
    """Characters after which the first sentence is cut at a clause, even one without a comma."""
    limit: int = 250
    """Characters after which any sentence is cut."""
    policy: Policy = field(default_factory=Policy)


def split_options(settings: Sentences) -> SplitOptions:
    """Return the options that the settings ask for."""
    return SplitOptions(
        early_clause=settings.first_clause > 0,
        first_clause=settings.first_clause,
        policy=Policy(
            code=settings.code,
            code_phrase=settings.code_phrase,
            urls=settings.addresses,
            images=settings.images,
            math=settings.formulas,
            footnotes=settings.footnotes,
            list_numbers=settings.list_numbers,
        ),
    )


class SentenceSplitter:
    """Takes the answer in pieces and hands out its sentences, each as soon as it is certain."""

    def __init__(self, language: str = "", options: SplitOptions | None = None) -> None:
        """Read `language` (two letters; empty: found out from the text)."""
        self._options = options or SplitOptions()
        self._is_set = bool(language)
        self._known = load_language(language) if language else None
        self._filter = SpokenText(self._options.policy)
        self._draft = Draft()
        self._sentences: list[Sentence] = []
        self._guess = CommonWords()
        self._heard: float | None = None
        self._begin()

    def _learn_language(self, text: str) -> None:
        """Find out the language from the text that is being released."""
        self._guess.read(text)
        self._known = load_language(self._guess.best()) if self._guess.length >= _ENOUGH else None

    def _begin(self) -> None:
        """Look for the first places of a new sentence."""
        is_first = self._options.early_clause and not self._draft.count
        self._at = 0
        self._places = _STOP_OR_CLAUSE if is_first else _STOP
        self._limit = self._options.first_limit if is_first else self._options.limit

    def add(self, text: str, now: float | None = None) -> list[Sentence]:
        """Read on; `now` is the time at which the text came, in seconds of any clock that `tick` is given too."""
        if text:
            self._heard = now
        while len(text) > _BLOCK:
            self._read(text[:_BLOCK])
            text = text[_BLOCK:]
        self._read(text)
        return self._released()

    def finish(self) -> list[Sentence]:
        """Return the rest: the text is complete."""
        self._take(self._filter.finish())
        self._scan(is_all=True)
        self._draft.read_all()
        self._cut_rest(ends_sentence=True)
        if self._draft.has_written():
            self._release(len(self._draft.text), len(self._draft.text), ends_sentence=True)
        return self._released()

    def tick(self, now: float) -> list[Sentence]:
        """Release what looks complete if no text has come for a while; `now` on the clock of `add`."""
        if self._heard is None:
            self._heard = now
        waited = now - self._heard
        if waited < _PAUSE:
            return []
        self._take(self._filter.pause())
        if waited >= _STALL:
            return self._released() + self.hurry()
        if is_surely_complete(self._draft.text, self._language(len(self._draft.text))):
            self._cut_rest(ends_sentence=True)
        return self._released()

    def hurry(self) -> list[Sentence]:
        """Release the best clause so far: the speech is about to run dry."""
        text = self._draft.text
        language = self._language(len(text))
        bare = text.rstrip()
        if bare and _STOP.search(bare[-3:]) and is_surely_complete(text, language, is_late=True):
            self._cut_rest(ends_sentence=True)
        else:
            place = find_clause(text, len(text), language, self._draft.verbatim)
            if place:
                self._cut(place, ends_sentence=False)
        return self._released()

    def _read(self, text: str) -> None:
        self._draft.read(text)
        self._take(self._filter.add(text))

    def _released(self) -> list[Sentence]:
        sentences, self._sentences = self._sentences, []
        return sentences

    def _take(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            if piece.kind == "break":
                self._draft.pass_over(piece)
                self._scan(is_all=True)
                self._cut_rest(ends_sentence=True)
            else:
                self._draft.append(piece)
        self._scan(is_all=False)

    # ---------------------------------------------------------------------------------------------- decisions

    def _scan(self, *, is_all: bool) -> None:
        """Decide about every place that can be decided, from left to right."""
        while self._at < len(self._draft.text):
            text = self._draft.text
            match = self._places.search(text, self._at)
            if match is None and len(text) <= self._limit and not may_be_item(text):  # the common case
                self._at = len(text)
                return
            place = match.start() if match else len(text)
            item = find_item(text, self._at, min(place, self._limit))
            if item:
                self._cut(item, ends_sentence=True)
            elif place >= self._limit and len(text) > self._limit + _LOOKAHEAD:
                self._cut_long()
            elif match is None:
                self._at = len(text)
            elif (place >= self._limit and not is_all) or not self._decide(place, is_all):
                return

    def _decide(self, place: int, is_all: bool) -> bool:
        """Decide about one stop or clause mark; False where more text is needed."""
        text = self._draft.text
        if self._draft.is_verbatim(place):
            self._at = place + 1
            return True
        is_sentence = is_stop(text, place)
        if is_sentence:
            end, self._at = stop_ends_sentence(text, place, self._language(place), is_all)
        else:
            end, self._at = clause_ends(text, place, self._options.first_clause, is_all)
        if end == WAIT:
            return False
        if end != NO:
            self._cut(end, ends_sentence=is_sentence)
        return True

    def _cut_long(self) -> None:
        """Cut a sentence that is too long at its best clause, else between two words."""
        text, limit, options = self._draft.text, self._limit, self._options
        place = find_clause(text, limit, self._language(limit), self._draft.verbatim)
        if not place and limit < options.limit:
            self._limit = options.limit
            return
        place = place or find_blank(text, limit)
        if place <= 0 and limit < _LONGEST_RUN and text[:limit].isascii():
            self._limit = _LONGEST_RUN
        else:
            self._cut(place if place > 0 else limit, ends_sentence=False)

    def _language(self, until: int) -> Language:
        """Return the language, set or known from the sentences before, or guessed from the text up to a place."""
        if self._known:
            return self._known
        return load_language(self._guess.best(self._draft.text[:until]))

    # ------------------------------------------------------------------------------------------------- cutting

    def _cut(self, end: int, *, ends_sentence: bool) -> None:
        """Release the text up to `end`, if there is anything to say in it; blanks behind it go with it."""
        text = self._draft.text
        begin_next = end
        while begin_next < len(text) and text[begin_next] == " ":
            begin_next += 1
        if self._draft.has_sound(end):
            self._release(end, begin_next, ends_sentence=ends_sentence)
        else:
            self._at = max(self._at, end)

    def _cut_rest(self, *, ends_sentence: bool) -> None:
        """Release all there is."""
        if self._draft.has_sound(len(self._draft.text)):
            self._release(len(self._draft.text), len(self._draft.text), ends_sentence=ends_sentence)
        else:
            self._draft.separate()
            self._at = 0

    def _release(self, end: int, begin_next: int, *, ends_sentence: bool) -> None:
        if not self._is_set:
            self._learn_language(self._draft.text[:begin_next])
        self._sentences.append(self._draft.cut(end, begin_next, ends_sentence=ends_sentence))
        self._begin()
