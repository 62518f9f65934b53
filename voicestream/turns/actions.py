"""What turn taking is told besides what is heard, what it decides, and the states it can be in.

All times are audio time; whoever feeds them keeps to one clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

from voicestream.vocabulary import Heard, WordTime


class State(Enum):
    """Where the conversation stands."""

    IDLE = "idle"
    """Nobody speaks; a speech would begin a turn."""
    HEARING = "hearing"
    """The user speaks."""
    MAYBE_FINISHED = "maybe finished"
    """The user fell silent; a speculative answer may be on its way, silent."""
    ANSWERING = "answering"
    """The turn is taken; its answer does not sound yet."""
    HELD = "held"
    """As answering, but somebody makes a sound: the loudspeaker is paused until it is clear what it was."""
    SPEAKING = "speaking"
    """The answer sounds."""
    PAUSED = "paused"
    """As speaking, but somebody makes a sound: the loudspeaker is paused until it is clear what it was."""
    MUTED = "muted"
    """The microphone does not count; a running answer goes on."""
    ASLEEP = "asleep"
    """Waits for the wake phrase, or for the button."""


SHOWN = {
    State.IDLE: "listening",
    State.HEARING: "hearing",
    State.MAYBE_FINISHED: "hearing",
    State.ANSWERING: "thinking",
    State.HELD: "thinking",
    State.SPEAKING: "speaking",
    State.PAUSED: "paused",
    State.MUTED: "muted",
    State.ASLEEP: "asleep",
}
"""The states as a person would name them."""


# ------------------------------------------------------------------------------------------------------ inputs


@dataclass(frozen=True, slots=True)
class AnswerSounding:
    """The first sound of an answer, or of an announcement that nobody asked for, is heard.

    Never told of an answer after it was cancelled or interrupted.
    """

    turn: int


@dataclass(frozen=True, slots=True)
class AnswerEnded:
    """An answer is over, whole or failed; never told of an answer after it was cancelled or interrupted."""

    turn: int
    is_failed: bool = False
    """Whether something went wrong, and nobody heard of it."""


@dataclass(frozen=True, slots=True)
class Saying:
    """The loudspeaker says these words."""

    text: str
    time: float
    """Seconds, when the first word begins to sound."""
    words: tuple[WordTime, ...] = ()
    """When each begins after that, as far as the voice has told."""


@dataclass(frozen=True, slots=True)
class Typed:
    """The user typed a turn."""

    text: str
    time: float = 0.0


@dataclass(frozen=True, slots=True)
class ButtonPressed:
    """The push-to-talk button went down: what follows is meant for the assistant."""

    time: float = 0.0


@dataclass(frozen=True, slots=True)
class ButtonReleased:
    """The push-to-talk button went up: the turn is complete."""

    time: float = 0.0


@dataclass(frozen=True, slots=True)
class Muted:
    """The microphone shall not count."""

    time: float = 0.0


@dataclass(frozen=True, slots=True)
class Unmuted:
    """The microphone counts again."""

    time: float = 0.0


@dataclass(frozen=True, slots=True)
class StopPressed:
    """The user wants silence, at once."""

    time: float = 0.0


@dataclass(frozen=True, slots=True)
class WakeWordHeard:
    """An acoustic detector heard the wake word."""

    time: float = 0.0


Input = (
    Heard
    | AnswerSounding
    | AnswerEnded
    | Saying
    | Typed
    | ButtonPressed
    | ButtonReleased
    | Muted
    | Unmuted
    | StopPressed
    | WakeWordHeard
)


# ----------------------------------------------------------------------------------------------------- actions


@dataclass(frozen=True, slots=True)
class BeginAnswer:
    """Ask the model; a speculative answer may think and be voiced, but not sound, and runs no tool with effects."""

    turn: int
    text: str
    is_speculative: bool = False


@dataclass(frozen=True, slots=True)
class CommitAnswer:
    """The speculative answer is the right one: it may sound."""

    turn: int
    text: str


@dataclass(frozen=True, slots=True)
class CancelAnswer:
    """Forget the answer, also its turn where that was taken: nothing was heard, and it is taken again with more text.

    Like Interrupt, it leaves the loudspeaker silent and no longer paused.
    """

    turn: int


@dataclass(frozen=True, slots=True)
class TurnTaken:
    """The user's turn is complete. The same number a second time replaces the text: the user went on."""

    turn: int
    text: str


@dataclass(frozen=True, slots=True)
class Interrupt:
    """Stop the answer for good; the history keeps what was heard of it. The loudspeaker is no longer paused."""

    turn: int


@dataclass(frozen=True, slots=True)
class StopAll:
    """The user said stop: let everything that sounds or runs end, and ask no model."""

    turn: int
    text: str


@dataclass(frozen=True, slots=True)
class PauseSpeaker:
    """Fall silent, and keep what is not played yet."""


ResumeReason = Literal["silence", "backchannel", "echo", "muted", "ended"]


@dataclass(frozen=True, slots=True)
class ResumeSpeaker:
    """Go on speaking: what was heard was no interruption."""

    reason: ResumeReason


@dataclass(frozen=True, slots=True)
class CloseSpeech:
    """Let the segmenter end the running speech at its last voice: what follows is a new one."""


IgnoreReason = Literal[
    "silence", "backchannel", "echo", "unclear", "muted", "asleep", "not interruptible", "stopped", "typed"
]


@dataclass(frozen=True, slots=True)
class SpeechIgnored:
    """A speech was heard and nothing comes of it."""

    reason: IgnoreReason
    text: str
    """What was understood of it; often empty."""


@dataclass(frozen=True, slots=True)
class ChangeState:
    """Show the state."""

    state: str
    """listening, hearing, thinking, speaking, paused, muted or asleep"""


@dataclass(frozen=True, slots=True)
class PlaySound:
    """Play a short sound."""

    sound: Literal["wake", "end", "error"]


Action = (
    BeginAnswer
    | CommitAnswer
    | CancelAnswer
    | TurnTaken
    | Interrupt
    | StopAll
    | PauseSpeaker
    | ResumeSpeaker
    | CloseSpeech
    | SpeechIgnored
    | ChangeState
    | PlaySound
)
