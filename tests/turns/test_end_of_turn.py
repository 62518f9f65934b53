"""Laws of the turn that is gathered and taken, each played as a small conversation in audio time."""

from __future__ import annotations

import pytest
from conversation import Conversation, in_state, kinds

from voicestream.config import Turns
from voicestream.turns import actions as act
from voicestream.turns.actions import State
from voicestream.vocabulary import SpeechEnded, Transcript

# --------------------------------------------------------------------------------------------- the end of a turn


def test_a_complete_question_is_answered_ahead_and_confirmed_soon() -> None:
    talk = Conversation()
    talk.say("What time is it?")
    assert talk.taken() == [act.BeginAnswer(1, "What time is it?", is_speculative=True)]
    talk.wait(0.1)
    assert talk.taken() == []
    talk.wait(0.1)
    assert talk.taken() == [act.TurnTaken(1, "What time is it?"), act.CommitAnswer(1, "What time is it?")]
    assert talk.now - talk.voice_end < 0.5


@pytest.mark.parametrize("text", ["I would like to", "So I was", "um", "Buy milk, eggs,", "five five two"])
def test_an_unfinished_turn_is_waited_for_and_not_answered_ahead(text: str) -> None:
    talk = Conversation()
    talk.say(text)
    talk.wait(1.7)
    assert talk.taken() == []
    assert talk.state is State.MAYBE_FINISHED


def test_no_pause_is_waited_out_longer_than_the_limit() -> None:
    talk = Conversation()
    talk.say("I would like to")
    talk.wait(1.9)
    assert kinds(talk.taken()) == ["TurnTaken", "BeginAnswer"]
    assert talk.now - talk.voice_end < 2.15


def test_a_late_final_text_does_not_add_to_the_wait() -> None:
    talk = Conversation()
    talk.start()
    talk.words("What time")
    talk.pause()
    talk.wait(1.0)
    assert talk.taken() == []
    talk.final("What time is it?")
    assert kinds(talk.taken()) == ["TurnTaken", "BeginAnswer"]


def test_going_on_after_a_pause_makes_one_turn_of_both_halves() -> None:
    talk = Conversation()
    talk.say("Turn on the light.")
    talk.wait(0.1)
    talk.resume()
    talk.words("Turn on the light in the")
    talk.pause()
    talk.final("Turn on the light in the kitchen.")
    talk.wait(0.6)
    assert talk.taken() == [
        act.BeginAnswer(1, "Turn on the light.", is_speculative=True),
        act.CancelAnswer(1),
        act.BeginAnswer(1, "Turn on the light in the kitchen.", is_speculative=True),
        act.TurnTaken(1, "Turn on the light in the kitchen."),
        act.CommitAnswer(1, "Turn on the light in the kitchen."),
    ]


def test_a_prepared_answer_is_kept_when_only_the_spelling_changes() -> None:
    talk = Conversation()
    talk.say("what time is it")
    talk.final("What time is it?")
    talk.wait(0.5)
    assert kinds(talk.taken()) == ["BeginAnswer", "TurnTaken", "CommitAnswer"]


def test_a_noise_after_the_question_does_not_waste_the_prepared_answer() -> None:
    talk = Conversation()
    talk.say("What time is it?")
    talk.resume()
    talk.now += 0.1
    talk.pause()
    talk.final("What time is it?")
    talk.wait(0.5)
    assert kinds(talk.taken()) == ["BeginAnswer", "TurnTaken", "CommitAnswer"]


def test_at_most_three_answers_are_tried_ahead_in_a_turn() -> None:
    talk = Conversation()
    talk.say("Tell us something.")
    for count in range(5):
        talk.resume()
        talk.words(f"Tell us something. {'More. ' * (count + 1)}")
        talk.pause()
        talk.final(f"Tell us something. {'More. ' * (count + 1)}")
    assert kinds(talk.taken()).count("BeginAnswer") == 3


def test_nothing_is_asked_ahead_after_ten_seconds_of_speech() -> None:
    talk = Conversation()
    talk.say("This is a long story about me.", seconds=11.0)
    assert talk.taken() == []
    talk.wait(0.6)
    assert kinds(talk.taken()) == ["TurnTaken", "BeginAnswer"]


def test_nothing_is_asked_ahead_where_that_is_switched_off() -> None:
    talk = Conversation(Turns(speculate=False))
    talk.say("What time is it?")
    assert talk.taken() == []
    talk.wait(0.5)
    assert talk.taken() == [act.TurnTaken(1, "What time is it?"), act.BeginAnswer(1, "What time is it?")]


@pytest.mark.parametrize("text", ["", "  ", "..."])
def test_a_sound_without_words_leads_back_to_where_we_were(text: str) -> None:
    talk = Conversation()
    talk.say(text)
    assert talk.taken() == [act.SpeechIgnored("silence", text.strip())]
    assert talk.state is State.IDLE


def test_words_after_a_cough_in_the_same_speech_are_heard() -> None:
    talk = Conversation()
    talk.say("")
    talk.resume()
    talk.words("What time is it")
    talk.pause()
    talk.final("What time is it?")
    talk.wait(0.5)
    assert act.TurnTaken(1, "What time is it?") in talk.taken()


def test_a_hesitation_alone_is_no_turn() -> None:
    talk = Conversation()
    talk.say("Um.")
    talk.wait(2.5)
    assert kinds(talk.taken()) == ["SpeechIgnored"]


def test_a_speech_that_was_cut_for_its_length_goes_on_in_the_same_turn() -> None:
    talk = Conversation()
    talk.start()
    talk.words("This is the first half", 25.0)
    talk.add(SpeechEnded(talk.now, talk.now, is_cut=True))
    talk.start()
    talk.add(Transcript("This is the first half", "", True, talk.now, 0))
    talk.words("and this the second")
    talk.pause()
    talk.final("and this is the second.")
    talk.wait(0.6)
    assert act.TurnTaken(1, "This is the first half and this is the second.") in talk.taken()


def test_a_cut_speech_that_does_not_go_on_is_a_turn() -> None:
    talk = Conversation()
    talk.start()
    talk.words("That was all", 25.0)
    talk.voice_end = talk.now
    talk.is_open = False
    talk.add(SpeechEnded(talk.now, talk.now, is_cut=True))
    talk.final("That was all.")
    talk.wait(1.0)
    assert act.TurnTaken(1, "That was all.") in talk.taken()


def test_the_wait_grows_with_the_users_own_pauses() -> None:
    talk = Conversation()
    for turn in range(1, 6):
        talk.say("Turn on the light.")
        talk.wait(0.4)
        talk.now += 0.5
        talk.resume()
        talk.words("Turn on the light. In the kitchen, I mean.")
        talk.pause()
        talk.final("Turn on the light. In the kitchen, I mean.")
        talk.wait(2.2)
        talk.sound(turn)
        talk.wait(3.0)
        talk.add(act.AnswerEnded(turn))
    talk.taken()
    talk.say("Turn on the light.")
    talk.wait(0.6)
    assert kinds(talk.taken()) == ["BeginAnswer"]


# ------------------------------------------------------------------------------- taken, but not sounding yet


def test_going_on_before_the_answer_sounds_opens_the_turn_again() -> None:
    talk = in_state(State.ANSWERING)
    talk.resume()
    assert talk.taken() == [act.PauseSpeaker()]
    talk.words("What time is it in Berlin")
    assert talk.taken() == [act.CancelAnswer(1)]
    talk.pause()
    talk.final("What time is it in Berlin?")
    talk.wait(1.0)
    taken = talk.taken()
    assert taken[-1] in (
        act.BeginAnswer(1, "What time is it in Berlin?"),
        act.CommitAnswer(1, "What time is it in Berlin?"),
    )
    assert act.TurnTaken(1, "What time is it in Berlin?") in taken


def test_a_new_speech_before_the_answer_sounds_joins_the_turn() -> None:
    talk = in_state(State.ANSWERING)
    talk.end()
    talk.start()
    talk.words("in Berlin I mean")
    talk.pause()
    talk.final("In Berlin, I mean.")
    talk.wait(1.5)
    taken = talk.taken()
    assert act.CancelAnswer(1) in taken
    assert act.TurnTaken(1, "What time is it? In Berlin, I mean.") in taken


def test_a_cough_before_the_answer_sounds_holds_it_for_a_moment_only() -> None:
    talk = in_state(State.ANSWERING)
    talk.end()
    talk.talk_over("")
    assert talk.taken() == [act.PauseSpeaker(), act.ResumeSpeaker("silence")]
    assert talk.state is State.ANSWERING
    talk.sound()
    assert talk.state is State.SPEAKING


def test_never_mind_while_the_assistant_thinks_asks_no_model() -> None:
    talk = in_state(State.ANSWERING)
    talk.end()
    talk.talk_over("Never mind.")
    talk.wait(1.0)
    taken = talk.taken()
    assert kinds(taken) == ["PauseSpeaker", "CancelAnswer", "CloseSpeech", "StopAll"]
    assert talk.state is State.IDLE


def test_an_answer_that_fails_silently_frees_the_floor() -> None:
    talk = in_state(State.ANSWERING)
    talk.add(act.AnswerEnded(1))
    assert talk.state is State.IDLE
    talk.end()
    talk.ask("What day is it?")
    assert act.TurnTaken(2, "What day is it?") in talk.taken()


def test_words_that_belong_to_an_answered_turn_come_too_late() -> None:
    talk = in_state(State.ANSWERING)
    talk.sound()
    talk.taken()
    talk.add(Transcript("What time is it? Hello?", "", True, talk.now, 0))
    assert talk.taken() == []
