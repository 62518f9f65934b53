"""The first start on a bare machine: no model, no network, no sound card, no settings; nothing that frightens."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from chat_server import chat_server
from sound_card import has_sound_devices

from voicestream.config_file import load_config
from voicestream.sessions.check_model import check_model

ROOT = Path(__file__).resolve().parents[2]
CLOSED = "http://127.0.0.1:9"
"""Nobody listens on the port `discard`."""


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who has just logged in to a machine without sound and network."""
    environment = {
        "HOME": str(tmp_path),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "HF_ENDPOINT": CLOSED,
        "PULSE_SERVER": f"unix:{tmp_path}/none",
    }
    if has_sound_devices():
        pytest.skip("needs a machine without sound devices")
    return environment


def run(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "voicestream", *words, "--config", os.devnull]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=50, check=False, stdin=subprocess.DEVNULL
    )
    for sign in ("Traceback", "Warning", "ALSA", "PaErrorCode", "onnxruntime"):
        assert sign not in done.stdout + done.stderr
    return done


def test_a_typed_question_is_answered(bare: dict[str, str]) -> None:
    done = run(bare, "ask", "hello")
    assert (done.returncode, done.stderr) == (0, "")
    assert "voicestream: Hello!" in done.stdout
    assert "Nothing will be heard" in done.stdout
    assert "To connect one: start Ollama" in done.stdout


def test_talk_without_ears_ends_with_one_line_that_says_what_to_do(bare: dict[str, str]) -> None:
    done = run(bare, "talk", "--headless")
    assert done.returncode == 69
    assert done.stderr == "voicestream: there is no microphone: plug one in, or start the sound server\n"
    assert "voicestream models import FOLDER" in done.stdout


@pytest.mark.parametrize("folder", ["nowhere", "open to all"])
def test_a_runtime_folder_that_is_not_ours_is_not_complained_about(bare: dict[str, str], folder: str) -> None:
    runtime = Path(bare["HOME"]) / folder
    if folder == "open to all":
        runtime.mkdir(mode=0o777)
    done = run(bare | {"XDG_RUNTIME_DIR": str(runtime)}, "control", "status")
    assert done.returncode == 69
    assert done.stderr.startswith("voicestream: no conversation answers at ")
    assert done.stderr.count("\n") == 1


def test_no_password_of_an_address_is_printed(bare: dict[str, str]) -> None:
    secret = "http://me:pass-word@127.0.0.1:9/v1?key=pass-word"
    words = [f"{key}={secret}" for key in ("thinking.base_url", "remote_hearing.base_url", "speaking.address")]
    settings = [word for setting in [*words, "hearing.recognizer=remote"] for word in ("--set", setting)]
    for engine in ("pyttsx3", "remote"):
        done = run(bare, "talk", "--headless", *settings, "--set", f"speaking.engine={engine}")
        assert done.returncode in (69, 70)
        assert "pass-word" not in done.stdout + done.stderr


def test_an_old_locale_costs_some_signs_and_no_answer(bare: dict[str, str]) -> None:
    done = run(bare | {"PYTHONIOENCODING": "ascii"}, "ask", "hello")
    assert (done.returncode, done.stderr) == (0, "")
    assert "voicestream: Hello!" in done.stdout


def test_a_voice_that_nobody_hears_says_so(bare: dict[str, str]) -> None:
    done = run(bare, "say", "hi")
    assert done.returncode == 69
    assert done.stderr == "voicestream: there is no loudspeaker: plug one in, or start the sound server\n"


def test_speech_is_not_written_into_a_file_of_another_kind(bare: dict[str, str], tmp_path: Path) -> None:
    song = tmp_path / "song.mp3"
    song.write_bytes(b"a song")
    done = run(bare, "say", "hi", "--output", str(song))
    assert (done.returncode, song.read_bytes()) == (64, b"a song")
    assert done.stderr == f"voicestream: {song}: speech is written as WAV; name it {tmp_path}/song.wav\n"


def test_the_doctor_tells_what_is_missing_and_how_to_get_it(bare: dict[str, str]) -> None:
    done = run(bare, "doctor")
    assert (done.returncode, done.stderr) == (69, "")
    rows = {line.split()[1]: line.split()[0] for line in done.stdout.splitlines() if line[:1] in "owp" and line}
    assert rows["microphone"] == "problem"
    assert rows["loudspeaker"] == rows["recognizer"] == rows["model"] == "warning"
    assert "`voicestream models fetch base.en`" in done.stdout
    assert done.stdout.endswith("`voicestream talk` would not work: see microphone.\n")


def test_a_machine_without_portaudio_is_told_what_to_install(bare: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')\n", encoding="utf-8")
    done = run(bare | {"PYTHONPATH": f"{tmp_path}:{ROOT}"}, "ask", "hello")
    assert done.returncode == 0
    assert "sudo apt install libportaudio2" in done.stdout


def test_a_home_that_cannot_be_written_keeps_nobody_from_asking(bare: dict[str, str]) -> None:
    done = run(bare | {"HOME": "/proc/nobody"}, "ask", "hello")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_model_server_is_found_with_its_time_to_the_first_token() -> None:
    async def check() -> None:
        async with chat_server("Yes.", tokens_per_second=20) as server:
            finding = await check_model(load_config(overrides=[f"thinking.base_url={server.base_url}"]))
            assert (finding.status, "test-model" in finding.message) == ("ok", True)
            assert finding.figures["first_token_seconds"] > 0

    asyncio.run(check())
