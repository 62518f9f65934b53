"""`talk` on a sound card: spoken into the microphone, heard from the loudspeaker of a virtual card."""

from __future__ import annotations

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
from sound_card import RATE, SoundCard, missing, virtual_sound_card
from spoken_questions import say

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
