"""What happened in each turn of a conversation, and when: read from its events, for whoever draws it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from voicestream import events as told
from voicestream.events import Event


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
    requested: float | None = None
    """When the model was asked, where it is known."""
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
            if course.pauses and course.pauses[-1][0] == course.pauses[-1][1]:
                course.pauses[-1] = (course.pauses[-1][0], event.time)
            if course.sounds and course.sounds[-1][1] == course.sounds[-1][2]:
                course.sounds[-1] = (course.sounds[-1][0], course.sounds[-1][1], event.time)
        case told.Latency(transcript=asking, first_sound=seconds):
            if seconds is not None and course.first_sound is not None:
                course.asked = course.first_sound - seconds
                course.requested = None if asking is None else course.asked + asking
        case _:
            pass
