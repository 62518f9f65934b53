"""A recorded session runs again exactly: without devices, network or waiting, and byte for byte the same."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile
from chat_server import ChatServer, ToolCall, chat_server
from spoken_questions import RATE, say

from voicestream.bench.spoken_clips import spoken_by_flite
from voicestream.cli import main
from voicestream.errors import UsageError
from voicestream.sessions.replay import Replayed, Wish, differences, replay

ROOT = Path(__file__).resolve().parents[2]
LONG = " ".join(f"This is sentence number {number} of a long answer." for number in range(1, 6))
TYPED = "And how are you?"
KEY = "sk-a-key-that-nobody-may-see"


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE), np.float32)


async def start(
    folder: Path, server: ChatServer, *pieces: np.ndarray, settings: Sequence[str] = (), config: str | Path = os.devnull
) -> asyncio.subprocess.Process:
    """Run `talk --record` on the pieces, with the server's model."""
    soundfile.write(folder / "heard.wav", np.concatenate(pieces), RATE)
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "voicestream", "talk", "--input", folder / "heard.wav", "--output", "none",
        "--record", folder / "session", "--set", "hearing.model=tiny-synthetic", "--set", "hearing.language=en",
        "--set", f"thinking.base_url={server.base_url}", "--set", "thinking.provider=openai",
        "--set", "thinking.key_variable=A_KEY", "--set", f"control.socket={folder / 'socket'}",
        "--set", "speaking.rate=260", *(word for setting in settings for word in ("--set", setting)),
        "--config", config,
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), "A_KEY": KEY}, stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip


def events_of(session: Path) -> list[dict]:
    path = session / "events.jsonl"
    lines = path.read_text(encoding="utf-8").split("\n") if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith("}")]


def events_like(replayed: Replayed) -> list[dict]:
    return [json.loads(line) for line in replayed.lines]


async def happened(session: Path, is_it: Callable[[dict], bool]) -> None:
    """Wait for an event of the session that is being recorded."""
    async with asyncio.timeout(30):
        while not any(is_it(event) for event in events_of(session)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # another process writes the file


async def command(folder: Path, **request: object) -> None:
    """Steer the session through its control socket."""
    reader, writer = await asyncio.open_unix_connection(folder / "socket")
    writer.write(json.dumps(request).encode() + b"\n")
    await reader.readline()
    writer.close()


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session with an interruption, a typed turn, a sound that was turned down, and an error of the model."""
    folder = tmp_path_factory.mktemp("recorded")

    async def record() -> None:
        async with chat_server(LONG, "Done.", tokens_per_second=8, refused=frozenset({3})) as server:
            talking = await start(
                folder, server, silence(0.5), say("what is the weather today"), silence(2.5),
                say("turn on the kitchen lights"), silence(5.0),
            )  # fmt: skip
            await happened(folder / "session", lambda event: event["event"] == "answer" and event["turn"] == 2)
            await command(folder, command="volume", value=50)
            await command(folder, command="ask", text=TYPED)
            assert await talking.wait() == 0

    asyncio.run(record())
    return folder / "session"


def test_the_session_holds_what_it_should(session: Path) -> None:
    names = {event["event"] for event in events_of(session)}
    assert {"ready", "turn", "interrupted", "error", "answer", "latency", "paused"} <= names
    assert session.stat().st_mode & 0o077 == 0
    for path in session.glob("*.jsonl"):
        assert KEY not in path.read_text(encoding="utf-8")


def test_an_unchanged_program_repeats_every_byte(session: Path) -> None:
    replayed = replay(session, Wish())
    assert differences(replayed) == []
    recorded = (session / "events.jsonl").read_text(encoding="utf-8")
    assert "".join(f"{line}\n" for line in replayed.lines) == recorded
    assert replayed.notice == ""


def test_two_replays_are_the_same_also_where_the_tape_has_no_answer(session: Path) -> None:
    wish = Wish(("turns.end_of_turn=1.2", "sentences.first_clause=0", "hearing.pause=0.4"))
    assert replay(session, wish).lines == replay(session, wish).lines


def test_until_gives_the_begin_of_the_whole(session: Path) -> None:
    whole = replay(session, Wish()).lines
    for tenth in range(0, 130, 17):
        replayed = replay(session, Wish(until=tenth / 10))
        assert replayed.lines == whole[: len(replayed.lines)]
        assert replayed.lines == replayed.recorded, tenth


def test_another_setting_changes_what_depends_on_it_and_nothing_before(session: Path) -> None:
    usual = events_like(replay(session, Wish()))
    replayed = replay(session, Wish(("turns.end_of_turn=1.5",)))
    patient = events_like(replayed)
    first, second = (event["time"] for event in usual if event["event"] == "turn" and event["text"] != TYPED)
    later = [event["time"] for event in patient if event["event"] == "turn"]
    assert later[0] == first, "a question is over as soon as before"
    assert 0.5 < later[1] - second < 1.5
    before = next(place for place, event in enumerate(usual) if event["event"] == "turn" and event["time"] == second)
    assert patient[:before] == usual[:before]
    assert differences(replayed)


def test_the_command_tells_what_differs_and_writes_sound_and_events(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events, sound = tmp_path / "again.jsonl", tmp_path / "again.wav"
    assert main(["replay", str(session), "--events", str(events), "--output", str(sound)]) == 0
    assert events.read_bytes() == (session / "events.jsonl").read_bytes()
    samples, rate = soundfile.read(sound)
    assert np.abs(samples).max() > 0.05
    assert len(samples) / rate > 10
    assert capsys.readouterr().out == ""
    assert main(["replay", str(session), "--set", "turns.end_of_turn=1.5"]) == 1
    assert capsys.readouterr().out.startswith("~ ")


def test_a_recording_is_not_overwritten(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path.name: path.read_bytes() for path in session.iterdir()}
    assert main(["talk", "--headless", "--config", os.devnull, "--record", str(session), "--output", "none"]) == 65
    assert "holds a recording already" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in session.iterdir()} == before


def test_what_is_no_recording_is_an_error_of_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(tmp_path)]) == 65
    assert capsys.readouterr().err.count("\n") == 1


def test_a_tape_that_breaks_off_is_repeated_up_to_there(session: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(session, broken)
    tape = (session / "tape.jsonl").read_bytes()
    (broken / "tape.jsonl").write_bytes(tape[: len(tape) // 2])
    replayed = replay(broken, Wish())
    assert "breaks off" in replayed.notice
    assert len(replayed.lines) > 10
    assert differences(replayed) == []


def test_a_tape_that_breaks_off_before_the_conversation_is_an_error_of_one_line(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(session, tmp_path / "broken")
    lines = (session / "tape.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "broken" / "tape.jsonl").write_bytes(b"".join(lines[:4]))
    assert main(["replay", str(tmp_path / "broken")]) == 65
    assert capsys.readouterr().err.count("\n") == 1


def test_a_session_that_is_killed_can_be_repeated_up_to_there(tmp_path: Path) -> None:
    async def record() -> None:
        async with chat_server(LONG, tokens_per_second=8) as server:
            talking = await start(tmp_path, server, silence(0.5), say("what is the weather today"), silence(9.0))
            await happened(tmp_path / "session", lambda event: event["event"] == "sound_ended")
            talking.kill()
            await talking.wait()

    asyncio.run(record())
    replayed = replay(tmp_path / "session", Wish())
    assert "breaks off" in replayed.notice
    assert any('"sound_started"' in line for line in replayed.lines)
    assert differences(replayed) == []


def test_a_session_that_is_stopped_ends_in_the_same_way_again(tmp_path: Path) -> None:
    async def record() -> int:
        async with chat_server(LONG, tokens_per_second=8) as server:
            talking = await start(tmp_path, server, silence(0.5), say("what is the weather today"), silence(9.0))
            await happened(tmp_path / "session", lambda event: event["event"] == "sound_started")
            talking.send_signal(signal.SIGTERM)
            return await talking.wait()

    assert asyncio.run(record()) == 0
    replayed = replay(tmp_path / "session", Wish())
    assert any('"interrupted"' in line for line in replayed.lines)
    assert (replayed.notice, differences(replayed)) == ("", [])


def test_a_bug_report_becomes_a_test() -> None:
    # As it was sent: "I asked for the time while it told me what it can do." Facts, not bytes: the program may change.
    folder = Path(__file__).parent / "sessions" / "interrupted"
    replayed = replay(folder, Wish())
    assert replayed.lines == replay(folder, Wish()).lines
    events = events_like(replayed)
    assert [event["text"] for event in events if event["event"] == "turn"] == ["What can you do?", "What time is it?"]
    [interrupted] = [event for event in events if event["event"] == "interrupted"]
    assert interrupted["heard"].startswith("I can tell the time")
    assert [event["heard"] for event in events if event["event"] == "answer"][-1].startswith("It's 10:")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_typing_into_the_whole_screen_runs_again_without_a_screen(tmp_path: Path) -> None:
    import fcntl
    import pty
    import struct
    import termios

    session = tmp_path / "session"
    screen, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    talk = subprocess.Popen(
        [
            *(sys.executable, "-m", "voicestream", "talk", "--record", str(session), "--output", "none"),
            *("--set", "thinking.provider=offline", "--set", "hearing.model=tiny-synthetic"),
            *("--set", "control.socket=none"),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "PULSE_SERVER": "nowhere"},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    )
    drain = threading.Thread(target=read_to_the_end, args=(screen,), daemon=True)
    drain.start()
    try:
        asyncio.run(happened(session, lambda event: event["event"] == "ready"))
        os.write(screen, b"what can you do\r")
        asyncio.run(happened(session, lambda event: event["event"] == "sound_ended"))
    finally:
        talk.send_signal(signal.SIGTERM)
        status = talk.wait(5)
        os.close(terminal)
        drain.join(5)
        os.close(screen)
    assert status == 0
    assert '"control"' in (session / "tape.jsonl").read_text(encoding="utf-8")
    replayed = replay(session, Wish())
    assert (replayed.notice, differences(replayed)) == ("", [])


def read_to_the_end(screen: int) -> None:
    """Read what is drawn, so that whoever draws is never held up."""
    with suppress(OSError):  # the other side is closed
        while os.read(screen, 65536):
            pass


def test_what_if_another_recognizer_and_voice_of_this_machine_had_been_there() -> None:
    if not shutil.which("espeak-ng"):
        pytest.skip("needs espeak-ng")
    folder = Path(__file__).parent / "sessions" / "interrupted"
    by_sphinx = events_like(replay(folder, Wish(("hearing.recognizer=sphinx",))))
    assert next(event["text"] for event in by_sphinx if event["event"] == "turn") == "what can you do"
    usual, slower = (
        events_like(replay(folder, Wish(settings)))
        for settings in ((), ("speaking.engine=espeak", "speaking.rate=150"))
    )
    heard = [next(event["heard"] for event in events if event["event"] == "interrupted") for events in (usual, slower)]
    assert heard[0].startswith(heard[1])
    assert len(heard[1]) < len(heard[0]), "at half the pace less was heard"
    with pytest.raises(UsageError, match="no network"):
        replay(folder, Wish(("speaking.engine=remote",)))
    with pytest.raises(UsageError, match="fetches nothing"):
        replay(folder, Wish(("hearing.model=large-v3",)))


def test_settings_that_were_read_again_are_read_again_at_the_same_moment(tmp_path: Path) -> None:
    config, session = tmp_path / "config.yaml", tmp_path / "session"
    config.write_text("turns: {end_of_turn: 0.4}\n", encoding="utf-8")

    async def record() -> None:
        async with chat_server("Done.") as server:
            talking = await start(
                tmp_path, server, silence(4), say("turn on the kitchen lights"), silence(60), config=config
            )
            await happened(session, lambda event: event["event"] == "ready")
            await command(tmp_path, command="ask", text="are you there")
            await happened(session, lambda event: event["event"] == "answer")
            for value, code in (("often", "config"), ("1.2", "reloaded")):
                config.write_text(f"turns: {{end_of_turn: {value}}}\n", encoding="utf-8")
                talking.send_signal(signal.SIGHUP)
                await happened(session, lambda event, code=code: event.get("code") == code)
            await happened(session, lambda event: event["event"] == "answer" and event["turn"] == 2)
            talking.terminate()
            assert await talking.wait() == 0

    asyncio.run(record())
    replayed = replay(session, Wish())
    assert differences(replayed) == []
    assert [event["turn"] for event in events_like(replayed) if event["event"] == "answer"] == [1, 2]


def test_a_session_with_tools_of_another_program_runs_again_without_it(tmp_path: Path) -> None:
    pytest.importorskip("mcp", reason="needs the extra mcp")
    household = ROOT / "tests" / "tools" / "household_server.py"
    tools = f'tools.mcp={{"household": "{sys.executable} {household}"}}'

    async def record() -> None:
        answers = (
            ToolCall("household_temperature", {"room": "kitchen"}),
            "It is 21 degrees.",
            ToolCall("household_unlock_door", {}),
            "It is open.",
        )
        async with chat_server(*answers) as server:
            talking = await start(tmp_path, server, silence(60), settings=(tools,))
            for turn, text in enumerate(("how warm is the kitchen", "unlock the front door", "yes"), 1):
                await happened(tmp_path / "session", lambda event: event["event"] == "ready")
                await command(tmp_path, command="ask", text=text)
                await happened(
                    tmp_path / "session", lambda event, turn=turn: event["event"] == "answer" and event["turn"] == turn
                )
            assert "21 degrees in the kitchen" in str(server.requests[1])
            assert "The door is unlocked." in str(server.requests[-1])
            talking.terminate()
            assert await talking.wait() == 0

    asyncio.run(record())
    replayed = replay(tmp_path / "session", Wish())
    assert differences(replayed) == []
    assert [event["text"] for event in events_like(replayed) if event["event"] == "turn"][-1] == "yes"


@pytest.mark.skipif(shutil.which("flite") is None, reason="needs flite to speak (apt install flite)")
def test_a_session_that_waits_for_its_wake_word_runs_again(tmp_path: Path) -> None:
    pytest.importorskip("pymicro_wakeword", reason="needs the extra wake (pymicro-wakeword)")
    wake = spoken_by_flite(("okay nabu.",))[0].audio

    async def record() -> None:
        async with chat_server("Sunny.") as server:
            talking = await start(
                tmp_path, server, silence(1.0), say("turn on the kitchen lights"), silence(2.0), wake, silence(0.5),
                say("what is the weather today"), silence(3.0),
                settings=("turns.listening=wake_word", "turns.wake_phrase=okay nabu"),
            )  # fmt: skip
            assert await talking.wait() == 0

    asyncio.run(record())
    replayed = replay(tmp_path / "session", Wish())
    assert differences(replayed) == []
    turns = " ".join(event["text"] for event in events_like(replayed) if event["event"] == "turn")
    assert "kitchen" not in turns
    assert turns.endswith("What is the weather today?"), "before it may stand what it made of the wake word"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is full")
def test_a_full_disk_costs_the_recording_and_not_the_conversation(tmp_path: Path) -> None:
    (tmp_path / "session").mkdir()
    (tmp_path / "session" / "tape.jsonl").symlink_to("/dev/full")

    async def record() -> tuple[int, list[dict]]:
        async with chat_server("Fine.") as server:
            soundfile.write(
                tmp_path / "heard.wav", np.concatenate((silence(0.5), say("what can you do"), silence(1))), RATE
            )
            talking = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "voicestream", "talk", "--input", tmp_path / "heard.wav", "--output", "none",
                "--record", tmp_path / "session", "--events", tmp_path / "told.jsonl",
                "--set", "hearing.model=tiny-synthetic", "--set", f"thinking.base_url={server.base_url}",
                "--set", "thinking.provider=openai", "--set", "control.socket=none",
                cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            status = await talking.wait()
        told = [json.loads(line) for line in (tmp_path / "told.jsonl").read_text(encoding="utf-8").splitlines()]
        return status, told

    status, told = asyncio.run(record())
    assert status == 0
    assert [event["heard"] for event in told if event["event"] == "answer"] == ["Fine."]
    [notice] = [event for event in told if event["event"] == "notice" and event["code"] == "recording"]
    assert "No space left" in notice["message"]
