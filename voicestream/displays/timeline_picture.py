"""The course of a conversation as a picture: each turn on one time axis, from speech to sound, with the gap marked.

Pure: takes events, returns SVG text (https://www.w3.org/TR/SVG11/). Texts of models and people are escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from voicestream import events as told
from voicestream.displays.lines import printable
from voicestream.events import Event

LABELS, WIDTH, ROW, HEAD, GAP = 110, 860, 22, 30, 26
"""Pixels: the column of labels, the time axis, a row, the head of a turn, the space below it."""

ROWS = ("speech", "partials", "answer", "sentences", "synthesis", "playing")

LETTER = 6.2
"""Pixels of a letter at the font's size, on average; a text that does not fit its bar is cut."""

STYLE = (
    "text{font:11px system-ui,sans-serif;fill:#222}.head{font-weight:600;font-size:13px}.dim{fill:#777}"
    ".axis{stroke:#ddd}.speech{fill:#4a90d9}.tick{stroke:#777}.delta{stroke:#2a9d5c}.playing{fill:#9bd3ae}"
    ".gap{fill:#f6c85f;opacity:.35}.cut{stroke:#d1343c;stroke-width:2}.paused{fill:#d1343c;opacity:.2}"
)


@dataclass(slots=True)
class Course:
    """The times of one turn, in seconds of the events' clock."""

    turn: int
    text: str = ""
    begin: float = 0.0
    """When the voice was noticed, or the line was typed."""
    asked: float | None = None
    """When the user fell silent, where it is known."""
    partials: list[float] = field(default_factory=list)
    deltas: list[float] = field(default_factory=list)
    sentences: list[float] = field(default_factory=list)
    syntheses: list[float] = field(default_factory=list)
    spoken: dict[int, str] = field(default_factory=dict)
    sounds: list[tuple[int, float, float]] = field(default_factory=list)
    """Sentence, begin and end of each that was heard."""
    pauses: list[tuple[float, float]] = field(default_factory=list)
    interrupted: float | None = None
    end: float = 0.0

    @property
    def first_sound(self) -> float | None:
        """When the answer began to be heard."""
        return self.sounds[0][1] if self.sounds else None


def timeline_picture(events: Sequence[Event]) -> str:
    """Return the turns as SVG, all at one scale; times are counted from the end of the user's speech."""
    courses = courses_of(events)
    longest = max((course.end - course.begin for course in courses), default=1.0)
    scale = WIDTH / max(longest, 0.5)
    height = HEAD + len(ROWS) * ROW + GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LABELS + WIDTH + 20}" height="{height * len(courses) + 40}" '
        f'role="img" aria-label="Timeline of a conversation"><style>{STYLE}</style>',
        '<rect width="100%" height="100%" fill="#fff"/>',
    ]
    for number, course in enumerate(courses):
        parts.append(f'<g transform="translate(0 {number * height + 10})">{_draw(course, scale)}</g>')
    if not courses:
        parts.append('<text x="10" y="24">No turn was heard.</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def courses_of(events: Sequence[Event]) -> list[Course]:
    """Return the course of each turn, in their order; what nobody asked for (turn 0) is left out."""
    courses: dict[int, Course] = {}
    voice: float | None = None
    partials: list[float] = []
    for event in events:
        match event:
            case told.SpeechStartedEvent():
                voice = event.time if voice is None else voice
            case told.TranscriptEvent():
                partials.append(event.time)
            case told.Turn():
                begin = event.time if voice is None else min(voice, event.time)
                course = courses.setdefault(event.turn, Course(event.turn, begin=begin))
                course.text, course.end = event.text, event.time
                course.partials += partials
                voice, partials = None, []
            case _:
                if course_ := courses.get(getattr(event, "turn", 0)):
                    _note(course_, event)
    return list(courses.values())


def _note(course: Course, event: Event) -> None:
    course.end = max(course.end, event.time)
    match event:
        case told.DeltaEvent():
            course.deltas.append(event.time)
        case told.SentenceEvent():
            course.sentences.append(event.time)
            course.spoken[event.index] = event.spoken
        case told.SynthesizedEvent():
            course.syntheses.append(event.time)
        case told.SoundStarted():
            course.sounds.append((event.index, event.time, event.time))
        case told.SoundEnded() if course.sounds and course.sounds[-1][0] == event.index:
            course.sounds[-1] = (event.index, course.sounds[-1][1], event.time)
        case told.Paused():
            course.pauses.append((event.time, event.time))
        case told.Resumed() if course.pauses:
            course.pauses[-1] = (course.pauses[-1][0], event.time)
        case told.Interrupted():
            course.interrupted = event.time
            if course.sounds and course.sounds[-1][1] == course.sounds[-1][2]:
                course.sounds[-1] = (course.sounds[-1][0], course.sounds[-1][1], event.time)
        case told.Latency(first_sound=seconds) if seconds is not None and course.first_sound is not None:
            course.asked = course.first_sound - seconds
        case _:
            pass


def _draw(course: Course, scale: float) -> str:
    """Return the elements of one turn, its top left at the origin."""
    zero = course.begin if course.asked is None else max(course.begin, course.asked)

    def x(time: float) -> float:
        return round(LABELS + max(0.0, time - course.begin) * scale, 1)

    bottom = HEAD + len(ROWS) * ROW
    parts = [f'<text class="head" x="8" y="18">{course.turn}. {_cut(course.text, LABELS + WIDTH)}</text>']
    for number, name in enumerate(ROWS):
        y = HEAD + number * ROW
        parts.append(f'<line class="axis" x1="{LABELS}" x2="{LABELS + WIDTH}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text class="dim" x="8" y="{y + 15}">{name}</text>')
    if course.first_sound is not None and course.asked is not None:
        left, right = x(zero), x(course.first_sound)
        parts.append(_bar("gap", left, right, HEAD, bottom - HEAD))
        parts.append(f'<text x="{left}" y="{bottom + 12}">{course.first_sound - zero:.2f} s to the first sound</text>')
    if zero > course.begin:
        parts.append(_bar("speech", x(course.begin), x(zero), HEAD + 4, ROW - 8))
    rows = ((1, "tick", course.partials), (2, "delta", course.deltas))
    for row, name, times in (*rows, (3, "tick", course.sentences), (4, "tick", course.syntheses)):
        parts += [_tick(name, x(time), HEAD + row * ROW) for time in times if time >= course.begin]
    y = HEAD + 5 * ROW
    for index, begin, end in course.sounds:
        parts.append(_bar("playing", x(begin), x(end), y + 3, ROW - 6))
        parts.append(
            f'<text x="{x(begin) + 3}" y="{y + 15}">{_cut(course.spoken.get(index, ""), x(end) - x(begin) - 6)}</text>'
        )
    parts += [_bar("paused", x(begin), x(end), y, ROW) for begin, end in course.pauses]
    if course.interrupted is not None:
        at = x(course.interrupted)
        parts.append(f'<line class="cut" x1="{at}" x2="{at}" y1="{HEAD}" y2="{bottom}"/>')
        parts.append(
            f'<text x="{min(at, LABELS + WIDTH - 70)}" y="{bottom + 12}" text-anchor="start">interrupted</text>'
        )
    return "".join(parts)


def _bar(name: str, left: float, right: float, top: float, height: float) -> str:
    width = max(1.0, round(right - left, 1))
    return f'<rect class="{name}" x="{left}" y="{top}" width="{width}" height="{height}"/>'


def _tick(name: str, at: float, top: float) -> str:
    return f'<line class="{name}" x1="{at}" x2="{at}" y1="{top + 4}" y2="{top + ROW - 4}"/>'


def _cut(text: str, width: float) -> str:
    """Return as much of the text as fits `width` pixels, escaped for XML."""
    text = " ".join(printable(text).split())
    most = max(0, int(width / LETTER))
    return escape(text if len(text) <= most else f"{text[: most - 1]}…" if most > 1 else "")
