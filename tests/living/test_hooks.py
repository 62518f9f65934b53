"""Hooks run the person's commands, within their time, and nothing waits for them."""

from __future__ import annotations

import asyncio
import json
import shlex
import sys
import time
from pathlib import Path

from voicestream import events as told
from voicestream.config import Hooks
from voicestream.events import Events
from voicestream.sessions.hooks import hooked, run_hook


def python(script: str) -> str:
    return f"{shlex.quote(sys.executable)} -c {shlex.quote(script)}"


def copy_to(path: Path) -> str:
    return python(f"import sys; open({str(path)!r}, 'a').write(sys.stdin.read())")


def lines_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


async def written(path: Path, lines: int) -> list[dict]:
    async with asyncio.timeout(15):
        while len(found := lines_of(path)) < lines:  # noqa: ASYNC110
            await asyncio.sleep(0.02)  # another process writes it, and tells nobody
    return found


def test_a_command_gets_its_event_on_standard_input(tmp_path: Path) -> None:
    async def run() -> None:
        events, path = Events(), tmp_path / "out"
        async with hooked(events, lambda: Hooks(run={"turn": copy_to(path), "state.speaking": copy_to(path)})):
            events.emit(told.Turn(turn=1, text='$(rm -rf /) "; ls'))
            events.emit(told.StateChanged(state="listening"))
            events.emit(told.StateChanged(state="speaking"))
            first, second = await written(path, 2)
        assert first["text"] == '$(rm -rf /) "; ls'
        assert second["state"] == "speaking"

    asyncio.run(run())


SLEEPER = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open(sys.argv[1], "w").write(str(child.pid))
time.sleep(60)
"""


def test_a_command_that_takes_too_long_is_ended_with_its_children_and_told(tmp_path: Path) -> None:
    pid = tmp_path / "pid"

    async def run() -> tuple[str, int]:
        fault = await run_hook(f"{python(SLEEPER)} {pid}", "{}", 1.5)
        return fault, int(pid.read_text())

    fault, child = asyncio.run(run())
    assert fault == "took longer than 1.5 s and was ended"
    deadline = time.monotonic() + 5
    while is_running(child):
        assert time.monotonic() < deadline, "what the command started goes on"
        time.sleep(0.02)  # the kernel ends it in its own time, and tells only its parent


def is_running(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    try:
        return state.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_what_cannot_be_run_or_fails_is_told() -> None:
    assert "cannot be run" in asyncio.run(run_hook("/nowhere/at-all", "{}", 1))
    assert "cannot be run" in asyncio.run(run_hook('"open quote', "{}", 1))
    assert "cannot be run" in asyncio.run(run_hook("", "{}", 1))
    assert asyncio.run(run_hook(python("raise SystemExit(3)"), "{}", 10)) == "ended with status 3"


def test_a_hanging_command_holds_up_neither_a_thousand_events_nor_the_end(tmp_path: Path) -> None:
    async def run() -> None:
        events, pid = Events(), tmp_path / "pid"
        commands = {"turn": f"{python(SLEEPER)} {pid}", "answer": "/nowhere/at-all"}
        async with asyncio.timeout(15):
            async with hooked(events, lambda: Hooks(run=commands, limit=600)):
                for number in range(1000):
                    events.emit(told.Turn(turn=number, text=""))
                while not (pid.exists() and pid.read_text()):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)  # another process writes it, and tells nobody
            deadline = time.monotonic() + 5
            while is_running(int(pid.read_text())):
                assert time.monotonic() < deadline
                await asyncio.sleep(0.02)  # the kernel ends it in its own time

    asyncio.run(run())


def test_publishing_never_waits_for_a_command_and_the_newest_are_kept(tmp_path: Path) -> None:
    async def run() -> list[dict]:
        events, path = Events(), tmp_path / "out"
        async with hooked(events, lambda: Hooks(run={"turn": copy_to(path)})):
            for number in range(100):
                events.emit(told.Turn(turn=number, text=""))
            return await written(path, 16)

    assert [record["turn"] for record in asyncio.run(run())] == list(range(84, 100))
