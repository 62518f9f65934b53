"""Laws of turn taking, each played as a small conversation in audio time."""

from __future__ import annotations

import random

import pytest
from conversation import FRAME, Conversation, in_state

from voicestream.config import Turns
from voicestream.speaking.word_times import estimate_words
from voicestream.turns import actions as act
from voicestream.turns.actions import Action, State
from voicestream.vocabulary import RecognitionFailed, Silence, SpeechAudio, SpeechEnded, SpeechPaused, Transcript


def saying(text: str, start: float, seconds: float) -> act.Saying:
    return act.Saying(text, start, estimate_words(text, seconds))


def kinds(actions: list[Action]) -> list[str]:
    return [type(action).__name__ for action in actions]


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


# --------------------------------------------------------------------------------------- speech over an answer


def test_a_voice_over_the_answer_pauses_it_at_once() -> None:
    talk = in_state(State.SPEAKING)
    talk.start()
    assert talk.taken() == [act.PauseSpeaker()]


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", "silence"), ("Mhm.", "backchannel"), ("Yeah, okay.", "backchannel"), ("Um", "backchannel")],
)
def test_what_is_no_interruption_lets_the_answer_go_on(text: str, reason: str) -> None:
    talk = in_state(State.SPEAKING)
    talk.talk_over(text)
    assert talk.taken() == [
        act.PauseSpeaker(),
        act.ResumeSpeaker(reason),
        act.CloseSpeech(),
        act.SpeechIgnored(reason, text),
    ]
    assert talk.state is State.SPEAKING


def test_a_sound_without_a_text_lets_the_answer_go_on_within_half_a_second() -> None:
    talk = in_state(State.PAUSED)
    talk.pause()
    assert talk.wait(0.05) == []
    while not talk.wait(0.03):
        assert talk.now - talk.voice_end <= 0.5
    assert talk.taken() == [act.ResumeSpeaker("silence")]
    assert talk.now - talk.voice_end <= 0.5


@pytest.mark.parametrize("state", [State.SPEAKING, State.ANSWERING])
def test_a_sound_without_words_that_does_not_end_holds_no_answer_up_for_ever(state: State) -> None:
    talk = in_state(state)
    talk.start()
    assert kinds(talk.taken()) == ["PauseSpeaker"]
    talk.wait(3.8)
    assert talk.taken() == []
    talk.wait(0.4)
    assert talk.taken() == [act.ResumeSpeaker("silence")]
    assert talk.state is state
    talk.words("Tell me something else")
    assert kinds(talk.taken())[0] in ("Interrupt", "CancelAnswer")


def test_words_of_a_slow_recognizer_interrupt_an_answer_that_goes_on_already() -> None:
    talk = in_state(State.PAUSED)
    talk.pause()
    talk.wait(2.5)
    talk.taken()
    talk.final("No, I meant Berlin.")
    assert talk.taken()[0] == act.Interrupt(1)


def test_the_users_words_over_the_answer_become_the_next_turn() -> None:
    talk = in_state(State.SPEAKING)
    talk.start()
    talk.words("No, I meant")
    talk.words("No, I meant Berlin")
    talk.pause()
    talk.final("No, I meant Berlin.")
    talk.wait(0.7)
    assert kinds(talk.taken()) == ["PauseSpeaker", "Interrupt", "BeginAnswer", "TurnTaken", "CommitAnswer"]


@pytest.mark.parametrize("text", ["Stop.", "Okay, wait!", "never mind", "Stop, stop!", "Um, stop please."])
def test_stop_stops_and_asks_no_model(text: str) -> None:
    talk = in_state(State.SPEAKING)
    talk.talk_over(text)
    talk.wait(1.0)
    assert kinds(talk.taken()) == ["PauseSpeaker", "Interrupt", "CloseSpeech", "StopAll"]
    assert talk.state is State.IDLE


def test_the_assistants_own_words_heard_back_never_interrupt() -> None:
    talk = in_state(State.SPEAKING)
    talk.add(saying("It is five o'clock in the afternoon.", talk.now, 2.5))
    talk.now += 1.5
    talk.start()
    talk.words("five a clock")
    talk.pause()
    talk.final("Five a clock in the.")
    paused, resumed, *rest = talk.taken()
    assert (paused, resumed) == (act.PauseSpeaker(), act.ResumeSpeaker("echo"))
    assert rest == [act.CloseSpeech(), act.SpeechIgnored("echo", "")]


def test_once_the_room_is_known_to_echo_a_voice_alone_does_not_pause() -> None:
    talk = in_state(State.SPEAKING)
    talk.add(saying("It is five o'clock in the afternoon.", talk.now, 2.5))
    talk.now += 1.2
    talk.talk_over("five o'clock")
    talk.taken()
    talk.add(saying("And it rains.", talk.now, 1.0))
    talk.start()
    talk.words("and it rains")
    assert talk.taken() == []


def test_in_a_room_that_echoes_the_users_words_on_top_still_interrupt() -> None:
    talk = in_state(State.SPEAKING)
    talk.add(saying("It is five o'clock in the afternoon and it will rain tomorrow.", talk.now, 4.0))
    talk.now += 2.0
    talk.talk_over("five o'clock in the")
    talk.taken()
    talk.start()
    talk.words("and it will")
    talk.words("and it will please tell me about Berlin")
    talk.pause()
    talk.final("and it will please tell me about Berlin")
    talk.wait(2.0)
    taken = talk.taken()
    assert taken[0] == act.Interrupt(1)
    assert act.TurnTaken(2, "please tell me about Berlin") in taken


def test_a_question_about_what_was_just_said_reaches_the_model_whole() -> None:
    talk = in_state(State.SPEAKING)
    talk.add(saying("The lighthouse was built in the year ten.", talk.now, 3.0))
    talk.now += 1.0
    talk.start()
    talk.words("What about the lighthouse")
    talk.pause()
    talk.final("What about the lighthouse?")
    talk.wait(0.6)
    assert act.TurnTaken(2, "What about the lighthouse?") in talk.taken()


def test_one_word_much_like_the_assistants_own_does_not_interrupt_and_another_does() -> None:
    for word, expected in (("Lea.", "SpeechIgnored"), ("Why?", "Interrupt"), ("Stop.", "Interrupt")):
        talk = in_state(State.SPEAKING)
        talk.add(saying("A small harbour by the northern sea, and a shop.", talk.now - 2.0, 3.0))
        talk.talk_over(word)
        assert expected in kinds(talk.taken()), word


def test_who_goes_on_over_the_silent_loudspeaker_is_heard_though_a_word_is_like_an_own() -> None:
    for words, seconds, expected in (
        ("Hare timer.", 0.5, "SpeechIgnored"),  # may be "there", misheard
        ("Hare timer.", 0.9, "Interrupt"),
        ("Resume timer.", 0.5, "Interrupt"),  # half of it is like nothing that was said
        ("Upon a time there resume.", 0.5, "SpeechIgnored"),
    ):
        talk = in_state(State.SPEAKING)
        talk.add(saying("Once upon a time there was a small harbour.", talk.now - 1.0, 3.0))
        talk.talk_over(words, seconds)
        assert expected in kinds(talk.taken()), (words, seconds)


@pytest.mark.parametrize(
    ("word", "near", "expected"),
    [("Six.", 4, "Interrupt"), ("Six.", 3, "SpeechIgnored"), ("Smell.", 4, "SpeechIgnored")],
)
def test_one_word_amid_the_echo_interrupts_where_more_than_the_echo_is_heard(
    word: str, near: int, expected: str
) -> None:
    talk = in_state(State.SPEAKING)
    talk.add(saying("Once upon a time there was a small harbour.", talk.now - 2.9, 3.0))
    talk.start()
    for _ in range(near):
        talk.add(SpeechAudio(FRAME, talk.now, is_near=True))
    talk.pause()
    talk.final(f"a small {word} harbour")
    assert expected in kinds(talk.taken())


def test_a_few_misheard_words_of_a_long_echo_do_not_interrupt() -> None:
    own = "Every morning the fishermen went out before the sun was up and an old woman watched them from her window"
    talk = in_state(State.SPEAKING)
    talk.add(saying(own, talk.now, 6.0))
    talk.talk_over(own.replace("morning", "xylo").replace("woman", "quiff"), 5.0)
    assert "Interrupt" not in kinds(talk.taken())


def test_stop_between_the_assistants_own_words_stops() -> None:
    talk = in_state(State.SPEAKING)
    talk.add(saying("The lighthouse was built in the year ten.", talk.now, 3.0))
    talk.now += 1.0
    talk.talk_over("lighthouse stop was")
    talk.wait(0.6)
    assert "StopAll" in kinds(talk.taken())


def test_two_pauses_for_nothing_but_the_answers_own_sound_show_that_the_room_echoes() -> None:
    talk = in_state(State.ANSWERING)
    talk.sound()
    for _ in range(2):
        talk.start()
        talk.now += 0.1
        talk.pause()
        talk.wait(0.4)
        talk.end()
    talk.taken()
    talk.start()
    assert talk.taken() == []


def test_an_answer_that_must_not_be_interrupted_is_not() -> None:
    talk = Conversation(Turns(interruptible=False))
    talk.ask()
    talk.sound()
    talk.taken()
    talk.start()
    talk.words("Stop it right now")
    talk.pause()
    talk.final("Stop it right now.")
    assert talk.taken() == []
    talk.add(act.AnswerEnded(1))
    assert talk.taken() == [act.CloseSpeech(), act.SpeechIgnored("not interruptible", "Stop it right now.")]
    talk.end()
    talk.ask("What day is it?")
    assert act.TurnTaken(2, "What day is it?") in talk.taken()


def test_speech_over_the_last_word_of_an_answer_becomes_a_turn() -> None:
    talk = in_state(State.PAUSED)
    talk.add(act.AnswerEnded(1))
    talk.words("And in Berlin")
    talk.pause()
    talk.final("And in Berlin?")
    talk.wait(0.6)
    assert act.TurnTaken(2, "And in Berlin?") in talk.taken()


def test_a_backchannel_over_the_last_word_of_an_answer_is_no_turn() -> None:
    talk = in_state(State.PAUSED)
    talk.add(act.AnswerEnded(1))
    talk.now += 0.3
    talk.pause()
    talk.final("Okay.")
    talk.wait(2.5)
    assert kinds(talk.taken()) == ["ResumeSpeaker", "SpeechIgnored"]


def test_yes_is_a_turn_when_the_assistant_is_silent() -> None:
    talk = Conversation()
    talk.say("Yes.")
    talk.wait(0.6)
    assert act.TurnTaken(1, "Yes.") in talk.taken()


# ---------------------------------------------------------------------------------------- phrase, button, mute


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


# --------------------------------------------------------------------------------------------- any sequence at all


class Room:
    """Plays random inputs as a hearing stage and an assistant could, and keeps the books on what is decided."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        rules = Turns(
            listening=self.random.choice(("always", "always", "wake_phrase", "wake_word", "push_to_talk")),
            interruptible=self.random.random() < 0.8,
            speculate=self.random.random() < 0.8,
        )
        self.talk = Conversation(rules)
        self.answer: tuple[int, str] | None = None
        self.is_paused = False
        self.unsettled: set[int] = set()
        self.finals_due: list[int] = []
        self.is_voiced = False

    def step(self) -> None:
        choices = [self.tick] * 6 + [self.key, self.voice, self.voice, self.voice, self.text, self.assistant, self.say]
        self.random.choice(choices)()

    def tick(self) -> None:
        self.feed(self.talk.wait(self.random.choice((0.032, 0.3, 1.0))))

    def key(self) -> None:
        kind = self.random.choice(
            (
                act.Typed,
                act.StopPressed,
                act.ButtonPressed,
                act.ButtonReleased,
                act.Muted,
                act.Unmuted,
                act.WakeWordHeard,
            )
        )
        event = act.Typed("Hello there.", self.talk.now) if kind is act.Typed else kind(self.talk.now)
        self.feed(self.talk.add(event))

    def say(self) -> None:
        self.feed(self.talk.add(saying("It is five o'clock.", self.talk.now, 1.0)))

    def voice(self) -> None:
        talk = self.talk
        if not talk.is_open:
            self.is_voiced = True
            self.unsettled.add(talk.speech + 1)
            self.feed(talk.start())
        elif self.is_voiced:
            self.is_voiced = False
            talk.now += self.random.choice((0.1, 1.0))
            self.feed(talk.pause())
        elif self.random.random() < 0.5:
            self.is_voiced = True
            self.feed(talk.resume())
        else:
            self.close()

    def close(self) -> None:
        if self.talk.is_open:
            if self.is_voiced:
                self.talk.voice_end = self.talk.now
                self.is_voiced = False
            self.feed(self.talk.end())
            self.finals_due.append(self.talk.speech)

    def text(self) -> None:
        talk = self.talk
        text = self.random.choice(
            ("", "mhm", "What time is it?", "stop", "and", "five o'clock", "hey computer", "hey computer what is new")
        )
        if self.finals_due:
            speech = self.finals_due.pop(0)
            if self.random.random() < 0.1:
                self.feed(talk.add(RecognitionFailed("It is broken.", speech, talk.now)))
                text = ""
            self.feed(talk.add(Transcript(text, text, True, talk.now, speech)))
        elif talk.is_open:
            is_final = not self.is_voiced
            self.feed(talk.add(Transcript(text, text, is_final, talk.now, talk.speech)))

    def assistant(self) -> None:
        if self.answer is None:
            return
        turn, phase = self.answer
        if phase == "committed" and not self.is_paused:
            self.answer = (turn, "sounding")
            self.feed(self.talk.add(act.AnswerSounding(turn)))
        elif phase in ("sounding", "committed") and self.random.random() < 0.5:
            self.answer = None
            self.feed(self.talk.add(act.AnswerEnded(turn)))

    def feed(self, actions: list[Action]) -> None:
        """Perform what was decided, and check each step."""
        is_closing = False
        for action in actions:
            match action:
                case act.BeginAnswer(turn, _, is_speculative):
                    assert self.answer is None, "two answers at once"
                    self.answer = (turn, "speculative" if is_speculative else "committed")
                case act.CommitAnswer(turn):
                    assert self.answer == (turn, "speculative")
                    self.answer = (turn, "committed")
                case act.CancelAnswer(turn):
                    assert self.answer is not None
                    assert self.answer[0] == turn
                    self.answer, self.is_paused = None, False
                case act.Interrupt(turn):
                    assert self.answer is not None
                    assert self.answer[0] == turn
                    assert self.answer[1] != "speculative"
                    self.answer, self.is_paused = None, False
                case act.PauseSpeaker():
                    assert not self.is_paused
                    self.is_paused = True
                case act.ResumeSpeaker():
                    assert self.is_paused
                    self.is_paused = False
                case act.TurnTaken() | act.StopAll() | act.SpeechIgnored():
                    self.unsettled = {speech for speech in self.unsettled if speech > self.talk.speech}
                case act.CloseSpeech():
                    assert self.talk.is_open
                    is_closing = True
                case _:
                    pass
        state = self.talk.state
        assert self.is_paused == (state in (State.HELD, State.PAUSED))
        if state in (State.ANSWERING, State.HELD, State.SPEAKING, State.PAUSED):
            assert self.answer is not None
            assert self.answer[1] != "speculative"
        if is_closing:
            self.close()

    def settle(self) -> None:
        """Let everything come to rest."""
        for _ in range(4):
            self.close()
            while self.finals_due:
                self.text()
            self.tick()
            self.feed(self.talk.wait(2.5))
            if self.answer is not None:
                turn, self.answer = self.answer[0], None
                self.feed(self.talk.add(act.AnswerEnded(turn)))
            self.feed(self.talk.add(act.ButtonReleased(self.talk.now)))


@pytest.mark.parametrize("seed", range(600))
def test_any_sequence_leaves_a_legal_state_one_answer_and_no_speech_lost(seed: int) -> None:
    room = Room(seed)
    for _ in range(150):
        room.step()
    room.settle()
    assert room.talk.state in (State.IDLE, State.ASLEEP, State.MUTED)
    assert not room.unsettled
    assert room.talk.turn_taking.is_quiet


@pytest.mark.parametrize("seed", range(100))
def test_no_input_at_all_out_of_any_order_breaks_the_machine(seed: int) -> None:
    chance = random.Random(seed)
    talk = Conversation()
    for _ in range(600):
        time = talk.now = talk.now + chance.random()
        number = chance.randrange(-1, 5)
        talk.add(
            chance.choice(
                (
                    Silence(time),
                    SpeechAudio(FRAME, time, chance.random() < 0.5),
                    SpeechPaused(time - 0.2, time),
                    SpeechEnded(time - 0.2, time, chance.random() < 0.3),
                    Transcript("and stop", "", chance.random() < 0.5, time, number),
                    act.AnswerSounding(number),
                    act.AnswerEnded(number),
                    act.Typed("Hello."),
                    act.ButtonPressed(time),
                    act.ButtonReleased(time),
                    act.Muted(time),
                    act.Unmuted(time),
                )
            )
        )
        if chance.random() < 0.3:
            talk.start() if chance.random() < 0.5 else talk.resume()
        assert talk.state in State
