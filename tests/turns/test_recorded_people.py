"""People from recordings in the conversation bench: what is cut out, how loud, and when each word sounds."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Generator
from pathlib import Path

import numpy as np
import pytest

from voicestream import events as told
from voicestream.backends.echo_canceller import EchoCanceller
from voicestream.bench import conversation as bench
from voicestream.bench.conversation_script import INTERRUPTIONS, QUESTIONS, STORY, Lines
from voicestream.bench.recorded_people import cut_phrase, recorded_lines
from voicestream.bench.rehearsal import Rehearsal, SpokenPhrase, at_level
from voicestream.bench.room import VOICE_LEVEL, RoomSettings
from voicestream.bench.spoken_clips import Clip
from voicestream.bench.stage import Effort, Scene, Stage
from voicestream.errors import UsageError
from voicestream.vocabulary import SAMPLE_RATE


@pytest.fixture(scope="module")
def rehearsal() -> Generator[Rehearsal]:
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed: nobody can speak in the room")
    with Rehearsal() as rehearsal:
        yield rehearsal


@pytest.fixture(scope="module")
def people(shared: Path) -> Lines:
    return recorded_lines(shared / "audio")


def check_words(phrase: SpokenPhrase) -> None:
    assert phrase.words[0].start == 0.0
    assert phrase.words[-1].end == pytest.approx(phrase.seconds)
    for word, following in zip(phrase.words, phrase.words[1:], strict=False):
        assert word.start < word.end <= following.start
    assert phrase.samples == pytest.approx(at_level(phrase.samples, VOICE_LEVEL), abs=1e-6)


@pytest.mark.parametrize("text", INTERRUPTIONS)
def test_estimated_words_sound_about_when_the_voice_says_them(rehearsal: Rehearsal, text: str) -> None:
    known = rehearsal.phrase(text, "en-us+f3")
    chance = np.random.default_rng(3)
    noise = (0.0005 * chance.standard_normal(len(known.samples) + 2 * SAMPLE_RATE)).astype(np.float32)
    noise[SAMPLE_RATE // 4 : SAMPLE_RATE // 4 + 80] += 0.1  # a click is no voice
    noise[SAMPLE_RATE:-SAMPLE_RATE] += known.samples
    cut = cut_phrase(Clip(text, noise, text.rstrip(".?")))
    check_words(cut)
    assert cut.seconds == pytest.approx(known.seconds, abs=0.15)
    assert " ".join(word.text for word in cut.words).lower() == text.lower()
    if len(known.words) == len(cut.words):
        for word, true in zip(cut.words, known.words, strict=True):
            assert word.start == pytest.approx(true.start, abs=0.3)


def test_a_recording_without_a_voice_is_no_phrase() -> None:
    noise = np.random.default_rng(4).standard_normal(SAMPLE_RATE).astype(np.float32)
    with pytest.raises(ValueError, match="somebody speaks"):
        cut_phrase(Clip("noise", 0.01 * noise, "nothing"))


def test_a_folder_without_recordings_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"manifest\.tsv"):
        recorded_lines(tmp_path)


def test_recorded_words_follow_each_other_through_the_phrase(people: Lines) -> None:
    for phrase in people.interruptions:
        assert isinstance(phrase, SpokenPhrase)
        check_words(phrase)


def test_a_recorded_sentence_interrupts_and_becomes_the_next_turn(rehearsal: Rehearsal, people: Lines) -> None:
    stage = Stage(rehearsal, 0.1, Effort(), lambda: EchoCanceller(None), errors=0.0, lines=people)
    sentence = max(people.interruptions, key=lambda line: len(line.words) if isinstance(line, SpokenPhrase) else 0)
    assert isinstance(sentence, SpokenPhrase)

    async def play(scene: Scene) -> None:
        await bench.ask(scene, QUESTIONS[0])
        await asyncio.sleep(1.0)
        begin, _ = await scene.say(sentence)
        await scene.until(told.Turn, after=begin)
        assert scene.all(told.Interrupted)
        assert scene.all(told.Turn)[-1].text == " ".join(word.text for word in sentence.words)

    stage.perform(play, RoomSettings(echo_db=None, snr_db=20.0, seed=7), STORY)


@pytest.mark.parametrize("text", ["Pause this.", "Timer status.", "Set the lights.", "Yes please."])
def test_a_noisy_recording_loses_no_last_consonant(rehearsal: Rehearsal, text: str) -> None:
    known = rehearsal.phrase(text, "en-gb+m3")
    noise = np.random.default_rng(5).standard_normal(len(known.samples) + 2 * SAMPLE_RATE).astype(np.float32)
    noise *= np.float32(0.05 * VOICE_LEVEL)
    noise[SAMPLE_RATE // 4 : SAMPLE_RATE // 4 + 2000] *= 40  # what a device does when it is opened is no voice
    noise[SAMPLE_RATE:-SAMPLE_RATE] += known.samples
    cut = cut_phrase(Clip(text, noise, text.rstrip(".")))
    check_words(cut)
    assert known.seconds - 0.06 < cut.seconds < known.seconds + 0.12
