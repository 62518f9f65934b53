"""What happened, for every display: one stream of events, each one JSON object a line. The table in the README is
made from these classes."""

from __future__ import annotations

import json
import re
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from voicestream.discreet import hide_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something happened."""

    name: ClassVar[str]
    time: float = 0.0
    """seconds since the start of the program; set when it is published"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready(Event):
    """Everything is open; speak."""

    name: ClassVar[str] = "ready"
    recognizer: str = ""
    """what turns speech into text"""
    model: str = ""
    """what writes the answers"""
    voice: str = ""
    """what speaks them"""
    input: str = ""
    """where it listens"""
    output: str = ""
    """where it plays"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice(Event):
    """Something a person should know, once; not an error."""

    name: ClassVar[str] = "notice"
    code: str
    """a short fixed word for it"""
    message: str
    """one line for a person"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level(Event):
    """How loud the microphone is, about ten times a second; only for displays that ask for it."""

    name: ClassVar[str] = "level"
    db: float
    """decibels relative to full scale"""
    speech: float
    """probability of a voice, 0 to 1"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChanged(Event):
    """The assistant's state as a person would name it."""

    name: ClassVar[str] = "state"
    state: str
    """listening, hearing, thinking, speaking, paused, muted or asleep"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechStartedEvent(Event):
    """Somebody began to speak."""

    name: ClassVar[str] = "speech_started"
    audio_time: float
    """seconds of audio, where the voice began"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechEndedEvent(Event):
    """They fell silent, and the turn is over."""

    name: ClassVar[str] = "speech_ended"
    audio_time: float
    """seconds of audio, where the voice ended"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptEvent(Event):
    """What was said, as far as it is known."""

    name: ClassVar[str] = "transcript"
    text: str
    """all of it"""
    stable: str
    """the leading part that will not change"""
    final: bool
    """whether it covers the whole speech"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechIgnored(Event):
    """Something was heard, and nothing comes of it."""

    name: ClassVar[str] = "speech_ignored"
    reason: str
    """silence, backchannel, echo, unclear, muted, asleep, not interruptible, stopped or typed"""
    text: str
    """what was understood of it; empty where it was not meant for the assistant"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn(Event):
    """The user's turn is complete."""

    name: ClassVar[str] = "turn"
    turn: int
    """number of the turn, from 1"""
    text: str
    """what the user said or typed"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaEvent(Event):
    """A piece of the answer arrived."""

    name: ClassVar[str] = "delta"
    turn: int
    """number of the turn"""
    text: str
    """the piece"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasoningEvent(Event):
    """A piece of the model's thinking, which is never spoken; shown with --verbose."""

    name: ClassVar[str] = "reasoning"
    turn: int
    """number of the turn"""
    text: str
    """the piece"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolEvent(Event):
    """A tool was run."""

    name: ClassVar[str] = "tool"
    turn: int
    """number of the turn"""
    tool: str
    """its name"""
    arguments: str
    """JSON object"""
    result: str
    """what it gave back"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceEvent(Event):
    """A sentence of the answer is complete."""

    name: ClassVar[str] = "sentence"
    turn: int
    """number of the turn"""
    index: int
    """number of the sentence in the answer, from 0"""
    text: str
    """as written"""
    spoken: str
    """as it is said"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthesizedEvent(Event):
    """The first audio of a sentence was made."""

    name: ClassVar[str] = "synthesized"
    turn: int
    """number of the turn"""
    index: int
    """number of the sentence"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundStarted(Event):
    """A sentence begins to be heard."""

    name: ClassVar[str] = "sound_started"
    turn: int
    """number of the turn"""
    index: int
    """number of the sentence"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundEnded(Event):
    """A sentence has been heard."""

    name: ClassVar[str] = "sound_ended"
    turn: int
    """number of the turn"""
    index: int
    """number of the sentence"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused(Event):
    """The answer waits, because somebody speaks over it."""

    name: ClassVar[str] = "paused"
    turn: int
    """number of the turn"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed(Event):
    """The answer goes on: it was no interruption."""

    name: ClassVar[str] = "resumed"
    turn: int
    """number of the turn"""
    reason: str
    """silence, backchannel, echo, muted or ended"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted(Event):
    """The user spoke over the answer, and it was stopped."""

    name: ClassVar[str] = "interrupted"
    turn: int
    """number of the turn whose answer was stopped"""
    heard: str
    """what was heard of it, as written"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Event):
    """The answer is over."""

    name: ClassVar[str] = "answer"
    turn: int
    """number of the turn"""
    text: str
    """all that the model wrote"""
    heard: str
    """the part of it that was heard"""
    finish: str
    """stop, length, tool_calls, content_filter, refusal, stopped_early, interrupted or error"""
    usage: dict[str, int] = field(default_factory=dict)
    """tokens, where the server tells"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wasted(Event):
    """The model was asked before the turn was over, and the user went on: nobody heard that answer."""

    name: ClassVar[str] = "wasted"
    turn: int
    """number of the turn"""
    text: str
    """what the user had said until then"""
    input_tokens: int
    """of the request; estimated where the server had not told yet"""
    output_tokens: int
    """written until it was stopped; estimated likewise"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency(Event):
    """Seconds from the end of the user's speech (of typed text: from its arrival); absent where there was none."""

    name: ClassVar[str] = "latency"
    turn: int
    """number of the turn"""
    transcript: float | None = None
    """to the final text"""
    turn_confirmed: float | None = None
    """to the decision that the turn is over"""
    first_delta: float | None = None
    """to the first piece of the answer"""
    first_sentence: float | None = None
    """to the first sentence"""
    first_audio: float | None = None
    """to the first audio made by the voice"""
    first_sound: float | None = None
    """to the first sound of the loudspeaker"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorEvent(Event):
    """Something failed; the conversation goes on unless the program ends."""

    name: ClassVar[str] = "error"
    stage: str
    """who failed: device, recognizer, model, voice, …"""
    code: str
    """a short fixed word for the fault"""
    message: str
    """one line for a person, without any key"""


Display = Callable[[Event], None]


class Events:
    """Publishes events to the displays, stamped with the seconds since the start."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._start = clock()
        self._displays: list[Display] = []
        self.is_lost = False
        """Whether a display could not go on: the disk is full, or nobody reads any more."""
        self.teller: Display = self.emit
        """Publishes what happened beside the conversation; a session that is recorded lets it arrive on its tape."""

    def show_on(self, display: Display) -> None:
        """Let `display` see every event from now on; it is called on the event loop and must not block."""
        self._displays.append(display)

    def now(self) -> float:
        """Return the seconds since the start."""
        return self._clock() - self._start

    def when(self, clock_time: float) -> float:
        """Return the seconds since the start for a reading of the same clock."""
        return clock_time - self._start

    def tell(self, event: Event) -> None:
        """Publish what happened beside the conversation, such as that a device is lost."""
        self.teller(event)

    def emit(self, event: Event, at: float | None = None) -> None:
        """Publish `event`, stamped with `at` or with the present; a message is rid of passwords in addresses first."""
        if isinstance(event, (Notice, ErrorEvent)):
            object.__setattr__(event, "message", hide_keys(event.message))
        object.__setattr__(event, "time", self.now() if at is None else at)
        for display in tuple(self._displays):
            try:
                display(event)
            except OSError as error:
                self._displays.remove(display)
                self.lose(error)

    def lose(self, error: OSError) -> None:
        """Go on without a display: who reads no more is as one who pressed Ctrl-C; a full disk ends no conversation."""
        self.is_lost = True
        if isinstance(error, BrokenPipeError):
            signal.raise_signal(signal.SIGINT)
        else:
            with suppress(OSError):  # the terminal may be gone
                sys.stderr.write(f"voicestream: events are not written any more: {error.strerror}\n")


def as_json(event: Event) -> str:
    """Return the event as one line of JSON; absent values are left out.

    What could steer a terminal or is no letter stands as an escape: the text may be a model's.
    """
    record: dict[str, Any] = {"event": event.name, "time": round(event.time, 6)}
    for item in fields(event):
        value = getattr(event, item.name)
        if item.name != "time" and value is not None:
            record[item.name] = round(value, 6) if isinstance(value, float) else value
    return _UNSAFE.sub(lambda letter: f"\\u{ord(letter[0]):04x}", json.dumps(record, ensure_ascii=False))


_UNSAFE = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Controls that JSON lets stand, changes of direction, line separators, and halves of letters, which no file takes."""


def from_json(line: str) -> Event | None:
    """Return the event of a line that `as_json` wrote; None where the name is not known; raise ValueError.

    Fields that this version does not know are left out.
    """
    record = json.loads(line)
    if not isinstance(record, dict):
        raise ValueError("an event is a JSON object")
    kind = _KINDS.get(str(record.get("event")))
    if kind is None:
        return None
    known = {item.name for item in fields(kind)}
    try:
        return kind(**{name: value for name, value in record.items() if name in known})
    except TypeError as error:
        raise ValueError(f"an event {kind.name} lacks a field") from error


_KINDS = {
    kind.name: kind
    for kind in tuple(globals().values())
    if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
}
"""By name. (Event.__subclasses__() holds each class twice: slots=True makes a second one.)"""
