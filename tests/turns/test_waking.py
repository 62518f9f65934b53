"""Laws of wake phrase, button, mute and typed turns."""

from __future__ import annotations

from typing import Literal

import pytest
from conversation import Conversation, in_state, kinds

from voicestream.config import Turns
from voicestream.turns import actions as act
from voicestream.turns.actions import State

Listening = Literal["wake_phrase", "wake_word"]


def wakeful() -> Conversation:
    return Conversation(Turns(listening="wake_phrase", wake_phrase="hey computer"))


def test_asleep_nothing_said_is_kept_or_told() -> None:
    talk = wakeful()
    talk.say("My password is swordfish.")
    talk.wait(3.0)
    assert talk.taken() == [act.SpeechIgnored("asleep", "")]
    assert talk.state is State.ASLEEP


def test_the_question_may_follow_the_wake_phrase_at_once() -> None:
    talk = wakeful()
    talk.say("Hey, computer, what time is it?")
    talk.wait(0.6)
    taken = talk.taken()
    assert act.PlaySound("wake") in taken
    assert act.TurnTaken(1, "what time is it?") in taken


def test_the_question_may_follow_the_wake_phrase_later() -> None:
    talk = wakeful()
    talk.say("Hey computer.")
    talk.wait(2.5)
    talk.end()
    talk.wait(3.0)
    assert talk.state is State.IDLE
    talk.say("What time is it?")
    talk.wait(0.6)
    assert act.TurnTaken(1, "What time is it?") in talk.taken()


def test_after_an_answer_no_wake_phrase_is_needed_for_a_while() -> None:
    talk = wakeful()
    talk.say("Hey computer what time is it?")
    talk.wait(0.6)
    talk.sound()
    talk.wait(3.0)
    talk.add(act.AnswerEnded(1))
    talk.wait(7.5)
    assert talk.state is State.IDLE
    talk.wait(1.0)
    assert talk.state is State.ASLEEP


def test_the_wake_phrase_alone_interrupts_an_answer() -> None:
    talk = wakeful()
    talk.say("Hey computer what time is it?")
    talk.wait(0.6)
    talk.sound()
    talk.wait(2.0)
    talk.taken()
    talk.talk_over("Hey computer")
    assert kinds(talk.taken())[:2] == ["PauseSpeaker", "Interrupt"]


def test_who_calls_over_an_answer_may_ask_after_a_while() -> None:
    talk = wakeful()
    talk.say("Hey computer what time is it?")
    talk.wait(0.6)
    talk.sound()
    talk.wait(12.0)
    talk.talk_over("Hey computer.")
    talk.wait(2.5)
    talk.end()
    assert talk.state is State.IDLE
    assert talk.taken()[-1] == act.SpeechIgnored("silence", "")


@pytest.mark.parametrize("listening", ["wake_phrase", "wake_word"])
def test_however_short_the_follow_up_the_question_may_follow_the_call_after_a_pause(listening: Listening) -> None:
    talk = Conversation(Turns(listening=listening, wake_phrase="hey computer", follow_up=0.0))
    talk.wait(0.1)
    talk.add(act.WakeWordHeard(talk.now)) if listening == "wake_word" else talk.say("Hey computer.")
    talk.wait(2.5)
    talk.end()
    talk.wait(1.5)
    talk.say("What time is it?")
    talk.wait(0.6)
    assert act.TurnTaken(1, "What time is it?") in talk.taken()


def test_after_stop_was_pressed_no_wake_phrase_is_needed_for_a_while() -> None:
    talk = wakeful()
    talk.say("Hey computer what time is it?")
    talk.wait(0.6)
    talk.sound()
    talk.wait(12.0)
    talk.add(act.StopPressed(talk.now))
    assert talk.state is State.IDLE
    talk.wait(8.5)
    assert talk.state is State.ASLEEP
    talk.add(act.StopPressed(talk.now))
    assert talk.state is State.ASLEEP, "a stop where nothing sounds wakes nobody"


def test_an_acoustic_wake_word_wakes() -> None:
    talk = Conversation(Turns(listening="wake_word", wake_phrase="okay nabu"))
    talk.start()
    talk.words("Okay nabu")
    talk.add(act.WakeWordHeard(talk.now))
    talk.words("Okay nabu, what time")
    talk.pause()
    talk.final("Okay Nabu, what time is it?")
    talk.wait(0.6)
    assert act.TurnTaken(1, "what time is it?") in talk.taken()


def push_to_talk() -> Conversation:
    return Conversation(Turns(listening="push_to_talk"))


def test_the_button_ends_the_turn_and_no_pause_does() -> None:
    talk = push_to_talk()
    talk.add(act.ButtonPressed(talk.now))
    talk.say("What time is it?")
    talk.wait(1.8)
    talk.resume()
    talk.words("What time is it? In Berlin?")
    assert talk.taken() == []
    talk.voice_end = talk.now
    assert act.CloseSpeech() in talk.add(act.ButtonReleased(talk.now))
    talk.end()
    talk.final("What time is it in Berlin?")
    assert act.TurnTaken(1, "What time is it in Berlin?") in talk.taken()


def test_without_the_button_speech_does_not_count() -> None:
    talk = push_to_talk()
    talk.say("What time is it?")
    talk.wait(2.0)
    assert talk.taken() == [act.SpeechIgnored("asleep", "")]


def test_pressing_the_button_interrupts_and_speech_over_an_answer_does_not() -> None:
    talk = push_to_talk()
    talk.add(act.Typed("Tell me a story."))
    talk.sound()
    talk.taken()
    talk.start()
    talk.words("La la la")
    assert talk.taken() == []
    talk.add(act.ButtonPressed(talk.now))
    assert talk.taken()[0] == act.Interrupt(1)


def test_a_button_pressed_in_silence_leads_back() -> None:
    talk = push_to_talk()
    talk.add(act.ButtonPressed(talk.now))
    talk.wait(1.0)
    talk.add(act.ButtonReleased(talk.now))
    assert talk.state is State.ASLEEP
    assert talk.taken() == []


def test_muted_nothing_is_heard_and_a_running_answer_goes_on() -> None:
    talk = in_state(State.PAUSED)
    talk.add(act.Muted(talk.now))
    assert talk.taken() == [act.ResumeSpeaker("muted"), act.CloseSpeech(), act.SpeechIgnored("muted", "")]
    talk.end()
    talk.talk_over("Stop.")
    assert talk.taken() == [act.SpeechIgnored("muted", "")]
    talk.add(act.Unmuted(talk.now))
    assert talk.state is State.SPEAKING


def test_what_was_said_while_muted_does_not_come_back_when_the_answer_sounds() -> None:
    talk = in_state(State.ANSWERING)
    talk.add(act.Muted(talk.now))
    talk.end()
    talk.start()
    talk.add(act.Unmuted(talk.now))
    talk.end()
    talk.sound()
    talk.add(act.AnswerEnded(1))
    talk.taken()
    talk.say("What is new?")
    talk.wait(0.6)
    assert act.TurnTaken(2, "What is new?") in talk.taken()


def test_a_typed_turn_is_taken_at_once_and_stops_what_sounds() -> None:
    talk = in_state(State.SPEAKING)
    talk.add(act.Typed("And in Berlin?"))
    assert talk.taken() == [act.Interrupt(1), act.TurnTaken(2, "And in Berlin?"), act.BeginAnswer(2, "And in Berlin?")]


def test_a_typed_turn_in_spite_of_mute_is_answered() -> None:
    talk = in_state(State.MUTED)
    talk.add(act.Typed("What time is it?"))
    talk.sound()
    assert talk.state is State.MUTED
    talk.add(act.Unmuted())
    assert talk.state is State.SPEAKING


def test_stop_pressed_silences_and_tells_what_is_lost() -> None:
    talk = in_state(State.HEARING)
    talk.add(act.StopPressed(talk.now))
    assert talk.taken() == [act.CloseSpeech(), act.SpeechIgnored("stopped", "What time is"), act.StopAll(1, "")]
