"""Laws of what is said over a sounding answer: the echo, a cough, a "mhm", an interruption."""

from __future__ import annotations

import pytest
from conversation import FRAME, Conversation, in_state, kinds, saying

from voicestream.config import Turns
from voicestream.turns import actions as act
from voicestream.turns.actions import State
from voicestream.vocabulary import FRAME_SECONDS, SpeechAudio


def in_a_room_that_echoes() -> Conversation:
    """Return a conversation whose answer has paused for its own words already."""
    talk = in_state(State.SPEAKING)
    talk.add(saying("It is five o'clock in the afternoon.", talk.now, 2.5))
    talk.now += 1.2
    talk.talk_over("five o'clock")
    talk.taken()
    return talk


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


def test_words_that_may_be_the_users_are_waited_for_until_they_are_final() -> None:
    talk = in_state(State.PAUSED)
    talk.words("Eight")
    talk.pause()
    talk.wait(0.5)
    assert talk.taken() == []
    talk.final("Eight o'clock")
    assert kinds(talk.taken())[0] == "Interrupt"


@pytest.mark.parametrize(("words", "seconds"), [("Eight", 1.0), ("Mhm", 0.27), ("", 0.27)])
def test_words_that_never_become_final_hold_no_answer_up(words: str, seconds: float) -> None:
    talk = in_state(State.PAUSED)
    talk.words(words)
    talk.pause()
    while not talk.wait(0.01):
        pass
    assert talk.taken() == [act.ResumeSpeaker("silence")]
    assert talk.now - talk.voice_end == pytest.approx(seconds, abs=FRAME_SECONDS)


def test_the_answer_does_not_go_on_while_something_still_sounds() -> None:
    """The end of "Pause" is a hiss, which is no voice to the detector."""
    talk = in_state(State.PAUSED)
    talk.pause()
    for _ in range(4):
        talk.add(SpeechAudio(FRAME, talk.now, False, is_near=True))
        talk.now += FRAME_SECONDS
    sound_end = talk.now
    talk.wait(0.22)
    assert talk.taken() == []
    talk.wait(0.1)
    assert talk.taken() == [act.ResumeSpeaker("silence")]
    assert talk.now - sound_end <= 0.5


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
    talk = in_a_room_that_echoes()
    talk.add(saying("And it rains.", talk.now, 1.0))
    talk.start()
    talk.words("and it rains")
    assert talk.taken() == []


@pytest.mark.parametrize(("near", "expected"), [(3, []), (4, [act.PauseSpeaker()])])
def test_in_a_room_that_echoes_more_than_the_echo_can_be_pauses_the_answer(
    near: int, expected: list[act.Action]
) -> None:
    talk = in_a_room_that_echoes()
    talk.start()
    talk.near(near)
    assert talk.taken() == expected


@pytest.mark.parametrize(
    ("texts", "expected"), [(("", "Mhm.", ""), [True, False, False]), (("Mhm.", "Yeah."), [True, True])]
)
def test_a_sound_louder_than_the_echo_pauses_while_such_sounds_were_somebody(
    texts: tuple[str, ...], expected: list[bool]
) -> None:
    talk, paused = in_a_room_that_echoes(), []
    for text in texts:
        talk.start()
        talk.near(4)
        paused.append(act.PauseSpeaker() in talk.taken())
        talk.pause()
        talk.final(text)
        talk.end()
    assert paused == expected


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
    talk.near(near)
    talk.pause()
    talk.final(f"a small {word} harbour")
    assert expected in kinds(talk.taken())


@pytest.mark.parametrize(
    ("words", "near", "expected"),
    [
        ("What is the", 3, act.SpeechIgnored("echo", "What is the")),
        ("What is the", 4, act.Interrupt(1)),
        ("Stop.", 0, act.Interrupt(1)),
    ],
)
def test_a_short_sound_at_the_first_words_of_the_first_answer_is_its_echo(
    words: str, near: int, expected: act.Action
) -> None:
    talk = in_state(State.ANSWERING)
    talk.sound()
    talk.add(saying("Once upon a time there was a small harbour.", talk.now, 3.0))
    talk.wait(0.6)
    talk.start()
    talk.near(near)
    talk.pause()
    talk.final(words)
    assert expected in talk.taken()


def test_who_speaks_on_at_the_first_words_of_the_first_answer_is_heard_before_falling_silent() -> None:
    talk = in_state(State.ANSWERING)
    talk.sound()
    talk.add(saying("Once upon a time there was a small harbour.", talk.now, 3.0))
    talk.wait(0.6)
    talk.taken()
    talk.start()
    talk.words("No I meant", 0.4)
    assert kinds(talk.taken()) == ["PauseSpeaker"]
    talk.words("No I meant Berlin", 0.4)
    assert kinds(talk.taken()) == ["Interrupt"]


def test_a_room_without_an_echo_needs_no_sound_louder_than_one() -> None:
    talk = in_state(State.SPEAKING)
    talk.add(act.AnswerEnded(1))
    talk.ask("And where?")
    talk.sound(2)
    talk.add(saying("In the small harbour.", talk.now, 2.0))
    talk.wait(0.6)
    talk.talk_over("Which one?")
    assert "Interrupt" in kinds(talk.taken())


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
    assert talk.taken() == [act.CloseSpeech(), act.SpeechIgnored("not interruptible", "Stop it right now.")]
    talk.end()
    talk.start()
    talk.words("Stop")
    talk.add(act.AnswerEnded(1))
    assert talk.taken() == [act.CloseSpeech(), act.SpeechIgnored("not interruptible", "Stop")]
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


@pytest.mark.parametrize("words", ["Hello.", "Stop.", "Turn it off."])
def test_a_sound_that_turns_out_to_be_an_echo_that_slipped_is_nobodys(words: str) -> None:
    talk = in_state(State.SPEAKING)
    talk.start()
    talk.near(4)
    talk.add(SpeechAudio(FRAME, talk.now, has_slipped=True))
    talk.now += 0.1
    talk.pause()
    talk.final(words)
    assert [action for action in talk.taken() if not isinstance(action, act.PauseSpeaker)] == [
        act.ResumeSpeaker("echo"),
        act.CloseSpeech(),
        act.SpeechIgnored("echo", words),
    ]


def test_who_speaks_on_while_the_echo_slips_is_heard() -> None:
    talk = in_state(State.SPEAKING)
    talk.start()
    talk.near(4)
    talk.add(SpeechAudio(FRAME, talk.now, has_slipped=True))
    talk.words("Turn it off.")
    talk.pause()
    talk.final("Turn it off.")
    assert "Interrupt" in kinds(talk.taken())
