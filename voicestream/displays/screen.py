"""What the terminal shows of a conversation: takes events, returns lines of styled pieces for any width and height.

It knows no terminal: terminal.py draws what stands here. Nothing in it can steer one: all text passes `printable`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from voicestream import events as told
from voicestream.displays.lines import printable
from voicestream.displays.wrapping import Line, Piece, cells, fitting, wrap
from voicestream.events import Event

MARKS = {"you": "› ", "notice": "· ", "error": "! ", "live": "… "}
"""What stands before a paragraph of each kind; an answer has nothing but the mark of what is being spoken."""

SPEAKING = "▸ "
"""Stands before the lines that are being spoken, so that they are told apart without any attribute too."""

BAR = 10
"""Cells of the bar that shows the level."""

QUIETEST = -60.0
"""Decibels relative to full scale, of an empty bar."""

VOICE = 0.5
"""Probability from which the bar says that it hears a voice."""

KEPT = 300
"""Paragraphs that can be scrolled back to."""


@dataclass(slots=True)
class Remark:
    """A paragraph that stays as it is: what the user said, a notice, an error."""

    kind: str
    text: str
    turn: int = -1


class ShownAnswer:
    """An answer as it streams in, in its sentences, one of which may be sounding."""

    def __init__(self, turn: int) -> None:
        self.turn = turn
        self.sentences: list[str] = []
        self.sounding = -1
        self.heard_to: int | None = None
        """Index into the text, of the first character not heard; None while it goes on."""
        self._rest = ""

    @property
    def text(self) -> str:
        """All that is known of it."""
        return "".join(self.sentences) + self._rest

    def add_delta(self, text: str) -> None:
        """Take a piece as it arrived."""
        self._rest += printable(text)

    def add_sentence(self, text: str) -> None:
        """Take a sentence that is complete; one that no piece brought (a filler) stands where it is said."""
        text = printable(text)
        place = self._rest.find(text) if text else -1
        if place >= 0:
            text = self._rest[: place + len(text)]
            self._rest = self._rest[len(text) :]
        self.sentences.append(text)

    def pieces(self, heard: str) -> list[Piece]:
        """Return its text: the sentence that sounds is marked, and in it the word after what was `heard`."""
        if self.heard_to is not None:
            text = self.text
            return [Piece(text[: self.heard_to], "answer"), Piece(text[self.heard_to :], "unheard")]
        pieces, start = [], 0
        for index, sentence in enumerate(self.sentences):
            if index == self.sounding:
                begin, end = _word_after(sentence, len(heard.rstrip()) - start)
                pieces += [Piece(sentence[:begin], "spoken"), Piece(sentence[begin:end], "word")]
                pieces.append(Piece(sentence[end:], "spoken"))
            else:
                pieces.append(Piece(sentence, "answer"))
            start += len(sentence)
        return [*pieces, Piece(self._rest, "answer")]


class Screen:
    """The conversation as far as it can be seen."""

    def __init__(self, *, has_colour: bool = True, heard: Callable[[], str] = lambda: "") -> None:
        self.state = "listening"
        self._has_colour = has_colour
        self._heard = heard
        self._paragraphs: deque[Remark | ShownAnswer] = deque(maxlen=KEPT)
        self._answer: ShownAnswer | None = None
        self._live = ("", "")
        self._bar: int | None = None
        self._has_voice = False
        self._latency: float | None = None
        self._parts: tuple[str, ...] = ()

    def add(self, event: Event) -> bool:
        """Take what happened; return whether anything looks different now."""
        match event:
            case told.Level(db=db, speech=speech):
                bar, has_voice = _bar_of(db), speech >= VOICE
                changed = (bar, has_voice) != (self._bar, self._has_voice) or self._is_speaking()
                self._bar, self._has_voice = bar, has_voice
                return changed
            case told.StateChanged(state=state):
                self.state = state
            case told.Ready():
                self._parts = (event.recognizer, event.model, event.voice)
            case told.TranscriptEvent(text=text, stable=stable):
                self._live = (printable(stable), printable(text)[len(printable(stable)) :])
            case told.Turn(turn=turn, text=text):
                self._take_turn(turn, printable(text))
            case told.Notice(message=message):
                self._paragraphs.append(Remark("notice", printable(message)))
            case told.ErrorEvent(stage=stage, message=message):
                self._paragraphs.append(Remark("error", f"{stage}: {printable(message)}"))
            case told.Latency(first_sound=seconds) if seconds is not None and event.turn:
                self._latency = seconds
            case told.DeltaEvent(turn=turn, text=text):
                self._answer_of(turn).add_delta(text)
            case told.SentenceEvent(turn=turn, text=text):
                self._answer_of(turn).add_sentence(text)
            case told.SoundStarted(turn=turn, index=index):
                self._answer_of(turn).sounding = index
            case told.Answer(turn=turn, heard=heard, finish=finish):
                self._end_answer(turn, heard, is_cut=finish == "interrupted")
            case _:
                return False
        return True

    # -------------------------------------------------------------------------------------------- what is seen

    def status(self, width: int) -> Line:
        """Return the line that tells state, level and delay; what does not fit is left out, the last first."""
        parts = [[Piece(f"● {self.state:<9}", f"state.{self.state}")]]
        if self._bar is not None:
            bar = "▮" * self._bar + "▯" * (BAR - self._bar)
            parts.append(
                [Piece(" mic "), Piece(bar, "level"), Piece(" voice" if self._has_voice else " " * 6, "voice")]
            )
        if self._latency is not None:
            parts.append([Piece(f"  answered in {self._latency:.2f} s", "dim")])
        line: Line = []
        for part in parts:
            if sum(cells(piece.text) for piece in (*line, *part)) > width:
                break
            line += part
        return line

    def parts(self, width: int) -> Line:
        """Return the line that names recognizer, model and voice."""
        return [Piece(fitting(" · ".join(filter(None, map(printable, self._parts))), width), "dim")]

    def body(self, width: int, height: int, back: int = 0) -> list[Line]:
        """Return the last lines of the conversation, `back` lines before its end, the oldest first."""
        lines: list[Line] = []
        for paragraph in self._newest_first(width):
            lines = [*paragraph, *lines]
            if len(lines) >= height + back:
                break
        end = max(min(height, len(lines)), len(lines) - back)
        return lines[max(0, end - height) : end]

    def _newest_first(self, width: int) -> Iterator[list[Line]]:
        if any(self._live):
            yield self._live_lines(width)
        for paragraph in reversed(self._paragraphs):
            if isinstance(paragraph, ShownAnswer):
                yield self._answer_lines(paragraph, width)
            else:
                pieces = [Piece(paragraph.text, paragraph.kind)]
                yield _with_mark(MARKS[paragraph.kind], wrap(pieces, width - 2))

    def _live_lines(self, width: int) -> list[Line]:
        settled, moving = self._live
        if moving and not self._has_colour:
            moving = f"[{moving.strip()}]"
            settled = settled and settled.rstrip() + " "
        return _with_mark(MARKS["live"], wrap([Piece(settled, "settled"), Piece(moving, "moving")], width - 2))

    def _answer_lines(self, answer: ShownAnswer, width: int) -> list[Line]:
        heard = self._heard() if answer is self._answer else ""
        lines = wrap(answer.pieces(heard), width - 2)
        return [
            [Piece(SPEAKING if any(piece.style in ("spoken", "word") for piece in line) else "  ", "spoken"), *line]
            for line in lines
        ]

    # ------------------------------------------------------------------------------------------ what is known

    def _is_speaking(self) -> bool:
        return self._answer is not None and self._answer.sounding >= 0

    def _take_turn(self, turn: int, text: str) -> None:
        self._live = ("", "")
        for paragraph in self._paragraphs:
            if isinstance(paragraph, Remark) and paragraph.turn == turn:
                paragraph.text = text  # the user went on, and the turn was taken again with more
                return
        self._paragraphs.append(Remark("you", text, turn))

    def _answer_of(self, turn: int) -> ShownAnswer:
        if self._answer is None or self._answer.turn != turn:
            self._answer = ShownAnswer(turn)
            self._paragraphs.append(self._answer)
        return self._answer

    def _end_answer(self, turn: int, heard: str, *, is_cut: bool) -> None:
        if self._answer and self._answer.turn == turn:
            self._answer.heard_to = len(printable(heard)) if is_cut else len(self._answer.text)
            self._answer = None
        if is_cut:
            self._paragraphs.append(Remark("notice", "interrupted"))


def _bar_of(db: float) -> int:
    return round(BAR * min(1.0, max(0.0, 1 - db / QUIETEST)))


def _word_after(sentence: str, heard: int) -> tuple[int, int]:
    """Return where the word after the first `heard` characters stands."""
    rest = sentence[max(0, heard) :]
    begin = len(sentence) - len(rest.lstrip())
    return begin, begin + len((rest.split() or [""])[0])


def _with_mark(mark: str, lines: list[Line]) -> list[Line]:
    return [[Piece(mark if number == 0 else "  ", "mark"), *line] for number, line in enumerate(lines)]
