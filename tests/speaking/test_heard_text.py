"""What was heard of an answer, to the word."""

from __future__ import annotations

import pytest

from voicestream.speaking.heard_text import heard_text
from voicestream.speaking.sentences import SentenceSplitter, SplitOptions
from voicestream.vocabulary import Played, Sentence, WordTime

ANSWER = "The **first** one is [here](http://x.org).\n\n```\ncode\n```\n\nThe second one is there. 🎉 And a third."


def split(text: str = ANSWER) -> list[Sentence]:
    splitter = SentenceSplitter("en", SplitOptions(early_clause=False))
    return splitter.add(text) + splitter.finish()


def times(sentence: Sentence, step: float = 0.5) -> tuple[WordTime, ...]:
    return tuple(WordTime(one.spoken_start, one.spoken_end, n * step) for n, one in enumerate(sentence.words))


def test_nothing_heard_is_no_text() -> None:
    sentences = split()
    assert heard_text(sentences, []) == ""
    assert heard_text(sentences, [Played(sentences[0], 0.0, 2.5, times(sentences[0]))]) == ""


@pytest.mark.parametrize(
    ("seconds", "heard"),
    [
        (0.1, ""),
        (0.3, "The"),
        (0.8, "The **first"),
        (1.3, "The **first** one"),
        (2.4, "The **first** one is [here](http://x.org)."),
    ],
)
def test_word_times_tell_the_last_word_heard(seconds: float, heard: str) -> None:
    sentences = split()
    said = heard_text(sentences, [Played(sentences[0], seconds, 2.5, times(sentences[0]))])
    assert said == heard.removesuffix("](http://x.org).") or said == heard


@pytest.mark.parametrize("seconds", [0.1, 0.4, 0.6, 0.9, 1.1, 2.2])
def test_words_that_have_sounded_to_their_end_leave_out_the_one_that_sounds(seconds: float) -> None:
    sentence = split("One two three four five six.")[0]
    whole = heard_text([sentence], [Played(sentence, seconds, 3.0, times(sentence))], share=1.0)
    assert len(whole.split()) == int(seconds / 0.5)


def test_without_word_times_the_share_of_samples_tells() -> None:
    sentences = split("One two three four five six seven eight nine ten.")
    assert heard_text(sentences, [Played(sentences[0], 2.0, 4.0)]) == "One two three four five"


def test_what_lies_before_a_heard_sentence_was_heard_with_it() -> None:
    sentences = split()
    spoken = [one for one in sentences if one.spoken]
    played = [Played(spoken[0], 2.5, 2.5, is_whole=True), Played(spoken[1], 1.3, 2.5, times(spoken[1]))]
    heard = heard_text(sentences, played)
    assert heard.startswith("The **first** one is [here](http://x.org).\n\n```\ncode\n```")
    assert heard.endswith("The second one")


def test_a_whole_answer_is_heard_as_it_was_written() -> None:
    sentences = split()
    played = [Played(one, 2.0, 2.0, is_whole=True) for one in sentences if one.spoken]
    assert heard_text(sentences, played) == ANSWER


def test_heard_text_only_grows_with_time() -> None:
    sentences = split()
    last = ""
    for seconds in range(30):
        heard = heard_text(sentences, [Played(sentences[0], seconds / 10, 2.5, times(sentences[0]))])
        assert heard.startswith(last)
        assert ANSWER.startswith(heard)
        last = heard


def test_a_word_that_is_said_in_several_is_heard_at_half_of_them_all() -> None:
    (sentence,) = split("It costs $4.50 now.")
    places = {sentence.spoken[one.spoken_start : one.spoken_end]: one for one in sentence.words}
    said = (("It", 0.0), ("costs", 0.2), ("$4.50", 0.5), ("$4.50", 0.9), ("$4.50", 1.2), ("now.", 1.5))
    words = tuple(WordTime(places[word].spoken_start, places[word].spoken_end, time) for word, time in said)

    def heard(seconds: float) -> str:
        return heard_text([sentence], [Played(sentence, seconds, 2.0, words)])

    assert heard(0.9) == "It costs"
    assert heard(1.1) == "It costs $4.50"
