"""`talk --headless` is ended and steered whatever it is doing."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import numpy as np
import pytest
from chat_server import ChatServer, chat_server
from headless_talk import Talk, talking
from spoken_questions import RATE, say

LONG = " ".join(f"This is sentence number {number} of a long answer." for number in range(1, 30))


def pcm(samples: np.ndarray) -> bytes:
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


def settings(server: ChatServer, folder: Path) -> dict[str, str]:
    return {
        "hearing.model": "tiny-synthetic",
        "hearing.language": "en",
        "thinking.provider": "openai",
        "thinking.base_url": server.base_url,
        "control.socket": str(folder / "c.sock"),
    }


async def call(folder: Path, **request: object) -> dict:
    reader, writer = await asyncio.open_unix_connection(folder / "c.sock")
    writer.write(json.dumps(request).encode() + b"\n")
    answer = json.loads(await reader.readline())
    writer.close()
    return answer


@pytest.mark.parametrize("doing", ["waiting for sound", "hearing", "thinking", "speaking"])
def test_sigterm_ends_it_soon_whatever_it_is_doing(doing: str, tmp_path: Path) -> None:
    async def begin(talk: Talk) -> None:
        if doing == "hearing":
            talk.process.stdin.write(pcm(np.concatenate([say("what is the weather today")] * 8)))
            await talk.until("speech_started")
        elif doing != "waiting for sound":
            await call(tmp_path, command="ask", text="hello")
            await talk.until("turn" if doing == "thinking" else "sound_started")

    async def live() -> None:
        pace = 0.1 if doing == "thinking" else 20.0
        async with (
            chat_server(LONG, tokens_per_second=pace) as server,
            talking("--input", "-", "--output", "none", settings=settings(server, tmp_path), hears=True) as talk,
        ):
            await talk.until("ready")
            await call(tmp_path, command="status")
            await begin(talk)
            began = time.monotonic()
            assert await talk.end() == 0
            assert time.monotonic() - began < 10  # 0.1 to 0.4 s where nothing else runs
            assert not (tmp_path / "c.sock").exists()

    asyncio.run(live())


def test_a_pipe_that_brings_nothing_yet_holds_nothing_up(tmp_path: Path) -> None:
    async def live() -> None:
        async with (
            chat_server("Here I am.") as server,
            talking("--input", "-", "--output", "none", settings=settings(server, tmp_path), hears=True) as talk,
        ):
            await talk.until("ready")
            assert (await call(tmp_path, command="ask", text="are you there"))["ok"]
            assert (await talk.until("answer"))["heard"].strip() == "Here I am."
            talk.process.stdin.write(pcm(np.concatenate((say("what can you do"), np.zeros(2 * RATE)))))
            assert "what can you do" in (await talk.until("turn"))["text"].lower()

    asyncio.run(live())
