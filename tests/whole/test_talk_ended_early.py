"""SIGTERM ends `talk` soon while it is still getting ready: a download or a model that loads cannot hold it up."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import time
from pathlib import Path

import pytest
from headless_talk import PATIENCE, ROOT, talking

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")

SETTINGS = {"thinking.provider": "offline", "control.socket": "none"}


async def appears(path: Path, pattern: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while not list(path.glob(pattern)):  # noqa: ASYNC110, ASYNC240 - another program makes it
            await asyncio.sleep(0.01)


async def begins_to_read(pipe: Path) -> int:
    """Return the writing end of a named pipe, once another program reads it."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:  # nobody reads yet
                await asyncio.sleep(0.01)


def test_a_download_that_hangs_holds_nothing_up_and_can_go_on_later(tmp_path: Path) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 70000000\r\n\r\n" + bytes(5_000))
        await reader.read()  # until the other side leaves
        writer.close()

    async def live() -> None:
        server = await asyncio.start_server(hang, "127.0.0.1", 0)
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        environment = os.environ | {"VOICESTREAM_MODELS": str(tmp_path), "HF_ENDPOINT": address}
        settings = SETTINGS | {"hearing.model": "tiny.en", "hearing.recognizer": "whisper"}
        async with (
            server,
            talking("--output", "none", settings=settings, environment=environment) as talk,
        ):
            await appears(tmp_path, ".tiny.en.partial/*.part")
            began = time.monotonic()
            assert await talk.end() == 0
            assert time.monotonic() - began < 10  # 0.2 to 0.4 s where nothing else runs

    asyncio.run(live())
    assert list(tmp_path.glob(".tiny.en.partial/*.part"))


def test_a_model_that_takes_for_ever_to_load_holds_nothing_up(tmp_path: Path) -> None:
    folder = shutil.copytree(ROOT / "models" / "tiny-synthetic", tmp_path / "slow")
    pipe = folder / "vocabulary.json"
    pipe.unlink()
    os.mkfifo(pipe)

    async def live() -> None:
        settings = SETTINGS | {"hearing.model": str(folder), "hearing.recognizer": "whisper"}
        async with talking("--output", "none", settings=settings) as talk:
            unread = await begins_to_read(pipe)
            began = time.monotonic()
            assert await talk.end() == 0
            assert time.monotonic() - began < 10
            os.close(unread)

    asyncio.run(live())
