"""Whose turn it is: one table of states and inputs. Pure; knows neither sound nor model nor clock, only audio time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from voicestream.turns import actions as act
from voicestream.turns import answers, controls, users_turn
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
    act.Saying: controls.note_saying,
    act.Typed: controls.take_typed,
    act.StopPressed: controls.stop_all,
    act.ButtonPressed: controls.press_button,
    act.ButtonReleased: controls.let_go_button,
    act.Muted: controls.mute,
}
"""What an input means in every state whose row does not say otherwise; where neither does, nothing follows."""

_ROWS: Mapping[State, Mapping[type, Cell]] = {
    State.IDLE: {
        SpeechStarted: users_turn.hear_voice,
        SpeechResumed: users_turn.hear_voice,
        Transcript: users_turn.hear_late_words,
        Silence: users_turn.fall_asleep,
        act.AnswerSounding: answers.announce,
        act.WakeWordHeard: controls.be_called,
        RecognitionFailed: users_turn.regret,
    },
    State.HEARING: {
        SpeechPaused: users_turn.hear_pause,
        SpeechEnded: users_turn.hear_pause,
        Transcript: users_turn.hear_words,
        Silence: users_turn.notice_silence,
        act.AnswerEnded: answers.lose_speculative,
        act.ButtonReleased: controls.release_button,
        act.WakeWordHeard: controls.be_called,
        RecognitionFailed: users_turn.regret,
    },
    State.MAYBE_FINISHED: {
        SpeechStarted: users_turn.hear_voice,
        SpeechResumed: users_turn.hear_voice,
        SpeechEnded: users_turn.settle,
        Transcript: users_turn.settle,
        Silence: users_turn.settle,
        SpeechAudio: users_turn.settle,
        act.AnswerEnded: answers.lose_speculative,
        act.ButtonReleased: controls.release_button,
        act.WakeWordHeard: controls.be_called,
        RecognitionFailed: users_turn.regret,
    },
    State.ANSWERING: {
        SpeechStarted: answers.hold,
        SpeechResumed: answers.hold,
        Transcript: answers.weigh_more_words,
        act.AnswerSounding: answers.begin_sounding,
        act.AnswerEnded: answers.end_silently,
    },
    State.HELD: {
        Transcript: answers.weigh_more_words,
        Silence: answers.wait_held,
        SpeechAudio: answers.wait_held,
        act.AnswerSounding: answers.sound_held,
        act.AnswerEnded: answers.end_held,
    },
    State.SPEAKING: {
        SpeechStarted: answers.hear_over_answer,
        SpeechResumed: answers.hear_over_answer,
        Transcript: answers.weigh_words_over_answer,
        Silence: answers.notice_no_echo,
        SpeechAudio: answers.hear_on_over_answer,
        act.AnswerEnded: answers.end_speaking,
        act.WakeWordHeard: controls.answer_call,
    },
    State.PAUSED: {
        Transcript: answers.weigh_words_over_answer,
        Silence: answers.wait_paused,
        SpeechAudio: answers.wait_paused,
        act.AnswerEnded: answers.end_speaking,
        act.WakeWordHeard: controls.answer_call,
    },
    State.MUTED: {
        Transcript: controls.hear_muted,
        act.AnswerSounding: controls.sound_muted,
        act.AnswerEnded: controls.end_muted,
        act.ButtonPressed: users_turn.ignore,
        act.Muted: users_turn.ignore,
        act.Unmuted: controls.unmute,
    },
    State.ASLEEP: {
        Transcript: controls.hear_wake_phrase,
        act.AnswerSounding: answers.announce,
        act.WakeWordHeard: controls.wake,
    },
}

TABLE: Mapping[tuple[State, type], Cell] = {
    (state, column): row.get(column, _EVERYWHERE.get(column, users_turn.ignore))
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
    def is_awake(self) -> bool:
        """Whether what is said is meant for the assistant."""
        floor = self._floor
        is_deaf = floor.state in (State.SPEAKING, State.PAUSED) and floor.is_deaf_to_speech
        is_waiting = floor.state is State.ANSWERING and floor.rules.listening == "push_to_talk"
        return floor.state not in (State.MUTED, State.ASLEEP) and not is_deaf and not is_waiting

    @property
    def is_muted(self) -> bool:
        """Whether the microphone does not count."""
        return self._floor.state is State.MUTED

    @property
    def now(self) -> float:
        """Seconds of audio that were heard."""
        return self._floor.now

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
            floor.near = 0
            _hear_voice_begin(floor, event.time)
        case SpeechResumed():
            if floor.speech >= 0:
                floor.words.reach_back_to(floor.speech)
                _hear_voice_begin(floor, event.time)
        case SpeechPaused() | SpeechEnded():
            floor.is_voiced = False
            floor.voice_end = event.time
            floor.is_open = isinstance(event, SpeechPaused)
        case SpeechAudio():
            floor.near += event.is_near
            if event.is_near:
                floor.sound_end = _end_of(event)
            if event.has_slipped:
                floor.slipped_at = _end_of(event)
        case Transcript():
            said = floor.without_call(event.text)
            floor.words.add(event, said, floor.users_words(event), floor.surely_users_words(event))
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
