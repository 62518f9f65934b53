"""PortAudio's process, seen from the assistant: started, asked, and killed where it takes too long."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

from voicestream.backends.sound_devices import Direction, SoundDevice
from voicestream.backends.sound_wire import Frame, Kind, Line, take_precedence
from voicestream.errors import DeviceError

PORTAUDIO = (sys.executable, "-m", "voicestream.backends.sound_portaudio")

BEGINS = 8.0
"""Seconds in which PortAudio begins and does its first work: 0.2 on a desktop, but a sound server may be starting."""

HANGS = 4.0
"""Seconds in which it does any other work."""

PROBED = 4.0
"""Seconds in which the rates of one device are tried: 0.03 as a rule."""

HANGING = (
    "the sound system does not answer; if that lasts, start it again: systemctl --user restart pipewire, or pulseaudio"
)
ENDED = "the sound system ended at once: is ~/.asoundrc in order?"


class Carrier(Protocol):
    """Whoever takes and gives the blocks of a stream, in a thread of the process; quick, and never raising."""

    def opening(self, rate: int, channels: int) -> None:
        """Get ready for the blocks of a stream that begins."""
        ...

    def recorded(self, block: bytes, recorded_at: float) -> None:
        """Take a block; the time is that of its last sample."""
        ...

    def wanted(self, count: int, sounds_at: float) -> bytes:
        """Return the next `count` samples, which will sound from that time on; nothing for silence."""
        ...

    def ended(self, is_alone: bool) -> None:
        """Know that the stream ended, by itself or with the process; on the event loop."""
        ...


class SoundProcess:
    """A running process of PortAudio's; its streams are known by numbers that never come again."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._process = subprocess.Popen(
            PORTAUDIO,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if os.environ.get("VOICESTREAM_DEBUG") else subprocess.DEVNULL,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._line = Line(self._process.stdout, self._process.stdin)
        self._carriers: dict[int, Carrier] = {}
        self._calls: dict[int, asyncio.Future[Any]] = {}  # Any: JSON
        self._count = 0
        self._gone: asyncio.Future[None] = self._loop.create_future()
        self._within = BEGINS
        self.is_alive = True
        threading.Thread(target=self._carry, name="sound", daemon=True).start()

    @property
    def number(self) -> int:
        """Return the number by which the system knows the process."""
        return self._process.pid

    async def open(self, stream: int, carrier: Carrier, **wish: object) -> dict[str, Any]:
        """Open a stream and start it; raise DeviceError."""
        self._carriers[stream] = carrier
        answer: dict[str, Any] = await self.call("open", {"stream": stream, **wish})
        return answer

    def gather(self, stream: int, blocks: int) -> None:
        """Have the recorded blocks of a stream brought so many at a time."""
        if self.is_alive:
            self._line.write_json(Kind.CALL, 0, {"do": "gather", "stream": stream, "blocks": blocks})

    async def close(self, stream: int, within: float) -> None:
        """Close a stream; what it still brings is nobody's."""
        self._carriers.pop(stream, None)
        with suppress(DeviceError):
            await self.call("close", {"stream": stream}, within)

    async def call(self, work: str, fields: Mapping[str, object], within: float | None = None) -> Any:  # Any: JSON
        """Return what `work` gives; raise DeviceError. A process that does not answer in time is killed."""
        if not self.is_alive:
            raise DeviceError(ENDED, "ended")
        self._count += 1
        number = self._count
        answer = self._calls[number] = self._loop.create_future()
        self._line.write_json(Kind.CALL, number, {"do": work, **fields})
        try:
            async with asyncio.timeout(within or self._within):
                found = await answer
        except TimeoutError:
            self.kill()
            raise DeviceError(HANGING, "hangs") from None
        finally:
            self._calls.pop(number, None)
        self._within = HANGS
        return found

    def kill(self) -> None:
        """End the process and all its streams, whatever it does."""
        self.is_alive = False
        self._process.kill()

    async def end(self) -> None:
        """Kill the process, and wait until it is gone."""
        self.kill()
        with suppress(TimeoutError):
            async with asyncio.timeout(HANGS):
                await asyncio.shield(self._gone)

    # -------------------------------------------------------------------------------------- in a thread of its own

    def _carry(self) -> None:
        """Carry blocks between the streams and their carriers until the process ends."""
        take_precedence()
        while (frame := self._line.read()) is not None:
            carrier = self._carriers.get(frame.number)
            match frame.kind:
                case Kind.ANSWER | Kind.FAULT:
                    self._tell(self._answer, frame)
                case Kind.WANTED:
                    count = int.from_bytes(frame.payload, "little")
                    samples = carrier.wanted(count, frame.time) if carrier else b""
                    self._line.write(Kind.FILLED, frame.number, samples, frame.time)
                case Kind.RECORDED if carrier:
                    carrier.recorded(frame.payload, frame.time)
                case Kind.OPENING if carrier:
                    carrier.opening(**json.loads(frame.payload))
                case Kind.ENDED:
                    self._tell(self._end_stream, frame.number)
        self._process.wait()
        self._tell(self._end)

    def _tell(self, act: Callable[..., None], *arguments: object) -> None:
        with suppress(RuntimeError):  # the loop is closed, and nobody waits
            self._loop.call_soon_threadsafe(act, *arguments)

    # ------------------------------------------------------------------------------------------ on the event loop

    def _answer(self, frame: Frame) -> None:
        call = self._calls.get(frame.number)
        if call is None or call.done():  # whoever asked has gone
            return
        answer = json.loads(frame.payload)
        if frame.kind is Kind.FAULT:
            call.set_exception(DeviceError(answer["message"], answer["code"]))
        else:
            call.set_result(answer)

    def _end_stream(self, stream: int) -> None:
        if carrier := self._carriers.get(stream):  # not closed meanwhile
            carrier.ended(True)

    def _end(self) -> None:
        self.is_alive = False
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        for call in self._calls.values():
            if not call.done():
                call.set_exception(DeviceError(ENDED, "ended"))
        for carrier in list(self._carriers.values()):
            carrier.ended(False)
        self._gone.set_result(None)


# ------------------------------------------------------------------------------------------------------- questions


class Survey(NamedTuple):
    """What PortAudio sees now."""

    version: str
    """Name and number of the library."""
    devices: list[SoundDevice]


def survey() -> Survey:
    """Ask a PortAudio that begins anew, and so sees what was plugged in just now; raise DeviceError."""
    found = _ask("devices")
    return Survey(found["version"], [SoundDevice(**device) for device in found["devices"]])


def list_devices() -> list[SoundDevice]:
    """Return the devices that are there now; raise DeviceError."""
    return survey().devices


def rates_that_open(*devices: SoundDevice) -> list[dict[Direction, list[int]]]:
    """Return the usual rates at which each device opens, in hertz; one in use may refuse all. Raise DeviceError."""
    rates: list[dict[Direction, list[int]]] = _ask(
        "rates", *(str(device.index) for device in devices), within=BEGINS + PROBED * len(devices)
    )
    return rates


def _ask(*question: str, within: float = BEGINS) -> Any:  # Any: JSON
    """Return what PortAudio's process prints; raise DeviceError."""
    try:
        done = subprocess.run(
            [*PORTAUDIO, *question],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=within,
            check=False,
        )
        answer = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise DeviceError(HANGING, "hangs") from None
    except (OSError, ValueError) as error:
        raise DeviceError(ENDED, "ended") from error
    if isinstance(answer, dict) and "message" in answer:
        raise DeviceError(answer["message"], answer["code"])
    return answer
