"""The course of a conversation as shapes: each turn on one time axis, from speech to sound, with the gap marked.

Pure: takes events, returns boxes, lines and texts in pixels from the top left; who draws them knows no events.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from voicestream.displays.lines import printable
from voicestream.displays.timeline_courses import Course, courses_of
from voicestream.events import Event

LABELS, WIDTH, MARGIN, ROW, HEAD, FOOT = 96, 880, 24, 24, 40, 52
"""Pixels: the column of labels, the time axis, what is left at its right, a row, the head of a turn, its foot."""

ROWS = ("you", "transcript", "request", "model", "sentences", "voice", "playing")

LETTER = 6.0
"""Pixels of a letter at the font's size, on average; a text that does not fit its bar is cut."""

MARKS_APART = 80.0
"""Pixels between two marks of the axis, at least."""


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle."""

    style: str
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line."""

    style: str
    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text; its place is that of the base line."""

    style: str
    x: float
    y: float
    text: str
    anchor: Literal["start", "middle", "end"] = "start"


Shape = Box | Line | Text


@dataclass(frozen=True, slots=True)
class Style:
    """How a shape looks."""

    color: str
    opacity: float = 1.0
    thickness: float = 1.0
    """Pixels of a line."""
    size: float = 11.0
    """Pixels of a letter's height."""
    is_bold: bool = False


STYLES = {
    "paper": Style("#ffffff"),
    "head": Style("#1c2733", size=14.0, is_bold=True),
    "text": Style("#1c2733"),
    "dim": Style("#7b8794"),
    "row": Style("#eef1f4"),
    "axis": Style("#c9d1d9"),
    "mark": Style("#eef1f4"),
    "gap": Style("#f6c85f", opacity=0.30),
    "gap_text": Style("#9a6b00", size=12.0, is_bold=True),
    "speech": Style("#4a90d9"),
    "voice_over": Style("#a9cbef"),
    "tick": Style("#8896a5", thickness=1.5),
    "waiting": Style("#e0a83a", opacity=0.55),
    "writing": Style("#bfe3cb"),
    "delta": Style("#2a9d5c"),
    "sentence": Style("#7a5cc0", thickness=2.0),
    "synthesis": Style("#c0569b", thickness=2.0),
    "playing": Style("#9bd3ae"),
    "edge": Style("#ffffff", thickness=1.5),
    "paused": Style("#d1343c", opacity=0.18),
    "cut": Style("#d1343c", thickness=2.0),
    "cut_text": Style("#d1343c", size=12.0, is_bold=True),
}


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture of `width` times `height` pixels; what comes later lies above."""

    width: float
    height: float
    shapes: tuple[Shape, ...]


def draw_timeline(events: Sequence[Event]) -> Drawing:
    """Return the turns below each other, all at one scale; times are counted from the end of the user's speech."""
    courses = courses_of(events)
    longest = max((course.end - course.begin for course in courses), default=1.0)
    scale = WIDTH / max(longest, 0.5)
    height = HEAD + len(ROWS) * ROW + FOOT
    size = LABELS + WIDTH + MARGIN, height * max(len(courses), 1) + 8
    shapes: list[Shape] = [Box("paper", 0, 0, *size)]
    for number, course in enumerate(courses):
        shapes += _Turn(course, scale, 8 + number * height).draw()
    if not courses:
        shapes.append(Text("text", 12, 26, "No turn was heard."))
    return Drawing(*size, tuple(shapes))


class _Turn:
    """One turn on its way to shapes."""

    def __init__(self, course: Course, scale: float, top: float) -> None:
        self._course = course
        self._scale = scale
        self._top = top + HEAD
        self._bottom = self._top + len(ROWS) * ROW
        self._zero = course.begin if course.asked is None else max(course.begin, course.asked)

    def draw(self) -> Iterator[Shape]:
        course = self._course
        title = _fitting(f"{course.turn}. {course.text}", LABELS + WIDTH, 7.6)
        yield Text("head", 12, self._top - HEAD + 22, title)
        yield from self._axis()
        yield from self._gap()
        if self._zero > course.begin:
            yield from self._bar("speech", 0, course.begin, self._zero)
        yield from self._ticks("tick", 1, course.partials)
        yield from self._request()
        yield from self._ticks("delta", 3, course.deltas)
        yield from self._ticks("sentence", 4, course.sentences)
        yield from self._ticks("synthesis", 5, course.syntheses)
        yield from self._sounds()
        yield from self._cut()

    def _x(self, time: float) -> float:
        return round(LABELS + min(max(0.0, time - self._course.begin) * self._scale, WIDTH), 1)

    def _row(self, row: int) -> float:
        return self._top + row * ROW

    def _axis(self) -> Iterator[Shape]:
        """Rows with their names, and below them the seconds."""
        for row, name in enumerate(ROWS):
            yield Line("row", LABELS, self._row(row), LABELS + WIDTH, self._row(row))
            yield Text("dim", LABELS - 12, self._row(row) + 16, name, "end")
        step = next(step for step in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60, 1e9) if step * self._scale >= MARKS_APART)
        before = self._zero - self._course.begin
        for number in range(math.ceil(-before / step), math.floor((WIDTH / self._scale - before) / step) + 1):
            x = self._x(self._zero + number * step)
            yield Line("mark", x, self._top, x, self._bottom + 4)
            yield Text("dim", x, self._bottom + 17, f"{number * step:.10g} s", "middle")
        yield Line("axis", LABELS, self._bottom, LABELS + WIDTH, self._bottom)

    def _gap(self) -> Iterator[Shape]:
        course = self._course
        if course.first_sound is None or course.asked is None:
            return
        left, right = self._x(self._zero), self._x(course.first_sound)
        yield Box("gap", left, self._top, right - left, self._bottom - self._top)
        told = f"{course.first_sound - self._zero:.2f} s to the first sound"
        yield Text("gap_text", left, self._bottom + 33, told)

    def _request(self) -> Iterator[Shape]:
        """From the question to the first piece of the answer it waits, then it writes."""
        course = self._course
        if course.deltas:
            yield from self._bar("writing", 3, course.deltas[0], course.deltas[-1])
        if course.requested is not None:
            until = course.deltas[0] if course.deltas else course.end
            yield from self._bar("waiting", 2, course.requested, max(course.requested, until))

    def _sounds(self) -> Iterator[Shape]:
        course, row = self._course, len(ROWS) - 1
        for index, begin, end in course.sounds:
            yield from self._bar("playing", row, begin, end)
            yield Line("edge", self._x(begin), self._row(row) + 4, self._x(begin), self._row(row + 1) - 4)
            room = self._x(end) - self._x(begin) - 8
            if text := _fitting(course.spoken.get(index, ""), room, LETTER):
                yield Text("text", self._x(begin) + 4, self._row(row) + 16, text)
        for begin, end in course.pauses:
            yield from self._bar("voice_over", 0, begin, end)
            left, right = self._x(begin), self._x(end)
            yield Box("paused", left, self._top, _width(left, right), self._bottom - self._top)

    def _cut(self) -> Iterator[Shape]:
        if self._course.interrupted is None:
            return
        x = self._x(self._course.interrupted)
        yield Line("cut", x, self._top, x, self._bottom)
        yield Text("cut_text", min(x, LABELS + WIDTH), self._top - 5, "interrupted", "end")

    def _bar(self, style: str, row: int, begin: float, end: float) -> Iterator[Shape]:
        left, right = self._x(begin), self._x(end)
        yield Box(style, left, self._row(row) + 4, _width(left, right), ROW - 8)

    def _ticks(self, style: str, row: int, times: Sequence[float]) -> Iterator[Shape]:
        for time in times:
            if time >= self._course.begin:
                x = self._x(time)
                yield Line(style, x, self._row(row) + 5, x, self._row(row + 1) - 5)


def _width(left: float, right: float) -> float:
    return max(1.0, round(right - left, 1))


def _fitting(text: str, width: float, letter: float) -> str:
    """Return as much of the text as fits `width` pixels."""
    text = " ".join(printable(text).split())
    most = max(0, int(width / letter))
    return text if len(text) <= most else f"{text[: most - 1]}…" if most > 1 else ""
