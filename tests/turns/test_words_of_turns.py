"""What words tell the turn taking: own or echo, finished or not, a listening sound, a wish for silence, a call."""

from __future__ import annotations

import random

import numpy as np
import pytest

from voicestream.hearing.near_end import NearEnd
from voicestream.hearing.phrase_graph import read_jsgf
from voicestream.speaking.word_times import estimate_words
from voicestream.thinking.phrases import jsgf
from voicestream.turns.backchannels import BACKCHANNELS, is_backchannel, is_hesitation
from voicestream.turns.echo_guard import EchoGuard
from voicestream.turns.endpointing import Endpointing
from voicestream.turns.stop_words import STOP_PHRASES, is_stop
from voicestream.turns.unfinished import is_complete_question, is_unfinished
from voicestream.turns.wake_phrase import after_wake_phrase
from voicestream.turns.words import are_equivalent, bare_words
from voicestream.vocabulary import FRAME_SAMPLES, Samples, WordTime

SAID = "The lighthouse was built in eighteen hundred and ten, and its lamp burned whale oil."


def say(guard: EchoGuard, text: str, start: float, end: float) -> None:
    guard.said(text, start, estimate_words(text, end - start))


def guard() -> EchoGuard:
    echo_guard = EchoGuard()
    say(echo_guard, SAID, 10.0, 16.0)
    return echo_guard


# ---------------------------------------------------------------------------------------------------- echo guard


@pytest.mark.parametrize(
    "heard",
    [
        "The lighthouse was built in eighteen hundred and ten",
        "the light house was build in eighteen hundred and then",
        "lighthouse was built",
        "lamp burned wale oil",
        "and its lamb burned",
        "a teen hundred and ten and its lamp",
    ],
)
def test_what_the_loudspeaker_says_is_known_also_misheard(heard: str) -> None:
    assert guard().is_own(heard, 10.2, 16.2)


@pytest.mark.parametrize("heard", ["What about the mountains?", "Stop.", "No, tell me a joke", "Who owns it now?"])
def test_the_users_words_are_not_taken_for_echo(heard: str) -> None:
    assert guard().own_words(heard, 12.0, 13.5) == heard


@pytest.mark.parametrize("start", [0.0, 0.8, 2.0, 2.8])
def test_a_sentence_that_shares_some_letters_is_not_taken_for_misheard_echo(start: float) -> None:
    echo_guard = EchoGuard()
    say(echo_guard, "Once upon a time there was a small harbour by the northern sea.", 0.0, 4.5)
    left = bare_words(echo_guard.own_words("Tell me about the mountains instead.", start, start + 1.8))
    assert {"tell", "mountains", "instead"} <= set(left)


def test_a_short_word_is_not_made_of_the_letters_of_two() -> None:
    echo_guard = EchoGuard()
    say(echo_guard, "And an old woman counted the sails.", 10.0, 13.0)
    assert echo_guard.own_words("No.", 11.0, 12.0) == "No."
    assert not echo_guard.own_words("An", 11.0, 12.0)


def test_a_short_word_is_not_a_part_of_a_long_one() -> None:
    echo_guard = EchoGuard()
    say(echo_guard, "A small harbour by the northern sea.", 10.0, 13.0)
    assert echo_guard.own_words("No.", 11.0, 12.0) == "No."


def test_three_letters_in_the_midst_of_two_words_are_no_echo() -> None:
    echo_guard = EchoGuard()
    say(echo_guard, "Every morning the fishermen went out before the sun was up.", 10.0, 13.5)
    assert echo_guard.own_words("Fire fox.", 11.0, 13.0) == "Fire fox."
    assert not echo_guard.own_words("sun was", 12.0, 14.0)


def test_one_word_in_common_leaves_its_neighbours_to_the_user() -> None:
    echo_guard = EchoGuard()
    say(echo_guard, "Once upon a time there was a small harbour by the northern sea.", 10.0, 14.5)
    assert bare_words(echo_guard.own_words("What time is", 10.5, 12.0)) == ["what", "is"]
    assert bare_words(echo_guard.own_words("He was not", 11.5, 13.0)) == ["he", "not"]


def test_the_users_words_on_top_of_the_echo_are_left() -> None:
    heard = "the lighthouse was built please tell me something else in eighteen hundred"
    assert guard().own_words(heard, 10.0, 14.0) == "please tell me something else"


def test_a_word_or_two_that_the_user_takes_up_stay_in_their_sentence() -> None:
    assert guard().own_words("What about the lighthouse?", 12.0, 13.5, longest_kept=2) == "What about the lighthouse?"
    assert guard().own_words("the lighthouse", 11.0, 12.5, longest_kept=2) == ""


def test_one_misheard_word_resembles_what_was_said_and_another_word_does_not() -> None:
    guard = EchoGuard()
    say(guard, "A small harbour by the northern sea.", 10.0, 12.0)
    assert guard.resembles_own("Lea.", 11.8, 12.3)
    assert not guard.resembles_own("Why?", 11.8, 12.3)
    assert not guard.resembles_own("Lea.", 20.0, 20.5)


def test_the_same_words_said_long_after_are_the_users() -> None:
    assert not guard().is_own("the lighthouse was built", 18.0, 19.5)


def test_words_that_the_loudspeaker_did_not_reach_are_the_users() -> None:
    echo_guard = guard()
    echo_guard.silenced(11.5)
    assert not echo_guard.is_own("its lamp burned whale oil", 12.5, 14.0)
    echo_guard.resumed(20.0)
    assert echo_guard.is_own("its lamp burned whale oil", 20.5, 24.0)


def test_without_a_known_length_words_are_expected_at_any_usual_speed() -> None:
    for seconds in (4.5, 7.0):
        echo_guard = EchoGuard()
        echo_guard.said(SAID, 10.0)
        assert echo_guard.is_own("whale oil", 10.0 + seconds - 0.6, 10.0 + seconds)


def test_where_the_voice_tells_of_some_words_the_others_are_expected_after_them() -> None:
    echo_guard = EchoGuard()
    told = [word for word in estimate_words(SAID, 6.0) if word.start < SAID.index("hundred")]
    echo_guard.said(SAID, 10.0, told)
    assert echo_guard.is_own("the lighthouse", 10.1, 10.8)
    assert not echo_guard.is_own("the lighthouse", 12.6, 13.4), "said long before"
    assert echo_guard.is_own("whale oil", 15.0, 16.0)
    assert not echo_guard.is_own("whale oil", 10.5, 11.5), "not said yet"


def test_a_word_that_is_voiced_in_several_begins_with_the_first() -> None:
    echo_guard = EchoGuard()
    echo_guard.said(
        "It costs $4.50 now.", 10.0, [WordTime(0, 2, 0.0), *(WordTime(9, 14, at) for at in (0.6, 1.0, 1.4))]
    )
    assert echo_guard.is_own("4.50", 11.0, 11.5)
    assert not echo_guard.is_own("it costs", 12.6, 13.0)


def test_nothing_heard_is_nobodys() -> None:
    assert not guard().is_own("", 10.0, 11.0)
    assert guard().own_words("Hello.", 0.0, 1.0) == "Hello."


# ---------------------------------------------------------------------------------------------------- endpointing


@pytest.mark.parametrize(
    "text",
    [
        "I would like to",
        "and",
        "so I was",
        "um",
        "Well, uh",
        "put milk, eggs, bread",
        "Could you",
        "If it rains tomorrow",
        "my number is five five two",
        "tell me",
        "Please write to Anna that",
        "What is the?",
        "I need a recipe with…",
        "what do you",
        "where can i find",
        "what is the capital of",
        "what can you tell",
        "my number is two oh four",
    ],
)
def test_an_unfinished_thought_is_known(text: str) -> None:
    assert is_unfinished(text)


@pytest.mark.parametrize(
    ("text", "language"),
    [("Ich möchte", "de"), ("Stell einen Wecker auf", "de"), ("je voudrais", "fr"), ("quiero un", "es")],
)
def test_an_unfinished_thought_is_known_in_other_languages(text: str, language: str) -> None:
    assert is_unfinished(text, language)


@pytest.mark.parametrize(
    "text",
    [
        "Yes, I do.",
        "Turn it on.",
        "Come in",
        "Stop.",
        "Turn off the kitchen light.",
        "Where are you from?",
        "no",
        "I like that",
        "Set a timer for ten minutes",
        "My number is five five two nine one four seven",
        "what can you do",
        "what did you say",
        "who should i call",
        "what is it for",
        "where are you from",
        "whats it like",
        "wake me at eight oh three",
        "",
    ],
)
def test_a_finished_turn_is_not_waited_for(text: str) -> None:
    assert not is_unfinished(text)


def test_every_phrase_of_the_built_in_assistant_is_finished() -> None:
    graph, chance = read_jsgf(jsgf()), random.Random(1)
    for _ in range(2000):
        words: list[str] = []
        state = 0
        while state not in graph.ends or (graph.arcs[state] and chance.random() < 0.5):
            word, state = chance.choice(list(graph.arcs[state].items()))
            words.append(word)
        assert not is_unfinished(" ".join(words), "en"), words


@pytest.mark.parametrize("text", ["What time is it?", "how are you", "Who wrote that?", "Hello. Can you hear me?"])
def test_a_complete_question_is_known(text: str) -> None:
    assert is_complete_question(text)


def test_the_wait_follows_the_text() -> None:
    endpointing = Endpointing(end_of_turn=0.5, max_wait=2.0)
    assert 0.3 <= endpointing.wait("What time is it?") <= 0.4
    assert endpointing.wait("Turn on the light.") == 0.5
    assert endpointing.wait("Turn on the") == 2.0


def test_the_wait_grows_with_the_users_pauses_and_never_past_the_limit() -> None:
    endpointing = Endpointing()
    for _ in range(40):
        endpointing.went_on(1.0)
        endpointing.ended_falsely()
    assert 1.0 < endpointing.wait("Turn on the light.") <= 2.0
    assert endpointing.wait("What time is it?") < 1.0


def test_false_ends_are_forgotten_after_turns_that_ended_well() -> None:
    endpointing = Endpointing()
    before = endpointing.wait("What time is it?")
    endpointing.ended_falsely()
    assert endpointing.wait("What time is it?") > before
    for _ in range(60):
        endpointing.ended_well()
    assert endpointing.wait("What time is it?") == pytest.approx(before, abs=0.01)


# --------------------------------------------------------------------------------------------- lists of phrases


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Mhm.", "en"),
        ("Yeah, okay.", "en"),
        ("Ja, genau.", "de"),
        ("D'accord.", "fr"),
        ("はい", "ja"),
        ("uh hrh", "en"),
        ("mm-hmm", ""),
    ],
)
def test_listening_sounds_are_known(text: str, language: str) -> None:
    assert is_backchannel(text, language)


@pytest.mark.parametrize("text", ["Yes, but tell me about Paris", "No.", "Stop.", "Okay, wait!", "", "Berlin."])
def test_what_wants_the_floor_is_no_listening_sound(text: str) -> None:
    assert not is_backchannel(text, "en")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Stop!", "en"),
        ("Pause.", "en"),
        ("okay, wait", "en"),
        ("Never mind, please.", "en"),
        ("Stopp", "de"),
        ("ça suffit", "fr"),
        ("Um, stop.", ""),
    ],
)
def test_wishes_for_silence_are_known(text: str, language: str) -> None:
    assert is_stop(text, language)


@pytest.mark.parametrize(
    "text",
    ["Stop the music in the kitchen", "Pause the timer", "Wait for my brother", "When does it stop?", "", "please"],
)
def test_a_command_with_stop_in_it_is_a_command(text: str) -> None:
    assert not is_stop(text, "en")


def test_no_phrase_is_both_a_listening_sound_and_a_wish_for_silence() -> None:
    for language, phrases in STOP_PHRASES.items():
        assert not phrases & BACKCHANNELS[language]
        assert all(" ".join(bare_words(phrase)) == phrase for phrase in phrases | BACKCHANNELS[language])


def test_a_hesitation_has_words_and_says_nothing() -> None:
    assert is_hesitation("Um, uh…")
    assert not is_hesitation("")
    assert not is_hesitation("um yes")


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Hey computer, what time is it?", "what time is it?"),
        ("hey computor what time", "what time"),
        ("Hey, computer.", ""),
        ("Okay, hey computer stop", "stop"),
        ("My computer is broken", None),
        ("I bought a computer, hey", None),
        ("", None),
    ],
)
def test_the_wake_phrase_is_found_at_the_beginning_only(text: str, rest: str | None) -> None:
    assert after_wake_phrase(text, "hey computer") == rest


def test_spelling_does_not_make_another_turn() -> None:
    assert are_equivalent("What's the time?", "whats THE time")
    assert not are_equivalent("What is the time?", "What was the time?")


# ------------------------------------------------------------------------------------------ levels at the near end


def noise(level: float, seed: int) -> Samples:
    samples: Samples = (level * np.random.default_rng(seed).standard_normal(FRAME_SAMPLES)).astype(np.float32)
    return samples


def after_a_while(leak: float) -> NearEnd:
    """Return what has heard five seconds of a voice that comes and goes, with so much of it left, and some noise."""
    near_end = NearEnd()
    for frame in range(160):
        far = noise(0.1 if frame % 10 < 7 else 0.001, frame)
        near_end.add(leak * far + noise(0.002, 1000 + frame), far)
    return near_end


def test_a_voice_over_a_faint_echo_stands_out() -> None:
    assert after_a_while(0.05).add(noise(0.05, 1), noise(0.1, 2))


def test_a_loud_echo_alone_does_not_stand_out() -> None:
    near_end = after_a_while(0.3)
    flagged = 0
    for frame in range(100):
        is_loud = frame % 10 < 7
        far = noise(0.1 if is_loud else 0.001, frame)
        flagged += near_end.add(0.3 * far + noise(0.002, frame), far) and is_loud
    assert flagged == 0


def test_an_echo_under_the_noise_hides_nobody() -> None:
    assert after_a_while(0.0).add(noise(0.002, 1), noise(0.1, 2))


def test_the_first_echo_is_not_taken_for_somebody() -> None:
    near_end = NearEnd()
    assert not any(near_end.add(noise(0.05, frame), noise(0.1, frame)) for frame in range(20))


def test_a_voice_in_noise_that_drowns_the_echo_is_not_taken_for_the_echo() -> None:
    near_end = NearEnd()
    for frame in range(100):
        near_end.add(noise(0.02, 1000 + frame), noise(0.1, frame))
    voice = [near_end.add(noise(0.04, 2000 + frame), noise(0.1, frame)) for frame in range(4)]
    assert all(voice)


@pytest.mark.parametrize("text", ["Eight.", "Nine.", "Ten of clubs."])
def test_a_number_is_no_misheard_listening_sound(text: str) -> None:
    assert not is_backchannel(text, "en")


def test_a_sentence_without_its_sign_is_waited_for() -> None:
    endpointing = Endpointing()
    assert endpointing.wait("Where can I bry", "en") == 1.5  # "buy", misheard: the words do not tell
    assert endpointing.wait("Where can I buy bread?", "en") == 0.35
    assert endpointing.wait("where can i bry", "en") == 0.35  # a recognizer that writes no signs
    assert endpointing.wait("Never mind", "en") == 0.5


def test_a_recognizer_that_forgets_signs_is_not_waited_for_long() -> None:
    endpointing = Endpointing()
    for _ in range(3):
        endpointing.wait("Turn on the light", "en")
        endpointing.ended_well()
    assert endpointing.wait("Turn on the light", "en") == 0.5


@pytest.mark.parametrize(("text", "is_open"), [("Could rou", True), ("Would nou", True), ("Could you stop?", False)])
def test_two_words_that_begin_to_ask_are_unfinished_whatever_the_second(text: str, is_open: bool) -> None:
    assert is_unfinished(text, "en") == is_open
