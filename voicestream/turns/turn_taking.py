"""Whose turn it is: one table of states and inputs. Pure; knows neither sound nor model nor clock, only audio time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from voicestream.turns import actions as act
from voicestream.turns import transitions as to
from voicestream.turns.actions import SHOWN, Action, ChangeState, Input, State
from voicestream.turns.echo_guard import EchoGuard
from voicestream.turns.endpointing import Endpointing
from voicestream.turns.floor import Floor, TurnRules
from voicestream.turns.words import bare_words
from voicestream.vocabulary import (
    SAMPLE_RATE,
    RecognitionFailed,
    Silence,
    SpeechAudio,
    SpeechEnded,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    Transcript,
)

Cell = Callable[[Floor, Any], None]
"""Any: each column has its own class of input, and the table is looked up by it."""

COLUMNS: tuple[type, ...] = (
    SpeechStarted, SpeechResumed, SpeechPaused, SpeechEnded, Transcript, RecognitionFailed, Silence, SpeechAudio,
    act.AnswerSounding, act.AnswerEnded, act.Saying,
    act.Typed, act.StopPressed, act.ButtonPressed, act.ButtonReleased, act.Muted, act.Unmuted, act.WakeWordHeard,
)  # fmt: skip

_EVERYWHERE: Mapping[type, Cell] = {
    act.Saying: to.note_saying,
    act.Typed: to.take_typed,
    act.StopPressed: to.stop_all,
    act.ButtonPressed: to.press_button,
    act.ButtonReleased: to.let_go_button,
    act.Muted: to.mute,
}
"""What an input means in every state whose row does not say otherwise; where neither does, nothing follows."""

_ROWS: Mapping[State, Mapping[type, Cell]] = {
    State.IDLE: {
        SpeechStarted: to.hear_voice,
        SpeechResumed: to.hear_voice,
        Transcript: to.hear_late_words,
        Silence: to.fall_asleep,
        act.AnswerSounding: to.announce,
        act.WakeWordHeard: to.be_called,
    },
    State.HEARING: {
        SpeechPaused: to.hear_pause,
        SpeechEnded: to.hear_pause,
        Transcript: to.hear_words,
        Silence: to.notice_silence,
        act.AnswerEnded: to.lose_speculative,
        act.ButtonReleased: to.release_button,
        act.WakeWordHeard: to.be_called,
    },
    State.MAYBE_FINISHED: {
        SpeechStarted: to.hear_voice,
        SpeechResumed: to.hear_voice,
        SpeechEnded: to.settle,
        Transcript: to.settle,
        Silence: to.settle,
        SpeechAudio: to.settle,
        act.AnswerEnded: to.lose_speculative,
        act.ButtonReleased: to.release_button,
        act.WakeWordHeard: to.be_called,
    },
    State.ANSWERING: {
        SpeechStarted: to.hold,
        SpeechResumed: to.hold,
        Transcript: to.weigh_more_words,
        act.AnswerSounding: to.begin_sounding,
        act.AnswerEnded: to.end_silently,
    },
    State.HELD: {
        Transcript: to.weigh_more_words,
        Silence: to.wait_held,
        SpeechAudio: to.wait_held,
        act.AnswerSounding: to.sound_held,
        act.AnswerEnded: to.end_held,
    },
    State.SPEAKING: {
        SpeechStarted: to.hear_over_answer,
        SpeechResumed: to.hear_over_answer,
        Transcript: to.weigh_words_over_answer,
        Silence: to.notice_no_echo,
        SpeechAudio: to.notice_no_echo,
        act.AnswerEnded: to.end_speaking,
        act.WakeWordHeard: to.answer_call,
    },
    State.PAUSED: {
        Transcript: to.weigh_words_over_answer,
        Silence: to.wait_paused,
        SpeechAudio: to.wait_paused,
        act.AnswerEnded: to.end_speaking,
        act.WakeWordHeard: to.answer_call,
    },
    State.MUTED: {
        Transcript: to.hear_muted,
        act.AnswerSounding: to.sound_muted,
        act.AnswerEnded: to.end_muted,
        act.ButtonPressed: to.ignore,
        act.Muted: to.ignore,
        act.Unmuted: to.unmute,
    },
    State.ASLEEP: {
        Transcript: to.hear_wake_phrase,
        act.AnswerSounding: to.announce,
        act.WakeWordHeard: to.wake,
    },
}

TABLE: Mapping[tuple[State, type], Cell] = {
    (state, column): row.get(column, _EVERYWHERE.get(column, to.ignore))
    for state, row in _ROWS.items()
    for column in COLUMNS
}
"""All cells."""


class TurnTaking:
    """Decides who speaks: takes what is heard and what the assistant does, and returns what to do."""

    def __init__(self, rules: TurnRules) -> None:
        self._floor = Floor(rules, EchoGuard(), Endpointing(rules.end_of_turn, rules.max_wait))
        self._floor.rest()

    @property
    def state(self) -> State:
        """Where the conversation stands."""
        return self._floor.state

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is being said, answered or waited for."""
        return self._floor.answer is None and self._floor.state in (State.IDLE, State.MUTED, State.ASLEEP)

    def change_rules(self, rules: TurnRules) -> None:
        """Go by other rules from the next input on; the conversation stays where it stands."""
        self._floor.rules = rules
        self._floor.endpointing = Endpointing(rules.end_of_turn, rules.max_wait)

    def add(self, event: Input) -> list[Action]:
        """Take an input and return what follows from it, in order."""
        floor = self._floor
        before = SHOWN[floor.state]
        _take_notice(floor, event)
        TABLE[floor.state, type(event)](floor, event)
        actions, floor.actions = floor.actions, []
        if SHOWN[floor.state] != before:
            actions.append(ChangeState(SHOWN[floor.state]))
        return actions


def _take_notice(floor: Floor, event: Input) -> None:
    """Keep what an input tells in any state."""
    match event:
        case SpeechStarted():
            floor.speech += 1
            floor.starts[floor.speech] = event.time
            _hear_voice_begin(floor, event.time)
        case SpeechResumed():
            if floor.speech >= 0:
                floor.words.reach_back_to(floor.speech)
                _hear_voice_begin(floor, event.time)
        case SpeechPaused() | SpeechEnded():
            floor.is_voiced = False
            floor.voice_end = event.time
            floor.is_open = isinstance(event, SpeechPaused)
        case Transcript():
            floor.words.add(event, floor.users_words(event))
        case _:
            pass
    floor.now = max(floor.now, _end_of(event))


def _hear_voice_begin(floor: Floor, time: float) -> None:
    floor.pause = max(0.0, time - floor.voice_end)
    floor.words_before_pause = len(bare_words(floor.words.text))
    floor.is_voiced = floor.is_open = True


def _end_of(event: Input) -> float:
    """Return the moment up to which an input carries the audio time; 0 where it has none of its own."""
    match event:
        case SpeechAudio():
            return event.time + len(event.samples) / SAMPLE_RATE
        case SpeechStarted() | SpeechPaused() | SpeechResumed() | SpeechEnded():
            return event.noticed
        case Silence():
            return event.time
        case _:
            return 0.0
