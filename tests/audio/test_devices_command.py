"""`voicestream devices` lists what opens, and says in one line what is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from sound_card import SoundCard

ROOT = Path(__file__).resolve().parents[2]


def devices(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, **environment}
    variables["PYTHONPATH"] = os.pathsep.join(filter(None, [environment.get("PYTHONPATH", ""), str(ROOT)]))
    command = [sys.executable, "-m", "voicestream", "devices", *options]
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=50, check=False)


def test_devices_are_listed_for_people_and_programs(card: SoundCard) -> None:
    text = devices()
    assert text.returncode == 0
    assert text.stderr == ""
    assert "vs_mic" in text.stdout
    assert "(usual microphone)" in text.stdout
    listed = json.loads(devices("--json").stdout)["devices"]
    (microphone,) = (device for device in listed if device["name"] == "vs_mic")
    assert 16_000 in microphone["input_rates"]


def test_no_device_is_one_line_and_status_69() -> None:
    run = devices(PULSE_SERVER="unix:/nowhere", ALSA_CONFIG_PATH="/usr/share/alsa/alsa.conf")
    assert run.returncode == 69
    assert run.stderr.count("\n") == 1
    assert run.stderr.startswith("voicestream: ")


def test_without_portaudio_the_line_tells_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')\n")
    run = devices(PYTHONPATH=str(tmp_path))
    assert run.returncode == 69
    assert "sudo apt install libportaudio2" in run.stderr
    assert run.stderr.count("\n") == 1
