"""The sentence that is being written: what is said of it so far, and where every character of that was written."""

from __future__ import annotations

import re
from collections.abc import Sequence

from voicestream.speaking.page import Piece
from voicestream.speaking.signs import has_sound
from voicestream.vocabulary import Sentence, WordMap

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\s\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
"""A word; in scripts without blanks, a character."""
_RUN = re.compile(r"[^ ]+")
_LEANING = ".,;:!?)]}…。！？，、؟،"
"""Signs that follow a word without a blank."""


class Draft:
    """Collects pieces, and cuts sentences off the front."""

    def __init__(self) -> None:
        self.text = ""
        """What is said, with single blanks."""
        self.verbatim: list[tuple[int, int]] = []
        """Stretches of `text` in which no sentence ends."""
        self.count = 0
        """Sentences with something to say that were cut off."""
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._leads: dict[int, int] = {}
        self._lead: int | None = None
        self._written: list[str] = []
        self._written_start = 0
        self._read_to = 0
        self._length = 0
        self._index = 0
        self._was_gone = False
        self._has_blank = False
        self._pause: Piece | None = None

    def read(self, written: str) -> None:
        """Keep the written text, until it is handed out with a sentence."""
        self._written.append(written)
        self._length += len(written)

    def read_all(self) -> None:
        """Note that the filter has read everything."""
        self._read_to = self._length
        self._lead = None

    def has_written(self) -> bool:
        """Say whether there is written text that belongs to no sentence yet."""
        return self._length > self._written_start

    def has_sound(self, end: int) -> bool:
        """Say whether there is anything to say before `end`."""
        return has_sound(self.text[:end])

    def is_verbatim(self, at: int) -> bool:
        """Say whether a character stands in a stretch that must stay whole."""
        return any(begin <= at < end for begin, end in self.verbatim)

    def pass_over(self, piece: Piece) -> None:
        """Read markup that is not said."""
        self._read_to = piece.end

    def separate(self) -> None:
        """Put a blank behind what was said."""
        self._has_blank = True
        self._pause = None

    def append(self, piece: Piece) -> None:
        """Take the next piece of the text."""
        kind = piece.kind
        if kind == "said" or kind == "verbatim":
            self._say(piece)
        elif kind == "gone":
            self._was_gone = True
        elif kind == "pause":
            self._pause = self._pause or piece
        elif self._lead is None:
            self._lead = piece.start
        self._read_to = piece.end

    def _say(self, piece: Piece) -> None:
        """Take on what is said; a blank waits for what follows it, so that what was taken on never changes."""
        text = piece.text
        is_plain = (
            piece.kind == "said" and len(text) == piece.end - piece.start and text[-1] != " " and "  " not in text
        )
        if is_plain and text[0] == " " and self.text and not (self._has_blank or self._was_gone or self._pause):
            self._lead = None  # the common case: a word with its blank
            self.text += text
            self._starts.extend(range(piece.start, piece.end))
            self._ends.extend(range(piece.start + 1, piece.end + 1))
            return
        bare = piece.text.strip(" ")
        if bare != piece.text:
            self._lead = None if piece.text[0] == " " else self._lead
            self._has_blank = self._has_blank or piece.text[0] == " " or not bare
        if not bare:
            return
        is_linear = len(piece.text) == piece.end - piece.start
        start = piece.start + piece.text.index(bare[0]) if is_linear else piece.start
        if "  " in bare:
            for run in _RUN.finditer(bare):
                at = start + run.start() if is_linear else start
                end = at + len(run.group()) if is_linear else piece.end
                self._say(Piece(run.group(), piece.kind, at, end))
                self._has_blank = True
            self._has_blank = piece.text[-1] == " "
            return
        if self.text and (self._pause or self._has_blank):
            self._say_blank(bare[0], piece.start)
        self._pause, self._has_blank, self._was_gone = None, piece.text[-1] == " ", False
        if self._lead is not None:
            self._leads[len(self.text)], self._lead = self._lead, None
        begin = len(self.text)
        if is_linear:
            self._extend(bare, range(start, start + len(bare)), range(start + 1, start + len(bare) + 1))
        else:
            self._extend(bare, [start] * len(bare), [piece.end] * len(bare))
        if piece.kind == "verbatim":
            self.verbatim.append((begin, len(self.text)))

    def _say_blank(self, following: str, at: int) -> None:
        """Put a blank before what follows, and a comma between cells that have none."""
        if self._pause:
            comma = ", " if self.text[-1] not in ".,;:!?" else " "
            self._extend(comma, [self._pause.start] * len(comma), [self._pause.end] * len(comma))
        elif not (self._was_gone and following in _LEANING):
            self._extend(" ", [at], [at])

    def _extend(self, text: str, starts: Sequence[int], ends: Sequence[int]) -> None:
        self.text += text
        self._starts.extend(starts)
        self._ends.extend(ends)

    def cut(self, end: int, begin_next: int, *, ends_sentence: bool) -> Sentence:
        """Take off the text before `begin_next` as a sentence that says the text before `end`."""
        if begin_next < len(self.text):
            written_end = self._leads.get(begin_next, self._starts[begin_next])
        else:
            written_end = self._read_to if self._lead is None else self._lead
        written_end = max(written_end, self._written_start)
        written = "".join(self._written)
        length = written_end - self._written_start
        said = self.text[:end].rstrip() if has_sound(self.text[:end]) else ""
        sentence = Sentence(
            index=self._index,
            text=written[:length],
            spoken=said,
            start=self._written_start,
            words=tuple(
                WordMap(
                    word.start(), word.end(), self._starts[word.start()], min(self._ends[word.end() - 1], written_end)
                )
                for word in _WORD.finditer(said)
            ),
            ends_sentence=ends_sentence,
        )
        self._index += 1
        self.count += bool(said)
        self._written = [written[length:]]
        self._written_start = written_end
        self._forget(begin_next)
        return sentence

    def _forget(self, begin: int) -> None:
        if begin == len(self.text):
            self._has_blank, self._pause = False, None
        self.text = self.text[begin:]
        del self._starts[:begin]
        del self._ends[:begin]
        self._leads = {at - begin: lead for at, lead in self._leads.items() if at >= begin}
        self.verbatim = [(max(0, first - begin), last - begin) for first, last in self.verbatim if last > begin]
