"""Laws of what is said and not understood, or doubted by the recognizer itself: two voices at once, a cough."""

from __future__ import annotations

import pytest
from conversation import Conversation, in_state, kinds

from voicestream.turns import actions as act
from voicestream.turns.actions import State


@pytest.mark.parametrize("delay", [0.0, 1.0])
def test_who_speaks_on_over_the_paused_answer_and_is_not_understood_stops_it_and_is_told(delay: float) -> None:
    talk = in_state(State.SPEAKING)
    talk.start()
    talk.words("", seconds=1.2)
    talk.pause()
    talk.wait(delay)
    talk.unclear()
    told = [action for action in talk.taken() if not isinstance(action, act.ResumeSpeaker)]
    assert told == [act.PauseSpeaker(), act.Interrupt(1), act.SpeechIgnored("unclear", ""), act.PlaySound("error")]
    assert talk.state is State.IDLE


def test_what_is_not_understood_and_may_be_an_echo_stops_nothing() -> None:
    talk = in_state(State.SPEAKING)
    talk.start()
    talk.words("", seconds=0.4)
    talk.pause()
    talk.unclear()
    assert kinds(talk.taken()) == ["PauseSpeaker", "ResumeSpeaker", "CloseSpeech", "SpeechIgnored"]
    assert talk.state is State.SPEAKING


def test_what_is_not_understood_while_nobody_answers_is_only_told() -> None:
    talk = Conversation()
    talk.start()
    talk.words("", seconds=1.2)
    talk.pause()
    talk.unclear()
    talk.wait(1.0)
    assert talk.taken() == [act.SpeechIgnored("unclear", "")]


def test_words_that_the_recognizer_doubts_stop_no_answer() -> None:
    """A door slams, and the recognizer makes "What is the time?" of it and of the loudspeaker's sound."""
    talk = in_state(State.SPEAKING)
    talk.start()
    talk.near(9)
    talk.pause()
    talk.final("What is the time?", is_doubtful=True)
    assert talk.taken() == [
        act.PauseSpeaker(),
        act.ResumeSpeaker("silence"),
        act.CloseSpeech(),
        act.SpeechIgnored("unclear", "What is the time?"),
    ]
    assert talk.state is State.SPEAKING


def test_doubted_words_of_who_speaks_on_over_the_silent_loudspeaker_do() -> None:
    talk = in_state(State.SPEAKING)
    talk.start()
    talk.words("", seconds=1.2)
    talk.pause()
    talk.final("No, I meant Berlin.", is_doubtful=True)
    assert kinds(talk.taken())[:2] == ["PauseSpeaker", "Interrupt"]


def test_stop_stops_however_doubtful() -> None:
    talk = in_state(State.SPEAKING)
    talk.start()
    talk.pause()
    talk.final("Stop.", is_doubtful=True)
    assert "Interrupt" in kinds(talk.taken())


@pytest.mark.parametrize("state", [State.IDLE, State.HELD])
def test_where_no_answer_sounds_doubted_words_count_as_others(state: State) -> None:
    talk = in_state(state)
    if state is State.IDLE:
        talk.start()
    talk.words("")
    talk.pause()
    talk.final("and what will it be tomorrow?", is_doubtful=True)
    talk.wait(1.0)
    told = talk.taken()
    assert kinds(told)[-2:] == ["TurnTaken", "CommitAnswer"]
    assert not any(isinstance(action, act.SpeechIgnored) for action in told)
