"""The playback queue renders every sample once, in order, without a click, and knows what was heard."""

from __future__ import annotations

import random

import numpy as np
import pytest

from voicestream.speaking.playback import Playback
from voicestream.vocabulary import Sentence, Sound, WordTime

RATE = 16_000
FADE = 80  # samples: 5 ms


def sentence(index: int) -> Sentence:
    return Sentence(index, f"Sentence {index}. ", f"Sentence {index}.")


def ones(index: int, count: int, is_last: bool = True) -> Sound:
    return Sound(sentence(index), np.ones(count, np.float32), is_last=is_last)


def ramp(index: int, start: int, count: int, is_last: bool = True) -> Sound:
    return Sound(sentence(index), np.arange(start, start + count, dtype=np.float32) / 1e6, is_last=is_last)


def test_sound_comes_out_as_it_went_in_whatever_the_blocks() -> None:
    for block in (1, 7, 160, 480, 5000):
        playback = Playback(RATE)
        playback.add(ramp(0, 1, 1000, is_last=False))
        playback.add(ramp(0, 1001, 500))
        playback.add(ramp(1, 1501, 700))
        out = np.concatenate([playback.render(block).samples for _ in range(2200 // block + 2)])
        assert np.array_equal(np.round(out[:2200] * 1e6), np.arange(1, 2201))
        assert not out[2200:].any()


def test_marks_stand_at_the_first_and_after_the_last_sample_of_a_sentence() -> None:
    playback = Playback(RATE)
    playback.render(100)
    playback.add(ones(0, 250))
    playback.add(ones(1, 50))
    marks = [mark for _ in range(5) for mark in playback.render(100).marks]
    assert [(mark.kind, mark.sentence.index, mark.position) for mark in marks] == [
        ("started", 0, 100),
        ("ended", 0, 350),
        ("started", 1, 350),
        ("ended", 1, 400),
    ]


def test_a_sentence_without_sound_begins_and_ends_in_its_turn() -> None:
    playback = Playback(RATE)
    playback.add(ones(0, 100))
    playback.add(ones(1, 0))
    playback.add(ones(2, 100))
    marks = [(mark.kind, mark.sentence.index, mark.position) for mark in playback.render(400).marks]
    assert marks[2:4] == [("started", 1, 100), ("ended", 1, 100)]
    assert [account.is_whole for account in playback.played(400)] == [True, True, True]


def test_pause_is_silent_after_the_fade_and_resume_goes_on_at_the_next_sample() -> None:
    playback = Playback(RATE)
    playback.add(ones(0, 1000))
    assert np.all(playback.render(160).samples == 1)
    playback.pause()
    faded = playback.render(160).samples
    assert np.all(np.diff(faded[:FADE]) < 0)
    assert faded[FADE - 1] == 0
    assert not faded[FADE:].any()
    assert not playback.render(800).samples.any()
    playback.resume()
    rest = np.concatenate([playback.render(160).samples for _ in range(6)])
    assert np.count_nonzero(rest) == 1000 - 160 - FADE
    assert playback.played(playback.position)[0].is_whole


def test_stop_fades_and_forgets_and_the_next_sentence_is_whole() -> None:
    playback = Playback(RATE)
    playback.add(ones(0, 1000))
    playback.add(ones(1, 1000))
    playback.render(400)
    played = playback.stop()
    assert [(account.sentence.index, account.seconds, account.is_whole) for account in played] == [
        (0, (400 + FADE) / RATE, False)
    ]
    playback.add(ones(2, 300))
    out = np.concatenate([playback.render(100).samples for _ in range(5)])
    assert np.all(np.diff(out[:FADE]) < 0)
    assert np.all(out[FADE : FADE + 300] == 1)
    assert not out[FADE + 300 :].any()
    assert [account.sentence.index for account in playback.played(playback.position)] == [2]


def test_stop_while_paused_adds_no_sound() -> None:
    playback = Playback(RATE)
    playback.add(ones(0, 1000))
    playback.render(100)
    playback.pause()
    playback.render(500)
    assert playback.stop()[0].seconds == (100 + FADE) / RATE
    assert not playback.render(500).samples.any()


def test_stop_in_silence_leaves_no_trace() -> None:
    playback = Playback(RATE)
    assert playback.stop() == []
    playback.add(ones(0, 100))
    assert np.all(playback.render(100).samples == 1)


def test_paused_before_anything_sounds_waits_with_the_first_sample() -> None:
    playback = Playback(RATE)
    playback.pause()
    playback.add(ones(0, 400))
    first = playback.render(160)
    playback.resume()
    rest = np.concatenate([playback.render(160).samples for _ in range(4)])
    assert not first.samples.any()
    assert np.count_nonzero(rest) == 400


def test_heard_is_less_than_rendered_by_the_delay_and_not_more_across_a_pause() -> None:
    playback = Playback(RATE)
    playback.add(ones(0, 1600))
    playback.render(800)
    assert playback.played(800 - 300)[0].seconds == 500 / RATE
    playback.pause()
    playback.render(FADE)
    playback.render(1000)
    assert playback.played(playback.position - 300)[0].seconds == (800 + FADE) / RATE
    playback.resume()
    playback.render(100)
    assert playback.played(playback.position - 300)[0].seconds == (800 + FADE) / RATE
    assert playback.played(playback.position)[0].seconds == (900 + FADE) / RATE


def test_a_late_voice_breaks_off_and_comes_back_without_a_click() -> None:
    playback = Playback(RATE)
    playback.add(ones(0, 480, is_last=False))
    out = [playback.render(160).samples for _ in range(5)]
    playback.add(ones(0, 480))
    out += [playback.render(160).samples for _ in range(5)]
    whole = np.concatenate(out)
    assert np.abs(np.diff(whole[:1200])).max() < 2 / FADE
    assert playback.played(playback.position)[0].seconds == 960 / RATE


def test_words_of_all_pieces_are_told_with_what_was_heard() -> None:
    playback = Playback(RATE)
    first, second = WordTime(0, 3, 0.0), WordTime(4, 8, 0.02)
    playback.add(Sound(sentence(0), np.ones(200, np.float32), (first,)))
    playback.add(Sound(sentence(0), np.ones(200, np.float32), (second,), is_last=True))
    playback.render(100)
    (account,) = playback.played(100)
    assert account.words == (first, second)
    assert account.total == 400 / RATE


def test_an_account_can_begin_anew_while_sound_waits() -> None:
    playback = Playback(RATE)
    playback.add(ones(0, 100))
    playback.add(ones(1, 100))
    playback.render(150)
    playback.forget_heard()
    assert [account.sentence.index for account in playback.played(150)] == [1]


@pytest.mark.parametrize("seed", range(40))
def test_any_sequence_plays_each_sample_at_most_once_in_order_and_never_clicks(seed: int) -> None:
    chance = random.Random(seed)
    playback = Playback(RATE)
    given = heard = 0
    out = []
    index = 0
    is_open = False
    for _ in range(300):
        match chance.choice(["add", "add", "render", "render", "render", "pause", "resume", "stop"]):
            case "add":
                is_last = chance.random() < 0.5
                count = chance.choice([0, 1, 13, 160, 700])
                playback.add(ones(index, count, is_last))
                index, is_open = index + is_last, not is_last
                given += count
            case "render":
                out.append(playback.render(chance.choice([1, 80, 160, 333])).samples)
            case "pause":
                playback.pause()
            case "resume":
                playback.resume()
            case "stop":
                heard += sum(round(account.seconds * RATE) for account in playback.stop())
                index += is_open
    playback.resume()
    playback.finish()
    out.append(playback.render(playback.left).samples)
    heard += sum(round(account.seconds * RATE) for account in playback.played(playback.position))
    sound = np.concatenate(out)
    assert playback.is_idle
    assert sound.min() >= 0
    assert sound.max() <= 1
    assert np.count_nonzero(sound) <= heard <= given
    falls = -np.diff(np.concatenate((sound, [0.0])))
    assert playback.position == len(sound)
    assert np.count_nonzero(falls > 1.01 / FADE) <= index + 1  # only where the sound itself breaks off: at its end
