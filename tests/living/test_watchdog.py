"""The heartbeat that systemd is told of: it stops where a new start is the only help."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

from virtual_time import run_in_virtual_time

from voicestream.events import Events, Notice
from voicestream.sessions.watchdog import watched


def test_no_heart_beats_while_the_sound_system_hangs(tmp_path: Path) -> None:
    told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    told.bind(str(tmp_path / "notify"))
    told.setblocking(False)

    def beats() -> int:
        count = 0
        while True:
            try:
                count += told.recv(100) == b"WATCHDOG=1"
            except BlockingIOError:
                return count

    async def live() -> list[int]:
        events = Events(asyncio.get_running_loop().time)
        counts = []
        async with watched(events, {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "30000000"}):
            for code in ("loudspeaker_lost", "sound_hangs", "loudspeaker_back", "sound_hangs", "microphone_back"):
                await asyncio.sleep(30.5)
                counts.append(beats())
                events.emit(Notice(code=code, message=code))
            await asyncio.sleep(30.5)
            return [*counts, beats()]

    with told:
        assert run_in_virtual_time(live()) == [4, 3, 0, 4, 0, 4]
