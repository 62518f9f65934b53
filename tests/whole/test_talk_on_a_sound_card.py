"""`talk` on a sound card: spoken into the microphone, heard from the loudspeaker of a virtual card."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soxr
from chat_server import chat_server
from headless_talk import Talk, talking
from sound_card import RATE, SoundCard, missing, virtual_sound_card
from spoken_questions import say

from voicestream.sessions.replay import Wish, differences, replay

pytestmark = pytest.mark.alone

FIRST, SECOND = "The first answer is about the weather.", "And this is the second one."

ROOT = Path(__file__).resolve().parents[2]


def wait_for(path: Path, name: str, seconds: float = 20.0) -> dict[str, object]:
    """Return the first event of that name, once it is written."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
            if line.endswith("}") and (event := json.loads(line))["event"] == name:
                return event
        time.sleep(0.05)
    pytest.fail(f"no event {name} within {seconds} s")


def start(card: SoundCard, events: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "voicestream", "talk", "--events", str(events)),
            *("--input", "vs_mic", "--output", "vs_speaker", "--set", "thinking.provider=offline"),
            *("--set", "hearing.model=tiny-synthetic", "--set", "hearing.language=en"),
        ],
        cwd=ROOT,
        env={**os.environ, **card.environment, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )


def test_a_question_at_the_microphone_is_answered_from_the_loudspeaker(tmp_path: Path) -> None:
    if reason := missing():
        pytest.skip(reason)
    events = tmp_path / "events.jsonl"
    question = soxr.resample(say("what can you do"), 16_000, RATE)
    with virtual_sound_card() as card, card.recording() as recording:
        talk = start(card, events)
        try:
            wait_for(events, "ready")
            card.speak(np.asarray(question, np.float32)).wait()
            wait_for(events, "sound_started")
            time.sleep(1.0)  # a second of the answer at the real pace of a sound card
        finally:
            talk.send_signal(signal.SIGTERM)
            status = talk.wait(5)
    assert status == 0
    assert "what can you do" in str(wait_for(events, "turn")["text"]).lower()
    assert np.abs(recording.samples).max() > 0.05


def test_devices_come_and_go_and_the_conversation_goes_on() -> None:
    if reason := missing():
        pytest.skip(reason)
    question = np.asarray(soxr.resample(say("what is the weather today"), 16_000, RATE), np.float32)

    async def speak(card: SoundCard) -> None:
        await asyncio.to_thread(card.speak(question).wait)

    async def answered(talk: Talk, card: SoundCard) -> str:
        await speak(card)
        await talk.until("sound_started")
        return str((await talk.until("answer"))["heard"]).strip()

    async def live(card: SoundCard) -> None:
        settings = {
            "hearing.model": "tiny-synthetic",
            "hearing.language": "en",
            "audio.echo_canceller": "'off'",
            "thinking.provider": "openai",
            "control.socket": "none",
        }
        async with (
            chat_server(FIRST, SECOND) as server,
            talking(
                *("--input", "vs_mic", "--output", "vs_speaker"),
                settings={**settings, "thinking.base_url": server.base_url},
                environment={**os.environ, **card.environment},
            ) as talk,
        ):
            await talk.until("ready")
            assert await answered(talk, card) == FIRST

            card.unplug_microphone()
            assert "vs_mic" in (await talk.until("microphone_lost"))["message"]
            card.plug_in_microphone()
            assert "vs_mic" in (await talk.until("microphone_back"))["message"]

            card.unplug_speaker()
            await talk.until("loudspeaker_moved", "loudspeaker_lost")  # its stream may end before the server moves it
            card.plug_in_speaker()
            assert "vs_speaker" in (await talk.until("loudspeaker_back"))["message"]

            card.kill()
            await talk.until_all({"microphone_lost", "loudspeaker_lost"})
            card.start()
            await talk.until_all({"microphone_back", "loudspeaker_back"})

            with card.recording() as recording:
                assert await answered(talk, card) == SECOND
            assert np.abs(recording.samples).max() > 0.05
            assert FIRST in json.dumps(server.requests[-1]["messages"])
            assert await talk.end() == 0

    with virtual_sound_card() as card:
        asyncio.run(live(card))


def test_a_session_at_a_sound_card_runs_again_without_it(tmp_path: Path) -> None:
    if reason := missing():
        pytest.skip(reason)
    session = tmp_path / "session"
    with virtual_sound_card() as card:
        talk = subprocess.Popen(
            [
                *(sys.executable, "-m", "voicestream", "talk", "--record", str(session), "--headless"),
                *("--input", "vs_mic", "--output", "vs_speaker", "--set", "thinking.provider=offline"),
                *("--set", "hearing.model=tiny-synthetic", "--set", "control.socket=none"),
            ],
            cwd=ROOT,
            env={**os.environ, **card.environment, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
        )
        try:
            wait_for(session / "events.jsonl", "ready")
            card.speak(np.asarray(soxr.resample(say("what can you do"), 16_000, RATE), np.float32)).wait()
            wait_for(session / "events.jsonl", "sound_ended")
        finally:
            talk.send_signal(signal.SIGTERM)
            status = talk.wait(5)
    assert status == 0
    replayed = replay(session, Wish())
    assert (replayed.notice, differences(replayed)) == ("", [])
