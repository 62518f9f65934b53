"""The sentence that is being written: what is said of it so far, and where every character of that was written."""

from __future__ import annotations

import re
from collections.abc import Iterable

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
        if self.text and not self.text.endswith(" "):
            self._extend(" ", [self._read_to], [self._read_to])
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
        bare = text.lstrip(" ")
        if bare and self._pause:
            self._say_pause(self._pause)
        if bare and self._was_gone and bare[0] in _LEANING:
            self._drop_blanks()
            text = bare
        if bare:
            self._was_gone = False
        begin = len(self.text)
        is_linear = len(piece.text) == piece.end - piece.start
        start = piece.end - len(text) if is_linear else piece.start
        if "  " in text or (text[:1] == " " and (not self.text or self.text.endswith(" "))):
            for place, character in enumerate(text):
                if character != " " or (self.text and not self.text.endswith(" ")):
                    at = start + place if is_linear else start
                    self._extend(character, range(at, at + 1), range(at + 1, at + 2) if is_linear else [piece.end])
        elif is_linear:
            self._extend(text, range(start, piece.end), range(start + 1, piece.end + 1))
        else:
            self._extend(text, [start] * len(text), [piece.end] * len(text))
        if piece.kind == "verbatim":
            self.verbatim.append((begin, len(self.text)))

    def _extend(self, text: str, starts: Iterable[int], ends: Iterable[int]) -> None:
        if self._lead is not None and text.strip():
            self._leads[len(self.text) + len(text) - len(text.lstrip())] = self._lead
        if text:
            self._lead = None
        self.text += text
        self._starts.extend(starts)
        self._ends.extend(ends)

    def _drop_blanks(self) -> None:
        while self.text.endswith(" "):
            self.text = self.text[:-1]
            self._starts.pop()
            self._ends.pop()

    def _say_pause(self, piece: Piece) -> None:
        """Put a comma between cells, where there is none."""
        self._pause = None
        if self.text.strip():
            self._drop_blanks()
            comma = ", " if self.text[-1] not in ".,;:!?" else " "
            lead, self._lead = self._lead, None
            self._extend(comma, [piece.start] * len(comma), [piece.end] * len(comma))
            self._lead = lead

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
