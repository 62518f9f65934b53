"""Every cell of the turn-taking table: the next state, and what is decided, for one typical input."""

from __future__ import annotations

import pytest
from conversation import FRAME, Conversation, in_state

from voicestream.turns import actions as act
from voicestream.turns.actions import State
from voicestream.turns.turn_taking import COLUMNS, TABLE
from voicestream.vocabulary import (
    RecognitionFailed,
    Silence,
    SpeechAudio,
    SpeechEnded,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    Transcript,
)

CELLS: dict[State, dict[type, str]] = {
    State.IDLE: {
        SpeechStarted: "HEARING",
        SpeechResumed: "HEARING",
        SpeechPaused: "IDLE",
        SpeechEnded: "IDLE",
        Transcript: "IDLE",
        RecognitionFailed: "IDLE PlaySound",
        Silence: "IDLE",
        SpeechAudio: "IDLE",
        act.AnswerSounding: "SPEAKING",
        act.AnswerEnded: "IDLE",
        act.Saying: "IDLE",
        act.Typed: "ANSWERING TurnTaken BeginAnswer",
        act.StopPressed: "IDLE StopAll",
        act.ButtonPressed: "HEARING",
        act.ButtonReleased: "IDLE",
        act.Muted: "MUTED",
        act.Unmuted: "IDLE",
        act.WakeWordHeard: "IDLE",
    },
    State.HEARING: {
        SpeechStarted: "HEARING",
        SpeechResumed: "HEARING",
        SpeechPaused: "MAYBE_FINISHED",
        SpeechEnded: "MAYBE_FINISHED",
        Transcript: "HEARING",
        RecognitionFailed: "HEARING PlaySound",
        Silence: "HEARING",
        SpeechAudio: "HEARING",
        act.AnswerSounding: "HEARING",
        act.AnswerEnded: "HEARING",
        act.Saying: "HEARING",
        act.Typed: "ANSWERING CloseSpeech SpeechIgnored TurnTaken BeginAnswer",
        act.StopPressed: "IDLE CloseSpeech SpeechIgnored StopAll",
        act.ButtonPressed: "HEARING",
        act.ButtonReleased: "HEARING",
        act.Muted: "MUTED CloseSpeech SpeechIgnored",
        act.Unmuted: "HEARING",
        act.WakeWordHeard: "HEARING",
    },
    State.MAYBE_FINISHED: {
        SpeechStarted: "HEARING",
        SpeechResumed: "HEARING",
        SpeechPaused: "MAYBE_FINISHED",
        SpeechEnded: "MAYBE_FINISHED",
        Transcript: "MAYBE_FINISHED",
        RecognitionFailed: "MAYBE_FINISHED PlaySound",
        Silence: "ANSWERING TurnTaken CommitAnswer",
        SpeechAudio: "ANSWERING TurnTaken CommitAnswer",
        act.AnswerSounding: "MAYBE_FINISHED",
        act.AnswerEnded: "MAYBE_FINISHED",
        act.Saying: "MAYBE_FINISHED",
        act.Typed: "ANSWERING CancelAnswer CloseSpeech SpeechIgnored TurnTaken BeginAnswer",
        act.StopPressed: "IDLE CancelAnswer CloseSpeech SpeechIgnored StopAll",
        act.ButtonPressed: "HEARING",
        act.ButtonReleased: "MAYBE_FINISHED",
        act.Muted: "MUTED CancelAnswer CloseSpeech SpeechIgnored",
        act.Unmuted: "MAYBE_FINISHED",
        act.WakeWordHeard: "MAYBE_FINISHED",
    },
    State.ANSWERING: {
        SpeechStarted: "HELD PauseSpeaker",
        SpeechResumed: "HELD PauseSpeaker",
        SpeechPaused: "ANSWERING",
        SpeechEnded: "ANSWERING",
        Transcript: "MAYBE_FINISHED CancelAnswer",
        RecognitionFailed: "ANSWERING",
        Silence: "ANSWERING",
        SpeechAudio: "ANSWERING",
        act.AnswerSounding: "SPEAKING CloseSpeech",
        act.AnswerEnded: "IDLE CloseSpeech",
        act.Saying: "ANSWERING",
        act.Typed: "ANSWERING Interrupt CloseSpeech TurnTaken BeginAnswer",
        act.StopPressed: "IDLE Interrupt CloseSpeech StopAll",
        act.ButtonPressed: "HEARING Interrupt CloseSpeech",
        act.ButtonReleased: "ANSWERING",
        act.Muted: "MUTED CloseSpeech",
        act.Unmuted: "ANSWERING",
        act.WakeWordHeard: "ANSWERING",
    },
    State.HELD: {
        SpeechStarted: "HELD",
        SpeechResumed: "HELD",
        SpeechPaused: "HELD",
        SpeechEnded: "HELD",
        Transcript: "HEARING CancelAnswer",
        RecognitionFailed: "HELD",
        Silence: "HELD",
        SpeechAudio: "HELD",
        act.AnswerSounding: "HELD",
        act.AnswerEnded: "HEARING ResumeSpeaker",
        act.Saying: "HELD",
        act.Typed: "ANSWERING Interrupt CloseSpeech TurnTaken BeginAnswer",
        act.StopPressed: "IDLE Interrupt CloseSpeech StopAll",
        act.ButtonPressed: "HEARING Interrupt CloseSpeech",
        act.ButtonReleased: "HELD",
        act.Muted: "MUTED ResumeSpeaker CloseSpeech",
        act.Unmuted: "HELD",
        act.WakeWordHeard: "HELD",
    },
    State.SPEAKING: {
        SpeechStarted: "PAUSED PauseSpeaker",
        SpeechResumed: "PAUSED PauseSpeaker",
        SpeechPaused: "SPEAKING",
        SpeechEnded: "SPEAKING",
        Transcript: "SPEAKING",
        RecognitionFailed: "SPEAKING",
        Silence: "SPEAKING",
        SpeechAudio: "SPEAKING",
        act.AnswerSounding: "SPEAKING",
        act.AnswerEnded: "IDLE",
        act.Saying: "SPEAKING",
        act.Typed: "ANSWERING Interrupt TurnTaken BeginAnswer",
        act.StopPressed: "IDLE Interrupt StopAll",
        act.ButtonPressed: "HEARING Interrupt",
        act.ButtonReleased: "SPEAKING",
        act.Muted: "MUTED",
        act.Unmuted: "SPEAKING",
        act.WakeWordHeard: "IDLE Interrupt",
    },
    State.PAUSED: {
        SpeechStarted: "PAUSED",
        SpeechResumed: "PAUSED",
        SpeechPaused: "PAUSED",
        SpeechEnded: "PAUSED",
        Transcript: "HEARING Interrupt",
        RecognitionFailed: "PAUSED",
        Silence: "PAUSED",
        SpeechAudio: "PAUSED",
        act.AnswerSounding: "PAUSED",
        act.AnswerEnded: "HEARING ResumeSpeaker",
        act.Saying: "PAUSED",
        act.Typed: "ANSWERING Interrupt CloseSpeech SpeechIgnored TurnTaken BeginAnswer",
        act.StopPressed: "IDLE Interrupt CloseSpeech SpeechIgnored StopAll",
        act.ButtonPressed: "HEARING Interrupt",
        act.ButtonReleased: "PAUSED",
        act.Muted: "MUTED ResumeSpeaker CloseSpeech SpeechIgnored",
        act.Unmuted: "PAUSED",
        act.WakeWordHeard: "HEARING Interrupt",
    },
    State.MUTED: {
        SpeechStarted: "MUTED",
        SpeechResumed: "MUTED",
        SpeechPaused: "MUTED",
        SpeechEnded: "MUTED",
        Transcript: "MUTED",
        RecognitionFailed: "MUTED",
        Silence: "MUTED",
        SpeechAudio: "MUTED",
        act.AnswerSounding: "MUTED",
        act.AnswerEnded: "MUTED",
        act.Saying: "MUTED",
        act.Typed: "MUTED TurnTaken BeginAnswer",
        act.StopPressed: "MUTED StopAll",
        act.ButtonPressed: "MUTED",
        act.ButtonReleased: "MUTED",
        act.Muted: "MUTED",
        act.Unmuted: "IDLE",
        act.WakeWordHeard: "MUTED",
    },
    State.ASLEEP: {
        SpeechStarted: "ASLEEP",
        SpeechResumed: "ASLEEP",
        SpeechPaused: "ASLEEP",
        SpeechEnded: "ASLEEP",
        Transcript: "ASLEEP",
        RecognitionFailed: "ASLEEP",
        Silence: "ASLEEP",
        SpeechAudio: "ASLEEP",
        act.AnswerSounding: "SPEAKING",
        act.AnswerEnded: "ASLEEP",
        act.Saying: "ASLEEP",
        act.Typed: "ANSWERING PlaySound TurnTaken BeginAnswer",
        act.StopPressed: "ASLEEP StopAll",
        act.ButtonPressed: "HEARING",
        act.ButtonReleased: "ASLEEP",
        act.Muted: "MUTED",
        act.Unmuted: "ASLEEP",
        act.WakeWordHeard: "IDLE PlaySound",
    },
}
"""State after the input, then the actions."""


def example(column: type, talk: Conversation) -> act.Input:
    """Return a typical input of a column: words that go on, silence long enough to end a turn."""
    now = talk.now + 0.1
    match column.__name__:
        case "SpeechStarted" | "SpeechResumed":
            return column(now - 0.1, now)
        case "SpeechPaused" | "SpeechEnded":
            return column(talk.now - 0.2, now)
        case "Transcript":
            return Transcript("What time is it and in Berlin please", "", False, now, talk.speech)
        case "RecognitionFailed":
            return RecognitionFailed("too hot", talk.speech, now)
        case "Silence":
            return Silence(now + 2.0)
        case "SpeechAudio":
            return SpeechAudio(FRAME, now + 2.0, False)
        case "AnswerSounding" | "AnswerEnded":
            return column(1)
        case "Saying":
            return act.Saying("It is five.", now)
        case "Typed":
            return act.Typed("And in Berlin?", now)
        case _:
            return column(now)


@pytest.mark.parametrize(
    ("state", "column"), [(state, column) for state in State for column in COLUMNS], ids=lambda value: str(value)
)
def test_each_cell_of_the_table(state: State, column: type) -> None:
    talk = in_state(state)
    actions = talk.add(example(column, talk))
    decided = [type(action).__name__ for action in actions if not isinstance(action, act.ChangeState)]
    assert [talk.state.name, *decided] == CELLS[state][column].split()


def test_the_table_has_every_cell() -> None:
    assert set(TABLE) == {(state, column) for state in State for column in COLUMNS}
    assert all(set(CELLS[state]) == set(COLUMNS) for state in State)
