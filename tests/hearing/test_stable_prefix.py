"""Laws of the stable prefix."""

from __future__ import annotations

import random

from voicestream.hearing.stable_prefix import StablePrefix


def test_words_settle_when_two_hypotheses_agree_that_heard_more() -> None:
    prefix = StablePrefix()
    assert prefix.add("Turn on", 1.0).stable == ""
    settled = prefix.add("Turn on the light", 1.5)
    assert settled.stable == "Turn on"
    assert settled.text == "Turn on the light"


def test_the_same_audio_confirms_nothing() -> None:
    prefix = StablePrefix()
    for _ in range(5):
        assert prefix.add("Thank you. Thank you.", 1.0).stable == ""


def test_the_last_word_may_be_half_a_word_until_the_speaker_is_silent() -> None:
    prefix = StablePrefix()
    prefix.add("what is the Wed", 1.0)
    assert prefix.add("what is the Wed", 1.3).stable == "what is the"
    assert prefix.add("what is the weather", 1.6, is_complete=True).stable == "what is the"
    assert prefix.add("what is the weather", 1.9, is_complete=True).stable == "what is the weather"


def test_signs_and_letters_of_another_size_are_the_same_words() -> None:
    prefix = StablePrefix()
    prefix.add("Set a timer.", 1.0)
    settled = prefix.add("Set a timer for five.", 1.5)
    assert settled.stable == "Set a timer"
    assert settled.text == "Set a timer for five."


def test_the_sign_after_the_last_settled_word_stays_open() -> None:
    prefix = StablePrefix()
    prefix.add("No. Stop it", 1.0)
    assert prefix.add("No. Stop now", 1.5).stable == "No. Stop"
    assert prefix.add("No. Stop, now please", 2.0).text == "No. Stop, now please"


def test_settled_words_stand_against_a_later_hypothesis() -> None:
    prefix = StablePrefix()
    prefix.add("turn on the kitchen light", 1.0)
    prefix.add("turn on the kitchen light", 1.5)
    settled = prefix.finish("turn off the kitchen lights please")
    assert settled.text == settled.stable == "turn on the kitchen lights please"


def test_scripts_without_spaces_settle_sign_by_sign() -> None:
    prefix = StablePrefix()
    prefix.add("今日の天", 1.0)
    settled = prefix.add("今日の天気は", 1.5)
    assert settled.stable == "今日の天"
    assert prefix.finish("今日の天気は何ですか?").text == "今日の天気は何ですか?"


def test_an_empty_end_keeps_what_had_settled() -> None:
    prefix = StablePrefix()
    prefix.add("hello there you", 1.0)
    prefix.add("hello there you", 1.5)
    assert prefix.finish("").text == "hello there"


def test_no_sequence_of_hypotheses_takes_settled_text_back() -> None:
    chance = random.Random(11)
    words = ["no", "No.", "the", "light", "light,", "on", "off?", "im", "Küche", "天", "気", "5", "—", "don't"]
    for _ in range(600):
        prefix, stable, heard = StablePrefix(), "", 0.0
        base = [chance.choice(words) for _ in range(12)]
        for _ in range(chance.randint(1, 12)):
            heard += chance.choice([0.0, 0.05, 0.2, 0.5])
            told = [word if chance.random() < 0.85 else chance.choice(words) for word in base]
            text = " ".join(told[: chance.randint(0, 12)])
            settled = prefix.add(text, heard, is_complete=chance.random() < 0.2)
            assert settled.text.startswith(settled.stable)
            assert settled.stable.startswith(stable)
            stable = settled.stable
        last = prefix.finish(" ".join(chance.choice(words) for _ in range(chance.randint(0, 9))))
        assert last.text == last.stable
        assert last.stable.startswith(stable)
