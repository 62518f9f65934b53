"""The sentence that is being written: what is said of it so far, and where every character of that was written."""

from __future__ import annotations

import re

from voicestream.speaking.signs import has_sound
from voicestream.speaking.spoken_text import Piece
from voicestream.vocabulary import Sentence, WordMap

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\s\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
"""A word; in scripts without blanks, a character."""
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
        self._pause: Piece | None = None

    def read(self, written: str) -> None:
        """Keep the written text, until it is handed out with a sentence."""
        self._written.append(written)
        self._length += len(written)

    def read_all(self) -> None:
        """Note that the filter has read everything."""
        self._read_to = self._length

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
        if self.text and not self.text.endswith(" "):
            self._extend(" ", self._read_to, self._read_to)
        self._pause = None

    def append(self, piece: Piece) -> None:
        """Take the next piece of the text."""
        match piece.kind:
            case "opening":
                if self._lead is None:
                    self._lead = piece.start
            case "gone":
                self._was_gone = True
            case "pause":
                self._pause = self._pause or piece
            case _:
                self._say(piece)
        self._read_to = piece.end

    def _say(self, piece: Piece) -> None:
        text = piece.text
        if not text.strip():
            if self.text and not self.text.endswith(" ") and text:
                self._extend(" ", piece.start, piece.end)
                self._lead = None
            return
        if self._pause:
            self._say_pause(self._pause)
        if self._was_gone and text[0] in _LEANING and self.text.endswith(" "):
            self._shorten()
        self._was_gone = False
        begin = len(self.text)
        is_linear = len(text) == piece.end - piece.start
        if "  " in text or (text[0] == " " and (not self.text or self.text.endswith(" "))):
            for place, character in enumerate(text):
                if character != " " or (self.text and not self.text.endswith(" ")):
                    start = piece.start + place if is_linear else piece.start
                    self._extend(character, start, start + 1 if is_linear else piece.end)
        elif is_linear:
            self._mark_lead()
            self.text += text
            self._starts.extend(range(piece.start, piece.end))
            self._ends.extend(range(piece.start + 1, piece.end + 1))
        else:
            self._mark_lead()
            self._extend_all(text, piece.start, piece.end)
        if piece.kind == "verbatim":
            self.verbatim.append((begin, len(self.text)))

    def _say_pause(self, piece: Piece) -> None:
        """Put a comma between cells, where there is none."""
        self._pause = None
        bare = self.text.rstrip()
        if not bare:
            return
        while self.text.endswith(" "):
            self._shorten()
        self._extend_all(", " if bare[-1] not in ".,;:!?" else " ", piece.start, piece.end)

    def _mark_lead(self) -> None:
        if self._lead is not None:
            self._leads[len(self.text)] = self._lead
            self._lead = None

    def _extend(self, character: str, start: int, end: int) -> None:
        if character != " ":
            self._mark_lead()
        self.text += character
        self._starts.append(start)
        self._ends.append(end)

    def _extend_all(self, text: str, start: int, end: int) -> None:
        self.text += text
        self._starts.extend([start] * len(text))
        self._ends.extend([end] * len(text))

    def _shorten(self) -> None:
        self.text = self.text[:-1]
        self._starts.pop()
        self._ends.pop()

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
                WordMap(word.start(), word.end(), self._starts[word.start()], self._ends[word.end() - 1])
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
        self.text = self.text[begin:]
        del self._starts[:begin]
        del self._ends[:begin]
        self._leads = {at - begin: lead for at, lead in self._leads.items() if at >= begin}
        self.verbatim = [(max(0, first - begin), last - begin) for first, last in self.verbatim if last > begin]
