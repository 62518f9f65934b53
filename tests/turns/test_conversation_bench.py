"""The bench of conversations in its small form: the real way of the data in simulated rooms, in virtual time."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Generator
from dataclasses import replace

import numpy as np
import pytest

from voicestream import events as told
from voicestream.backends.echo_canceller import EchoCanceller
from voicestream.bench import conversation as bench
from voicestream.bench.conversation_script import QUESTIONS, STORY
from voicestream.bench.rehearsal import Rehearsal
from voicestream.bench.room import Room, RoomSettings, impulse_response
from voicestream.bench.stage import Effort, Scene, Stage
from voicestream.vocabulary import FRAME_SAMPLES, FRAME_SECONDS, SAMPLE_RATE

HEADPHONES = RoomSettings(echo_db=None, snr_db=20.0, seed=7)


@pytest.fixture(scope="module")
def stage() -> Generator[Stage]:
    """A stage as without the extra aec, which need not be installed."""
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed: nobody can speak in the room")
    with Rehearsal() as rehearsal:
        yield Stage(rehearsal, 0.1, Effort(), lambda: EchoCanceller(None), errors=0.0)


# ------------------------------------------------------------------------------------------------------ the room


def test_the_echo_comes_after_the_delay_at_the_set_level() -> None:
    settings = RoomSettings(rt60=0.2, delay=0.1, echo_db=0.0, snr_db=60.0)
    response = impulse_response(settings, np.random.default_rng(1))
    assert np.flatnonzero(np.abs(response) > 1e-6)[0] == round(0.1 * SAMPLE_RATE)
    assert np.sum(response**2) == pytest.approx(1.0)
    room = Room(settings, far_level=0.1)
    chance = np.random.default_rng(2)
    for _ in range(60):
        room.mix((0.1 * chance.standard_normal(FRAME_SAMPLES)).astype(np.float32))
    levels = [float(np.sqrt(np.mean(mixture.echo**2))) for mixture in room.mixtures]
    assert levels[0] < 1e-4
    assert np.mean(levels[20:]) == pytest.approx(0.05, rel=0.2)


def test_what_the_person_does_sounds_when_it_was_placed() -> None:
    room = Room(HEADPHONES, far_level=0.1)
    room.place(np.ones(100, np.float32), 3 * FRAME_SECONDS)
    silent = np.zeros(FRAME_SAMPLES, np.float32)
    for _ in range(5):
        room.mix(silent)
    assert [bool(mixture.near.any()) for mixture in room.mixtures] == [False, False, False, True, False]
    with pytest.raises(ValueError, match="past"):
        room.place(silent, 0.0)


@pytest.mark.parametrize("jumps", [0.0, 0.004])
def test_the_delay_jumps_where_it_shall(jumps: float) -> None:
    room = Room(RoomSettings(rt60=0.05, delay=0.04, echo_db=0.0, jumps=jumps, seed=1), far_level=0.1)
    click, silent = np.zeros(FRAME_SAMPLES, np.float32), np.zeros(FRAME_SAMPLES, np.float32)
    click[0] = 1.0
    delays = []
    for _ in range(250):
        for far in (click, silent, silent, silent):
            room.mix(far)
        echo = np.concatenate([mixture.echo for mixture in list(room.mixtures)[-4:]])
        delays.append(float(np.argmax(np.abs(echo))) / SAMPLE_RATE)
    moved = np.abs(np.array(delays) - 0.04)
    assert moved.max() <= 0.0151
    assert (len(set(np.round(delays, 4))) > 1) == bool(jumps)


# -------------------------------------------------------------------------------------------------- conversations


def test_a_conversation_has_the_same_end_each_time(stage: Stage) -> None:
    async def play(scene: Scene) -> None:
        await bench.ask(scene, QUESTIONS[0])
        await scene.say("Tell me about the mountains instead.")
        await asyncio.sleep(1.5)

    def story() -> list[tuple[str, float]]:
        scene = stage.perform(play, RoomSettings(echo_db=-20.0, seed=3), STORY)
        return [(event.name, event.time) for event in scene.events]

    assert story() == story()


def test_an_interruption_silences_the_answer_and_becomes_the_next_turn(stage: Stage) -> None:
    async def play(scene: Scene) -> None:
        await bench.ask(scene, QUESTIONS[0])
        await asyncio.sleep(1.5)  # in the first second of the first answer it learns what comes back of it
        begin, _ = await scene.say("Tell me about the mountains instead.")
        await scene.until(told.Turn, after=begin)
        paused = scene.all(told.Paused, after=begin)[0]
        assert paused.time - begin < 0.3
        assert scene.all(told.Turn)[-1].text == "Tell me about the mountains instead."
        assert scene.all(told.Interrupted)[0].heard == STORY[: len(scene.all(told.Interrupted)[0].heard)]

    stage.perform(play, HEADPHONES, STORY)


def test_no_disturbance_loses_an_answer(stage: Stage) -> None:
    lost, resumed = bench.measure_disturbances(stage, 6, seed=5)
    assert lost.is_reached, lost.value
    assert resumed.is_reached, resumed.value


def test_a_pause_to_think_is_waited_for(stage: Stage) -> None:
    for figure in bench.measure_cut_offs(stage, 5, seed=1):
        assert figure.is_reached, figure.value


def test_interruptions_are_noticed_at_once_in_rooms_of_all_kinds(stage: Stage) -> None:
    for figure in bench.measure_interruptions(stage, 6, seed=1):
        assert figure.is_reached, figure.value


def test_a_complete_question_is_answered_soon(stage: Stage) -> None:
    figure = bench.measure_gap(stage, 8, seed=1)
    assert figure.is_reached, figure.value


def test_the_history_holds_what_sounded(stage: Stage) -> None:
    figure = bench.measure_history(stage, 2, seed=2, has_word_times=True)
    assert figure.is_reached, figure.value


@pytest.mark.parametrize("jumps", [0.0, 0.003, 0.04])
def test_the_assistant_does_not_answer_itself(stage: Stage, jumps: float) -> None:
    figure = bench.measure_self_hearing(replace(stage, jumps=jumps), 10.0, seed=4, stories=1)
    assert figure.value.startswith("0.0 "), figure.value
