"""`talk --headless` as a service manager runs it: ready, alive, steered, reloaded and ended, with a real process."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from voicestream.cli import main
from voicestream.sessions.service import write_unit

ROOT = Path(__file__).resolve().parents[2]

SETTINGS = """
audio: {{input: "{folder}/quiet.wav", output: none}}
hearing: {{recognizer: sphinx}}
thinking: {{provider: offline}}
turns: {{end_of_turn: {end_of_turn}}}
speaking: {{pitch: {pitch}}}
control: {{socket: {folder}/runtime/control.sock}}
hooks: {{run: {{ready: "cp /dev/stdin {folder}/ready.json"}}}}
"""


@dataclass
class Headless:
    """A running `talk --headless`."""

    process: asyncio.subprocess.Process
    folder: Path
    told: asyncio.Queue[str]
    """What systemd would read."""

    def write_settings(self, end_of_turn: float, pitch: int = 50) -> None:
        settings = SETTINGS.format(folder=self.folder, end_of_turn=end_of_turn, pitch=pitch)
        (self.folder / "config.yaml").write_text(settings, encoding="utf-8")

    async def message(self) -> str:
        async with asyncio.timeout(20):
            return await self.told.get()

    async def message_with(self, word: str) -> str:
        while word not in (message := await self.message()):
            pass
        return message

    async def call(self, *words: str) -> tuple[int, str]:
        control = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "voicestream", "control", "--config", self.folder / "config.yaml", *words),
            cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        out, _ = await control.communicate()
        return control.returncode or 0, out.decode()


@asynccontextmanager
async def headless(folder: Path) -> AsyncIterator[Headless]:
    notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notified.bind(str(folder / "notify"))
    told: asyncio.Queue[str] = asyncio.Queue()
    # Read as it comes, as systemd does: the kernel keeps only some ten messages, and drops what follows.
    asyncio.get_running_loop().add_reader(notified, lambda: told.put_nowait(notified.recv(4096).decode()))
    settings = Headless(None, folder, told)  # type: ignore[arg-type]
    settings.write_settings(end_of_turn=0.5)
    with wave.open(str(folder / "quiet.wav"), "wb") as quiet:
        quiet.setnchannels(1)
        quiet.setsampwidth(2)
        quiet.setframerate(16_000)
        quiet.writeframes(bytes(60 * 2 * 16_000))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "voicestream", "talk", "--headless", "--config", folder / "config.yaml"),
        cwd=ROOT, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "300000"},
    )  # fmt: skip
    try:
        yield Headless(process, folder, told)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        asyncio.get_running_loop().remove_reader(notified)
        notified.close()


async def line_with(stream: asyncio.StreamReader, word: str) -> str:
    async with asyncio.timeout(20):
        while word not in (line := (await stream.readline()).decode()):
            assert line, f"ended without {word}"
    return line


def test_a_service_is_ready_alive_steered_reloaded_and_ended(tmp_path: Path) -> None:
    async def live() -> None:
        async with headless(tmp_path) as running:
            out = running.process.stdout
            assert "READY=1" in await running.message()
            assert [await running.message_with("WATCHDOG") for _ in range(3)] == ["WATCHDOG=1"] * 3

            path = tmp_path / "runtime" / "control.sock"
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
            status, answer = await running.call("status")
            assert (status, json.loads(answer)) == (0, {"ok": True, "state": "listening", "volume": 100})

            assert await running.call("mute") == (0, "")
            await running.message_with("STATUS=muted")
            assert await running.call("unmute") == (0, "")
            await running.message_with("STATUS=listening")

            running.process.send_signal(signal.SIGUSR1)
            await running.message_with("STATUS=hearing")
            running.process.send_signal(signal.SIGUSR1)
            await running.message_with("STATUS=listening")

            assert await running.call("ask", "what", "can", "you", "do") == (0, "")
            assert "what can you do" in await line_with(out, "you:")
            await running.message_with("STATUS=speaking")
            assert await running.call("stop") == (0, "")
            await running.message_with("STATUS=listening")

            running.write_settings(end_of_turn=0.8, pitch=60)
            running.process.send_signal(signal.SIGHUP)
            assert "after a restart: speaking.pitch" in await line_with(out, "read again")
            (tmp_path / "config.yaml").write_text("turns: {end_of_turn: soon}", encoding="utf-8")
            running.process.send_signal(signal.SIGHUP)
            await line_with(out, "nothing is changed")

            running.process.send_signal(signal.SIGTERM)
            await running.message_with("STOPPING=1")
            async with asyncio.timeout(10):
                assert await running.process.wait() == 0
            assert not path.exists()
        assert json.loads((tmp_path / "ready.json").read_text(encoding="utf-8"))["event"] == "ready"

    asyncio.run(live())


def test_without_a_conversation_control_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["control", "status", "--set", f"control.socket={tmp_path}/none.sock"]) == 69
    assert "start `voicestream talk` first" in capsys.readouterr().err


def test_the_unit_is_right_for_systemd(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")
    unit = tmp_path / "voicestream.service"
    unit.write_text(write_unit(["--set", "thinking.model=a b", "--verbose"]), encoding="utf-8")
    run = subprocess.run(
        ["systemd-analyze", "--user", "verify", str(unit)], capture_output=True, text=True, check=False,
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)},
    )  # fmt: skip
    about_it = [line for line in run.stderr.splitlines() if "voicestream" in line]
    assert (run.returncode, about_it) == (0, []), run.stderr


def test_arguments_reach_the_service_as_they_are() -> None:
    unit = write_unit(["--set", 'speaking.voice=100% $HOME "q" back\\slash'])
    line = next(line for line in unit.splitlines() if line.startswith("ExecStart="))
    assert line.endswith(r'''talk --headless --set "speaking.voice=100%% $$HOME \"q\" back\\slash"''')


def test_installing_writes_the_unit_and_uninstalling_removes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "")  # no systemctl: the machine of the tests keeps its services
    unit = tmp_path / "systemd" / "user" / "voicestream.service"
    assert main(["service", "install", "--", "--set", "speaking.rate=160"]) == 0
    assert "talk --headless --set speaking.rate=160\n" in unit.read_text(encoding="utf-8")
    assert "loginctl enable-linger" in capsys.readouterr().out
    (tmp_path / "voicestream").mkdir()
    (tmp_path / "voicestream" / "config.yaml").write_text("turnz: {}\n", encoding="utf-8")
    assert main(["service", "uninstall"]) == 0, "whatever the settings are"
    assert not unit.exists()


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["--help"], 0, "--set KEY=VALUE"),
        (["--sett", "speaking.rate=160"], 64, "--sett"),
        (["--set", "speaking.rate=1"], 78, "speaking.rate"),
    ],
)
def test_a_service_that_could_not_start_is_not_installed(
    words: list[str],
    status: int,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    try:
        found = main(["service", "install", *words])
    except SystemExit as end:  # argparse
        found = end.code
    assert found == status
    assert told in "".join(capsys.readouterr())
    assert not list(tmp_path.rglob("*.service"))
