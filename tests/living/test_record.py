"""A recorded session holds what was heard and said, in files that today's program reads again."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicestream.cli import main

ROOT = Path(__file__).resolve().parents[2]


def test_a_session_is_kept_as_events_microphone_and_loudspeaker(tmp_path: Path) -> None:
    if shutil.which("espeak-ng") is None:
        pytest.skip("needs espeak-ng (apt install espeak-ng)")
    subprocess.run(
        ["espeak-ng", "-w", str(tmp_path / "question.wav"), "what time is it"], check=True, capture_output=True
    )
    samples, rate = soundfile.read(tmp_path / "question.wav", dtype="float32")
    question = np.concatenate((np.zeros(rate // 2), samples, np.zeros(rate)))
    soundfile.write(tmp_path / "question.wav", question, rate)
    folder = tmp_path / "session"
    subprocess.run(
        [
            *(sys.executable, "-m", "voicestream", "talk", "--input", str(tmp_path / "question.wav")),
            *("--output", "none", "--record", str(folder)),
            *("--set", "hearing.model=tiny-synthetic", "--set", "control.socket=none"),
            *("--set", "thinking.provider=offline", "--set", "speaking.rate=450"),
        ],
        cwd=ROOT, check=True, capture_output=True, timeout=50,
    )  # fmt: skip
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    assert any(event["event"] == "turn" for event in events)
    heard, heard_rate = soundfile.read(folder / "microphone.flac")
    said, _ = soundfile.read(folder / "speaker.flac")
    assert heard_rate == 16_000
    assert len(heard) / heard_rate >= len(question) / rate - 0.1
    assert np.abs(heard).max() > 0.1
    assert np.abs(said).max() > 0.05
    assert (folder / "events.jsonl").parent.stat().st_mode & 0o077 == 0
    assert main(["timeline", str(folder / "events.jsonl")]) == 0
    assert "to the first sound" in (folder / "events.svg").read_text(encoding="utf-8")
