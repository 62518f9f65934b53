"""The parts of a conversation as they stand on the terminal: what the user said, an answer as it grows, a notice."""

from __future__ import annotations

import re

from voicestream.displays.lines import printable
from voicestream.displays.wrapping import Change, Line, Piece, Wrapped, steady

MARKS = {"you": "› ", "answer": "  ", "notice": "· ", "thought": "~ ", "error": "! ", "live": "… "}
"""What stands before a paragraph of each kind."""

SPEAKING = "▸ "
"""Stands before the lines that are being spoken, so that they are told apart without any attribute too."""

GAP = {"you": 1}
"""Empty lines above a paragraph."""


WORD = re.compile(r"\S*\w\S*")
"""What is marked as a word: signs alone, such as those of markup, are none."""


class Paragraph:
    """A text of one kind, in its styles."""

    def __init__(self, kind: str, text: str = "", turn: int = -1) -> None:
        self.kind = kind
        self.turn = turn
        self.text = Wrapped(shown(text))
        self.styles: list[Change] = [(0, kind)]

    def count(self, width: int) -> int:
        """Return how many lines it takes."""
        return GAP.get(self.kind, 0) + len(self.text.lines(width - 2))

    def draw(self, width: int, rows: range) -> list[Line]:
        """Return some of its lines."""
        gap, lines = GAP.get(self.kind, 0), self.text.lines(width - 2)
        return [self._line(row - gap, lines[row - gap]) if row >= gap else [] for row in rows]

    def _line(self, row: int, place: range) -> Line:
        pieces = self.text.cut(place, self.styles)
        is_spoken = any(piece.style in ("spoken", "word") for piece in pieces)
        mark = SPEAKING if is_spoken else "  " if row else MARKS[self.kind]
        return [Piece(mark, "spoken" if is_spoken else "mark"), *pieces]


class GrowingAnswer:
    """An answer as it streams in, in its sentences, one of which may be sounding."""

    def __init__(self, turn: int) -> None:
        self.paragraph = Paragraph("answer", turn=turn)
        self._sounding = -1
        self._word = 0
        """Where in the text the word begins that sounds."""
        self._ends: list[int] = []
        """Where each sentence ends in the text."""
        self._beside: list[range] = []
        """Where in the text stands what was said beside the answer, such as a filler."""

    @property
    def is_sounding(self) -> bool:
        """Whether one of its sentences has begun to sound."""
        return self._sounding >= 0

    def add_delta(self, text: str) -> None:
        """Take a piece as it arrived."""
        self._put(len(self.paragraph.text.text), text)

    def add_sentence(self, text: str) -> None:
        """Take a sentence that is complete; one that no piece brought (a filler) stands where it is said."""
        begin = self._ends[-1] if self._ends else 0
        place = self.paragraph.text.text.find(shown(text), begin)
        if place < 0:
            place = begin
            self._put(begin, text)
            self._beside.append(range(begin, begin + len(shown(text))))
        self._ends.append(place + len(shown(text)))

    def begin_sound(self, index: int) -> None:
        """Take note that a sentence begins to be heard."""
        self._sounding = index

    def mark(self, spoken: str) -> None:
        """Mark the sentence that sounds, and in it the word after all that is `spoken`."""
        if not 0 <= self._sounding < len(self._ends):
            return
        text = self.paragraph.text.text
        begin, end = self._ends[self._sounding - 1] if self._sounding else 0, self._ends[self._sounding]
        word = WORD.search(text, min(max(begin, len(shown(spoken))), end), end)
        here, after = word.span() if word else (end, end)
        self._word = min(here, max(end - 1, 0))
        self.paragraph.styles = [(0, "answer"), (begin, "spoken"), (here, "word"), (after, "spoken"), (end, "answer")]

    def sounding_row(self, width: int) -> int:
        """Return in which of its lines the word stands that was marked last."""
        lines = self.paragraph.text.lines(width - 2)
        return next((row for row, place in enumerate(lines) if self._word < place.stop), max(len(lines) - 1, 0))

    def end(self, heard: str | None) -> None:
        """Take note that it is over; `heard` is what was heard of it, without what was said beside it; None: all."""
        self.paragraph.styles = [(0, "answer")]
        if heard is not None:
            text = self.paragraph.text.text
            to = len(text) - len(text.lstrip()) + len(shown(heard))
            for place in self._beside:
                to += len(place) if place.start <= to else 0
            self.paragraph.styles.append((to, "unheard"))

    def _put(self, place: int, text: str) -> None:
        self.paragraph.text.put(place, shown(text))


class LiveText:
    """What is being said, its settled part and the part that may still change."""

    def __init__(self, *, has_brackets: bool) -> None:
        self.paragraph = Paragraph("live")
        self.is_open = False
        """Whether somebody speaks whose turn is not taken yet."""
        self._has_brackets = has_brackets

    def show(self, text: str, stable: str) -> None:
        """Show the words as far as they are known."""
        settled, moving = shown(stable), shown(text)[len(shown(stable)) :]
        if moving and self._has_brackets:
            settled, moving = settled and f"{settled.rstrip()} ", f"[{moving.strip()}]"
        self.is_open = True
        self.paragraph.text = Wrapped(settled + moving)
        self.paragraph.styles = [(0, "settled"), (len(settled), "moving")]

    def end(self) -> None:
        """Show nothing: the turn is taken, or it was none."""
        self.is_open = False
        self.paragraph.text = Wrapped()


def shown(text: str) -> str:
    """Return a text as it is drawn: without what steers a terminal, and with letters of certain width."""
    return steady(printable(text))
