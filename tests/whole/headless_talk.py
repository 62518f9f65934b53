"""A running `talk --headless` whose events are waited for, one after the other."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PATIENCE = 30.0
"""Seconds to wait for an event: this is no measure, and the machine may be busy."""


class Talk:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.seen: list[dict] = []

    async def until(self, *names: str) -> dict:
        """Return the next event of one of the names, or notice of one of the codes."""
        began = time.monotonic()
        async with asyncio.timeout(PATIENCE):
            while line := await self.process.stdout.readline():
                self.seen.append(event := json.loads(line))
                if {event["event"], event.get("code")} & set(names):
                    sys.stdout.write(f"{names[0]}: {time.monotonic() - began:.2f} s\n")  # pytest -rP shows it
                    return event
        raise AssertionError(f"talk ended ({await self.process.wait()}) without {names}: {self.seen[-5:]}")

    async def until_all(self, codes: set[str]) -> None:
        """Return when there was a notice of each code, in any order."""
        while codes:
            codes = codes - {(await self.until("notice"))["code"]}

    async def end(self) -> int:
        """End it as a service manager does."""
        self.process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        async with asyncio.timeout(PATIENCE):
            await self.process.communicate()
        sys.stdout.write(f"ended: {time.monotonic() - began:.2f} s\n")
        return self.process.returncode


@asynccontextmanager
async def talking(
    *arguments: str, settings: Mapping[str, str], environment: Mapping[str, str] = os.environ, hears: bool = False
) -> AsyncIterator[Talk]:
    """Run it for the length of the block; `hears` gives it a pipe for standard input."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "voicestream", "talk", "--headless", "--events", "-", "--config", os.devnull),
        *arguments,
        *(word for key, value in settings.items() for word in ("--set", f"{key}={value}")),
        cwd=ROOT, env={**environment, "PYTHONPATH": str(ROOT)}, stdout=asyncio.subprocess.PIPE,
        stdin=asyncio.subprocess.PIPE if hears else asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield Talk(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
