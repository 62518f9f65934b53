"""The control socket on a real conversation of typed turns: commands, events, and callers that misbehave."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from voicestream.backends.no_ears import NoEars
from voicestream.config import Config
from voicestream.config_file import load_config
from voicestream.events import Event, Events, Notice
from voicestream.sessions.control import controlled, socket_path
from voicestream.sessions.controls import Controls
from voicestream.sessions.conversation import open_assistant
from voicestream.stages import ended

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs Unix sockets")


class Caller:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def line(self) -> dict:
        async with asyncio.timeout(15):
            return json.loads(await self.reader.readline())

    async def ask(self, line: bytes) -> dict:
        self.writer.write(line + b"\n")
        return await self.line()

    async def event(self, name: str) -> dict:
        while (record := await self.line()).get("event") != name:
            pass
        return record


def settings(folder: Path) -> Config:
    words = ("thinking.provider=offline", "audio.output=none", f"control.socket={folder}/c.sock")
    return load_config(overrides=words)


@asynccontextmanager
async def conversation(folder: Path) -> AsyncIterator[tuple[list[Event], Config]]:
    events, seen, config = Events(), [], settings(folder)
    events.show_on(seen.append)
    async with (
        open_assistant(config, events, ears=NoEars()) as assistant,
        controlled(Controls(assistant), events, config.control),
    ):
        talking = asyncio.create_task(assistant.converse())
        try:
            yield seen, config
        finally:
            await ended(talking)


@asynccontextmanager
async def calling(folder: Path) -> AsyncIterator[Caller]:
    reader, writer = await asyncio.open_unix_connection(folder / "c.sock")
    try:
        yield Caller(reader, writer)
    finally:
        writer.close()


def test_what_is_asked_said_stopped_and_repeated_is_seen_in_the_events(tmp_path: Path) -> None:
    async def run() -> None:
        async with conversation(tmp_path), calling(tmp_path) as caller, calling(tmp_path) as watcher:
            assert (await watcher.ask(b'{"command": "events"}'))["ok"]
            assert (await caller.ask(b'{"command": "volume", "value": 30}'))["volume"] == 30
            assert (await caller.ask(b'{"command": "ask", "text": "thank you"}'))["ok"]
            answer = await watcher.event("answer")
            assert answer["turn"] == 1
            assert (await caller.ask(b'{"command": "repeat"}'))["ok"]
            assert (await watcher.event("answer"))["text"].strip() == answer["text"].strip()
            await caller.ask(b'{"command": "say", "text": "Dinner is ready. Come down now, all of you."}')
            await watcher.event("sound_started")
            await caller.ask(b'{"command": "stop"}')
            assert (await watcher.event("answer"))["finish"] == "interrupted"

    asyncio.run(run())


@pytest.mark.parametrize(
    "line",
    [
        b"", b"not json", b"[1]", b"\xff\xfe", b'{"command": "fly"}', b'{"command": "say"}', b'{"command": ["say"]}',
        b'{"command": "volume", "value": "loud"}', b'{"command": "volume", "value": 101}',
        b'{"command": "volume", "value": true}', b'{"command": "ask", "text": "  "}',
    ],
)  # fmt: skip
def test_a_wrong_line_is_answered_with_what_is_expected(tmp_path: Path, line: bytes) -> None:
    async def run() -> None:
        async with conversation(tmp_path), calling(tmp_path) as caller:
            answer = await caller.ask(line)
            assert answer["ok"] is False
            assert answer["error"]
            assert (await caller.ask(b'{"command": "status"}'))["ok"]

    asyncio.run(run())


def test_a_line_without_end_closes_its_connection_only(tmp_path: Path) -> None:
    async def run() -> None:
        async with conversation(tmp_path), calling(tmp_path) as caller:
            caller.writer.write(b"x" * 300_000)
            with suppress(ConnectionError):  # what was not read makes the end a reset
                assert await caller.reader.read() == b""
            async with calling(tmp_path) as other:
                assert (await other.ask(b'{"command": "status"}'))["ok"]

    asyncio.run(run())


def test_a_watcher_that_never_reads_is_left_and_nobody_waits_for_it(tmp_path: Path) -> None:
    async def run() -> None:
        events = Events()
        async with (
            open_assistant(settings(tmp_path), events, ears=NoEars()) as assistant,
            controlled(Controls(assistant), events, settings(tmp_path).control),
            calling(tmp_path) as lazy,
            calling(tmp_path) as caller,
        ):
            assert (await lazy.ask(b'{"command": "events"}'))["ok"]
            lazy.writer.transport.pause_reading()
            for _ in range(200):
                events.emit(Notice(code="long", message="x" * 20_000))
            assert (await caller.ask(b'{"command": "status"}'))["ok"]
            lazy.writer.transport.resume_reading()
            with suppress(ConnectionError):  # left: what was sent comes, and then the end
                async with asyncio.timeout(15):
                    assert len(await lazy.reader.read(10_000_000)) < 4_000_000

    asyncio.run(run())


def test_the_socket_of_a_killed_conversation_is_taken_over_and_that_of_a_living_one_is_not(tmp_path: Path) -> None:
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(tmp_path / "c.sock"))
    stale.close()

    async def run() -> None:
        async with conversation(tmp_path), calling(tmp_path) as caller:
            async with conversation(tmp_path) as (seen, _):
                assert [event.code for event in seen if event.name == "notice"] == ["no_control"]
            assert (await caller.ask(b'{"command": "status"}'))["ok"], "the second took the first one's socket away"
        assert not (tmp_path / "c.sock").exists()

    asyncio.run(run())


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "c.sock").write_text("precious", encoding="utf-8")

    async def run() -> None:
        async with conversation(tmp_path) as (seen, _):
            assert any(event.name == "notice" and "no socket is there" in event.message for event in seen)

    asyncio.run(run())
    assert (tmp_path / "c.sock").read_text(encoding="utf-8") == "precious"


def test_the_settings_can_want_no_socket() -> None:
    assert socket_path(load_config(overrides=["control.socket=none"]).control) is None


def test_without_a_runtime_folder_the_socket_lies_in_the_users_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    assert socket_path(Config().control) == tmp_path / "voicestream" / "control.sock"
    runtime = tmp_path / "run"
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    assert socket_path(Config().control) == tmp_path / "voicestream" / "control.sock"  # there is no such folder
    runtime.mkdir(mode=0o755)
    assert socket_path(Config().control) == tmp_path / "voicestream" / "control.sock"  # others can look into it
    runtime.chmod(0o700)
    assert socket_path(Config().control) == tmp_path / "run" / "voicestream" / "control.sock"
