"""`talk` as a user starts it: real speech, real recognizer, real voice, real server; the sound card is a file."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
from chat_server import ChatServer, chat_server
from spoken_questions import RATE, say

ROOT = Path(__file__).resolve().parents[2]
LONG = " ".join(f"This is sentence number {number} of a long answer." for number in range(1, 6))


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE), np.float32)


async def talk(
    server: ChatServer, folder: Path, *pieces: np.ndarray, options: Sequence[str] = ()
) -> tuple[list[dict], int]:
    """Run `voicestream talk` on the recording; return its events and its exit status."""
    question, events = folder / "question.wav", folder / "events.jsonl"
    soundfile.write(question, np.concatenate(pieces), RATE)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "voicestream", "talk", "--input", question, "--output", folder / "answer.wav",
        "--events", events, "--set", "hearing.model=tiny-synthetic", "--set", "hearing.language=en",
        "--set", f"thinking.base_url={server.base_url}", "--set", "thinking.provider=openai",
        *options, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    status = await process.wait()
    return [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()], status


def named(events: list[dict], name: str) -> list[dict]:
    return [event for event in events if event["event"] == name]


def test_the_answer_sounds_while_the_server_still_writes(tmp_path: Path) -> None:
    async def run() -> None:
        answer = " ".join(LONG.split()[:18])
        async with chat_server(answer, tokens_per_second=20) as server:
            events, status = await talk(server, tmp_path, silence(0.5), say("what is the weather today"), silence(1.0))
        assert status == 0
        [turn] = named(events, "turn")
        assert "weather" in turn["text"]
        assert named(events, "sound_started")[0]["time"] < named(events, "delta")[-1]["time"]
        assert named(events, "answer")[0]["heard"] == answer
        assert server.requests[0]["stream"] is True

    asyncio.run(run())
    samples, _rate = soundfile.read(tmp_path / "answer.wav")
    assert np.abs(samples).max() > 0.05


def test_speaking_over_the_answer_silences_it_and_closes_the_connection(tmp_path: Path) -> None:
    async def run() -> tuple[list[dict], ChatServer]:
        async with chat_server(LONG, "Done.", tokens_per_second=6) as server:
            events, status = await talk(
                server, tmp_path, silence(0.5), say("what is the weather today"), silence(3.0),
                say("turn on the kitchen lights"), silence(1.5),
            )  # fmt: skip
        assert status == 0
        return events, server

    events, server = asyncio.run(run())
    [interrupted] = named(events, "interrupted")
    assert len(server.left) == 1
    assert server.sent[0] < len(LONG.split())
    assert LONG.startswith(interrupted["heard"])
    assert len(interrupted["heard"]) < len(LONG)
    assert len(named(events, "turn")) == 2
    # The WAV's time line is the conversation's: it starts a moment after the events' clock.
    samples, rate = soundfile.read(tmp_path / "answer.wav")
    first_sound = np.flatnonzero(np.abs(samples) > 0.01)[0] / rate
    offset = named(events, "sound_started")[0]["time"] - first_sound
    begin = round((interrupted["time"] - offset + 0.1) * rate)
    next_sound = next(event for event in named(events, "sound_started") if event["turn"] == 2)["time"]
    end = round((next_sound - offset - 0.1) * rate)
    assert np.abs(samples[begin:end]).max() < 1e-3, "it is not silent within 0.1 s of the interruption"


def test_a_recording_that_is_read_fast_is_answered_to_its_last_word(tmp_path: Path) -> None:
    """It ends with the question, and is shorter than what waits between the stages."""

    async def run() -> list[dict]:
        async with chat_server("Sunny.") as server:
            events, status = await talk(server, tmp_path, say("what is the weather today"), options=["--fast"])
        assert status == 0
        return events

    events = asyncio.run(run())
    assert [answer["heard"] for answer in named(events, "answer")] == ["Sunny."]
