"""What the terminal shows of a conversation: takes events, returns lines of styled pieces for any width and height.

It knows no terminal: terminal.py draws what stands here. Nothing in it can steer one: all text passes `printable`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from voicestream import events as told
from voicestream.displays.lines import printable
from voicestream.displays.paragraphs import GrowingAnswer, LiveText, Paragraph, shown
from voicestream.displays.wrapping import Line, Piece, cells, fitting
from voicestream.events import Event

BAR = 10
"""Cells of the bar that shows the level."""

QUIETEST = -60.0
"""Decibels relative to full scale, of an empty bar."""

VOICE = 0.5
"""Probability from which the bar says that it hears a voice."""

KEPT = 300
"""Paragraphs that can be scrolled back to."""


class Screen:
    """The conversation as far as it can be seen."""

    def __init__(
        self, *, has_colour: bool = True, is_verbose: bool = False, spoken: Callable[[], str] = lambda: ""
    ) -> None:
        self.state = "listening"
        self._is_verbose = is_verbose
        self._spoken = spoken
        self._paragraphs: deque[Paragraph] = deque(maxlen=KEPT)
        self._answer: GrowingAnswer | None = None
        self._live = LiveText(has_brackets=not has_colour)
        self._bar: int | None = None
        self._has_voice = False
        self._latency: float | None = None
        self._parts: tuple[str, ...] = ()

    @property
    def is_sounding(self) -> bool:
        """Whether the mark moves on from word to word."""
        return self._answer is not None and self._answer.is_sounding and self.state == "speaking"

    def add(self, event: Event) -> bool:
        """Take what happened; return whether anything looks different now."""
        match event:
            case told.Level(db=db, speech=speech):
                before = self._bar, self._has_voice
                self._bar, self._has_voice = _bar_of(db), speech >= VOICE
                return before != (self._bar, self._has_voice)
            case told.Ready():
                self._parts = (event.recognizer, event.model, event.voice)
            case told.StateChanged(state=state):
                self.state = state
                if state not in ("hearing", "paused"):
                    self._live.end()
            case told.SpeechStartedEvent() | told.TranscriptEvent() | told.Turn():
                self._add_users(event)
            case told.Notice(message=message):
                self._paragraphs.append(Paragraph("notice", message))
            case told.ErrorEvent(stage=stage, message=message):
                self._paragraphs.append(Paragraph("error", f"{stage}: {message}"))
            case told.Latency(first_sound=seconds) if seconds is not None and event.turn:
                self._latency = seconds
            case told.ReasoningEvent(turn=turn, text=text) if self._is_verbose:
                self._add_thought(turn, text)
            case told.DeltaEvent() | told.SentenceEvent() | told.SoundStarted() | told.Answer():
                self._add_assistants(event)
            case _:
                return False
        return True

    # -------------------------------------------------------------------------------------------- what is seen

    def status(self, width: int) -> Line:
        """Return the line that tells state, level and delay; what does not fit is left out, the last first."""
        line = [Piece(f"● {self.state:<9}", f"state.{self.state}")]
        used = cells(line[0].text)
        if self._bar is not None and (used := used + 6 + BAR + 6) <= width:
            line += [Piece("  mic "), Piece("━" * self._bar, "level"), Piece("─" * (BAR - self._bar), "dim")]
            line.append(Piece(" voice" if self._has_voice else " " * 6, "voice"))
        if self._latency is not None and used + cells(delay := f"answered in {self._latency:.2f} s") + 2 <= width:
            line.append(Piece(" " * (width - used - cells(delay)) + delay, "dim"))
        return line

    def parts(self, width: int) -> Line:
        """Return the line that names recognizer, model and voice."""
        return [Piece(fitting(" · ".join(filter(None, map(printable, self._parts))), width), "dim")]

    def count(self, width: int) -> int:
        """Return how many lines the whole conversation takes."""
        return sum(paragraph.count(width) for paragraph in self._all())

    def followed(self, width: int, height: int) -> int:
        """Return the first of the lines that are shown to who does not look back."""
        last = max(0, self.count(width) - height)
        if self._answer is None or not self.is_sounding or self._live.paragraph.text.text:
            return last
        paragraphs = self._all()
        place = paragraphs.index(self._answer.paragraph)
        before = sum(paragraph.count(width) for paragraph in paragraphs[:place])
        return min(last, max(0, before + self._answer.sounding_row(width) - 1))

    def body(self, width: int, height: int, top: int | None = None) -> list[Line]:
        """Return `height` lines of the conversation, less if there are less.

        They begin at line `top`; by default they are its end, or what sounds where that stands further up.
        """
        if self._answer:
            self._answer.mark(self._spoken())
        if top is None:
            top = self.followed(width, height)
        lines: list[Line] = []
        for paragraph in self._all():
            count = paragraph.count(width)
            if top < count:
                lines += paragraph.draw(width, range(top, min(count, top + height - len(lines))))
            top = max(0, top - count)
        return lines

    def _all(self) -> list[Paragraph]:
        return [*self._paragraphs, *([self._live.paragraph] if self._live.paragraph.text.text else [])]

    # ------------------------------------------------------------------------------------------ what is known

    def _add_users(self, event: told.SpeechStartedEvent | told.TranscriptEvent | told.Turn) -> None:
        match event:
            case told.SpeechStartedEvent():
                self._live.is_open = True
            case told.TranscriptEvent(text=text, stable=stable, final=is_final):
                # A last look at the speech may come when its turn is taken already, and stands there as the turn.
                if self._live.is_open or not is_final:
                    self._live.show(text, stable)
            case told.Turn(turn=turn, text=text):
                self._live.end()
                self._take_turn(turn, text)

    def _take_turn(self, turn: int, text: str) -> None:
        """Show a turn; one that is taken again, because the user went on, takes its own place, and its answer goes."""
        if self._answer and self._answer.paragraph.turn == turn:
            self._paragraphs.remove(self._answer.paragraph)
            self._answer = None
        for place, paragraph in enumerate(self._paragraphs):
            if paragraph.kind == "you" and paragraph.turn == turn:
                self._paragraphs[place] = Paragraph("you", text, turn)
                return
        self._paragraphs.append(Paragraph("you", text, turn))

    def _add_assistants(self, event: told.DeltaEvent | told.SentenceEvent | told.SoundStarted | told.Answer) -> None:
        answer = self._answer if self._answer and self._answer.paragraph.turn == event.turn else None
        if isinstance(event, told.Answer):
            self._end_answer(answer, event)
            return
        if answer is None:
            self._answer = answer = GrowingAnswer(event.turn)
            self._paragraphs.append(answer.paragraph)
        match event:
            case told.DeltaEvent(text=text):
                answer.add_delta(text)
            case told.SentenceEvent(text=text):
                answer.add_sentence(text)
            case told.SoundStarted(index=index):
                answer.begin_sound(index)

    def _add_thought(self, turn: int, text: str) -> None:
        last = self._paragraphs[-1] if self._paragraphs else None
        if last is None or (last.kind, last.turn) != ("thought", turn):
            last = Paragraph("thought", turn=turn)
            self._paragraphs.append(last)
        last.text.put(len(last.text.text), shown(text))

    def _end_answer(self, answer: GrowingAnswer | None, event: told.Answer) -> None:
        is_cut = event.finish == "interrupted"
        if answer:
            answer.end(event.heard if is_cut else None)
            self._answer = None
        if is_cut:
            self._paragraphs.append(Paragraph("notice", "interrupted"))


def _bar_of(db: float) -> int:
    return round(BAR * min(1.0, max(0.0, 1 - db / QUIETEST)))
