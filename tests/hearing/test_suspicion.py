"""What the guards object to, and what they let pass."""

from __future__ import annotations

import pytest

from voicestream.hearing.phantoms import PHANTOMS
from voicestream.hearing.suspicion import (
    GRAVE,
    Evidence,
    Objection,
    is_phantom,
    objections,
    plain_words,
    spoken_words,
)
from voicestream.vocabulary import Word


@pytest.mark.parametrize(
    "text",
    [
        "",
        "What time is it?",
        "No, no, no!",
        "Set a timer for twenty five minutes and thirty seconds.",
        "Row, row, row your boat, gently down the stream.",
    ],
)
def test_what_people_say_is_believed(text: str) -> None:
    assert objections(Evidence(text, seconds=2.5, log_probability=-0.5, no_speech=0.1)) == frozenset()


@pytest.mark.parametrize(
    ("evidence", "objection"),
    [
        (Evidence("the the the the the the", 4), Objection.LOOP),
        (Evidence("thank you so much thank you so much thank you so much", 4), Objection.LOOP),
        (Evidence("you know " * 30, 20), Objection.LOOP),
        (Evidence("What day is it?", 2, log_probability=-1.2), Objection.UNLIKELY),
        (Evidence("Turn on the TV.", 2, log_probability=-0.8, no_speech=0.7), Objection.NO_SPEECH),
        (Evidence("one two three four five six seven eight nine ten eleven", 0.5), Objection.TOO_FAST),
        (Evidence("turn on the light", 2, prompt="Please turn on the light."), Objection.PROMPT_REPEATED),
    ],
)
def test_a_text_that_is_no_speech_is_suspect(evidence: Evidence, objection: Objection) -> None:
    assert objection in objections(evidence)
    assert objection in GRAVE


@pytest.mark.parametrize(
    ("evidence", "objection"),
    [
        (Evidence("What time is it? What time is it?", 2), Objection.SAID_TWICE),
        (Evidence(".", 2, prompt="Turn on the light."), Objection.NO_WORDS),
        (Evidence("Set a timer for five minutes. Create a timer for five minutes.", 2.5), Objection.SAID_TWICE),
        (Evidence("Hello", 8), Objection.ENDS_EARLY),
        (Evidence("What day is it?", 2, log_probability=-0.8), Objection.DOUBTFUL),
    ],
)
def test_what_a_cut_window_may_have_done_asks_for_the_whole_one_only(evidence: Evidence, objection: Objection) -> None:
    found = objections(evidence)
    assert objection in found
    assert not found & GRAVE


def test_a_phantom_is_believed_only_of_a_strong_voice() -> None:
    assert is_phantom("Thanks for watching!", "en", voice=0.6, seconds=1.5)
    assert is_phantom("Thanks for watching!", "en", voice=0.95, seconds=0.2), "nobody speaks so fast"
    assert not is_phantom("Thanks for watching!", "en", voice=0.95, seconds=1.0)
    assert is_phantom("Untertitelung des ZDF, 2020", "de", voice=0.6, seconds=1.5)
    assert not is_phantom("What time is it?", "en", voice=0.6, seconds=1.0)


def test_the_phantoms_are_written_as_they_are_compared() -> None:
    for phrases in PHANTOMS.values():
        for phrase in phrases:
            assert " ".join(plain_words(phrase)) == phrase


def test_a_sentence_outside_the_voices_is_dropped_and_no_single_word() -> None:
    words = [Word(" Stop.", 1.0, 1.4), Word(" Thank", 3.4, 3.6), Word(" you.", 3.6, 3.8)]
    assert [word.text for word in spoken_words(words, [(1.0, 1.5)])] == [" Stop."]
    assert spoken_words(words, [(1.0, 1.5), (3.2, 3.5)]) == words
    late = [Word(" turn", 1.0, 1.2), Word(" it", 1.2, 1.3), Word(" off", 2.5, 2.7)]
    assert spoken_words(late, [(1.0, 1.5)]) == late
