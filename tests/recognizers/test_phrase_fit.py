"""What a phrase lacks against free phones decides whether it was said; and what counts as the same speech."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from voicestream.bench.phrases import (
    MOST_TAKEN,
    Recording,
    Trial,
    as_spoken,
    choose_limits,
    count_errors,
    cross_validate,
    decide,
)
from voicestream.hearing.growing_audio import GrowingAudio
from voicestream.hearing.phrase_fit import (
    Attempt,
    Fit,
    Stretch,
    is_hopeless,
    is_within_phrases,
    may_become_phrase,
    measure_fit,
)

WORDS = [
    Stretch("<sil>", 0, 29, -150, is_silence=True),
    Stretch("stop", 30, 59, -1200),
    Stretch("it", 60, 79, -1000),
    Stretch("<sil>", 80, 99, -100, is_silence=True),
]
PHONES = [Stretch("SIL", 0, 29, -150), Stretch("S", 30, 69, -1600), Stretch("T", 70, 99, -600)]


def test_only_the_spoken_frames_count() -> None:
    fit = measure_fit(WORDS, PHONES)
    assert fit.score == pytest.approx(-2200 / 50)
    assert fit.margin == pytest.approx((-2200 + 40 * 40 + 10 * 20) / 50)
    assert fit.worst_word == pytest.approx((-1000 + 10 * 40 + 10 * 20) / 20)
    assert fit.longest_word == pytest.approx(0.3)
    louder_silence = [replace(WORDS[0], score=-9000), *WORDS[1:]]
    assert measure_fit(louder_silence, PHONES) == fit


def test_no_word_fits_nothing() -> None:
    assert not is_within_phrases(measure_fit(WORDS[:1], PHONES))
    assert not is_within_phrases(measure_fit([], []))
    assert not may_become_phrase([])


def test_a_word_that_lasts_as_long_as_a_breath_of_noise_is_none() -> None:
    humming = [Stretch("stop", 0, 299, -300)]
    assert not is_within_phrases(measure_fit(humming, [Stretch("S", 0, 299, -300)]))


def test_one_bad_word_spoils_the_phrase() -> None:
    free = [Stretch("S", 0, 99, -4000)]
    good = [Stretch("stop", 0, 49, -2200), Stretch("it", 50, 99, -2200)]
    assert is_within_phrases(measure_fit(good, free))
    bad = [Stretch("stop", 0, 89, -3600), Stretch("it", 90, 99, -1000)]
    assert measure_fit(bad, free).margin > measure_fit(good, free).margin - 5
    assert not is_within_phrases(measure_fit(bad, free))


def test_what_is_hopeless_by_itself_fits_no_phrase_whatever_the_free_phones_say() -> None:
    for score in (-7100, -7300):
        path = [Stretch("stop", 0, 99, score)]
        assert is_hopeless(path) == (score < -7200)
        assert not is_within_phrases(measure_fit(path, ()))
    assert is_hopeless([])


def test_audio_that_grows_is_given_once_whatever_its_pieces() -> None:
    chance = np.random.default_rng(5)
    audio = chance.standard_normal(5_000).astype(np.float32)
    for _ in range(50):
        growing = GrowingAudio()
        ends = np.sort(chance.integers(1, audio.size, 6))
        pieces = [growing.add(audio[:end]) for end in (*ends, audio.size)]
        np.testing.assert_array_equal(np.concatenate(pieces), audio)


def test_another_speech_is_noticed_also_when_the_buffer_is_used_again() -> None:
    growing, buffer = GrowingAudio(), np.ones(100, np.float32)
    assert not growing.continues(buffer)
    growing.add(buffer)
    assert growing.continues(np.ones(150, np.float32))
    buffer[0] = 2
    assert not growing.continues(buffer)
    assert not growing.continues(np.ones(50, np.float32))
    assert growing.add(buffer).size == 100


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Set 45 timers for 100 TVs", "set forty five timers for a hundred tvs"),
        ("turn off TV", "turn off t v"),
        ("what's 20", "what's twenty"),
        ("", ""),
    ],
)
def test_text_is_compared_as_it_is_said(text: str, words: str) -> None:
    assert as_spoken(text) == tuple(words.split())


def test_word_errors_are_the_least_number_of_changes() -> None:
    said = ["set", "a", "timer", "for", "five", "minutes"]
    assert count_errors(said, said) == 0
    assert count_errors(said, []) == 6
    assert count_errors(said, ["set", "timer", "for", "nine", "minutes", "please"]) == 3


def trials(margins: list[float], is_within: bool) -> list[Trial]:
    """What a recognizer would have made of recordings whose phrases fit so well."""
    recording = Recording("a", "human", ("stop",), np.zeros(1, np.float32))
    fits = [Fit(-40.0, margin, margin - 10, 0.5) for margin in margins]
    return [Trial(recording, is_within, [Attempt(WORDS[1:2], fit)], 0.0) for fit in fits]


def test_limits_are_chosen_in_the_middle_between_the_phrases_and_other_speech() -> None:
    limits = choose_limits([*trials([-1, -5, -12], True), *trials([-20, -22, -30], False)])
    assert limits.margin == pytest.approx(-16, abs=1)


def test_limits_lose_the_fewest_phrases_that_other_speech_allows() -> None:
    within, outside = trials([-1, -5, -12, -21], True), trials([-10, -13] + [-18] * 6 + [-40] * 20, False)
    limits = choose_limits([*within, *outside])
    assert [bool(decide(trial, limits).words) for trial in within] == [True, True, True, False]
    assert sum(bool(decide(trial, limits).words) for trial in outside) <= MOST_TAKEN * len(outside)


def test_who_is_judged_had_no_part_in_choosing_the_limits() -> None:
    """The one phrase that fits badly is kept by limits that were chosen on it, and lost by those of the others."""
    everybody = [*trials([-1, -2, -3, -20], True), *trials([-22, -23, -30, -40], False)]
    together = choose_limits(everybody)
    assert all(decide(trial, together).words for trial in everybody if trial.is_within)
    outcomes = cross_validate(everybody, folds=4)
    assert len(outcomes) == len(everybody)
    assert sum(bool(outcome.words) for outcome in outcomes if outcome.is_within) == 3
