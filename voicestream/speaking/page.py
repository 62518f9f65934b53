"""The written text while it is read: what is held until it can be decided, and what is known of the place reached.

The readers of the single constructs (lines, emphasis, links, tags, formulas) take a page and a place on it, put out
pieces, and return the place behind the construct, or WAIT where more text is needed. Every hold is bounded: beyond it
the text is literal. Nothing is decided by what has not come yet, so that any cutting gives the same pieces."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

WAIT = -1

_HIDDEN_TAIL = 40
"""Characters kept back in hidden text, so that a closing tag cut in two is seen."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What is said where more than one way is right."""

    code: Literal["skip", "announce", "read"] = "skip"
    """Blocks of code; code within a sentence is always read."""
    code_phrase: str = "Here is the code."
    """What is said for a block that is announced."""
    urls: Literal["host", "whole"] = "host"
    images: Literal["alt", "skip"] = "alt"
    math: Literal["skip", "read"] = "skip"
    """Formulas on lines of their own; formulas within a sentence are always read."""
    footnotes: Literal["skip", "read"] = "skip"
    list_numbers: bool = True


Kind = Literal["said", "verbatim", "break", "pause", "opening", "gone"]
"""verbatim: said, and no sentence ends in it. break: a sentence ends here. pause: a comma, if anything follows.
opening: markup that belongs to what follows. gone: other markup."""


@dataclass(slots=True)  # not frozen: one is made for each token, and freezing it takes a microsecond
class Piece:
    """A piece of the written text, and what is said for it."""

    text: str
    kind: Kind
    start: int
    """Index into the written text."""
    end: int


class Page:
    """What is held of the text, and the state of the line and of the markup around the place reached."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.held = ""
        self.offset = 0
        """Place of `held` in the written text."""
        self.is_all = False
        """Whether the text is complete."""
        self.previous = ""
        """The last character before the place reached that counts as a neighbour; empty at the beginning of a line."""
        self.is_line_start = True
        self.is_row = False
        self.is_heading = False
        self.bullet = ""
        """The mark that the line began with."""
        self.open_marks: set[str] = set()
        """Signs of the emphasis that is open."""
        self.link_ends: set[int] = set()
        """Places in the written text where the words of a link end."""
        self.hidden: re.Pattern[str] | None = None
        """What ends the text that is being hidden."""
        self.fence = ""
        """The marks that began a block of code."""
        self._pieces: list[Piece] = []

    def take(self, at: int) -> list[Piece]:
        """Return the pieces up to a place, and forget the text before it."""
        self.held = self.held[at:]
        self.offset += at
        pieces, self._pieces = self._pieces, []
        return pieces

    def lacks(self, at: int) -> bool:
        """Say whether the character at a place has not come yet, and still may."""
        return at >= len(self.held) and not self.is_all

    def may_become(self, part: re.Pattern[str], at: int) -> bool:
        """Say whether what lies at a place may become a construct when more text comes."""
        return not self.is_all and part.match(self.held, at) is not None

    def put(self, kind: Kind, text: str, at: int, end: int) -> int:
        """Put out a piece for the text between two places; its last character is the neighbour of what follows."""
        self._pieces.append(Piece(text, kind, self.offset + at, self.offset + end))
        if end > at:
            self.previous = self.held[end - 1]
        return end

    def say(self, at: int, end: int) -> int:
        """Put out text as it is written; the cells of a table stay in one sentence."""
        return self.put("verbatim" if self.is_row else "said", self.held[at:end], at, end)

    def drop(self, at: int, end: int, kind: Kind = "gone", neighbour: str | None = None) -> int:
        """Leave out markup; what was before it stays the neighbour of what follows, unless another one is given."""
        previous = self.previous if neighbour is None else neighbour
        self.put(kind, "", at, end)
        self.previous = previous
        return end

    def hide(self, at: int, end: int, until: re.Pattern[str]) -> int:
        """Leave out all that follows, up to and with a pattern that matches 40 characters at most."""
        self.hidden = until
        return self.drop(at, end)

    def skip_hidden(self, at: int) -> int:
        """Leave out hidden text."""
        assert self.hidden is not None
        match = self.hidden.search(self.held, at)
        if match:
            self.hidden = None
            return self.drop(at, match.end())
        end = len(self.held) if self.is_all else max(at, len(self.held) - _HIDDEN_TAIL)
        return self.drop(at, end) if end > at else WAIT
