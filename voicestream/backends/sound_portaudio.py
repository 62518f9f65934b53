"""PortAudio, in a process of its own: it opens streams, carries their blocks over a line, and lists the devices.

It may hang, go round in a thread for ever, or end with a segmentation fault, all of which was seen when a device or a
sound server went at the wrong moment (https://github.com/PortAudio/portaudio/issues/535, /1037, /1038). None of that
can be mended from outside, but a process can be killed, and another one started: 0.2 s until its stream runs.

    python -m voicestream.backends.sound_portaudio                      serve the line on standard input and output
    python -m voicestream.backends.sound_portaudio devices              print the devices
    python -m voicestream.backends.sound_portaudio rates 3 5            print the rates at which devices open
"""

from __future__ import annotations

import functools
import json
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from types import ModuleType
from typing import Any, Protocol

from voicestream.backends.sound_devices import PERSON, RATES, USUAL, Direction, SoundDevice, find_device
from voicestream.backends.sound_wire import Frame, Kind, Line, encode, take_precedence
from voicestream.errors import DeviceError

CHANNELS: dict[Direction, tuple[int, int]] = {"input": (2, 1), "output": (1, 2)}
"""Tried in this order: of a microphone's two one may be dead, and the system's own mono is their mean or the first
alone; some sound cards play no mono."""

UNANTICIPATED = -9999
"""PortAudio's code for what ALSA's pulse plugin says when the server does not have the device; busy ones give -9985."""

_FLOAT = 4
"""Bytes of a sample."""


class _StreamTimes(Protocol):
    """Seconds of PortAudio's clock, as its callbacks get them."""

    currentTime: float
    inputBufferAdcTime: float
    outputBufferDacTime: float


@functools.cache
def load() -> ModuleType:
    """Import sounddevice, which opens PortAudio; raise DeviceError where there is none."""
    try:
        import sounddevice
    except OSError as error:  # on Linux the wheel brings no PortAudio of its own
        told = "PortAudio is missing: sudo apt install libportaudio2 (Debian, Ubuntu, Raspberry Pi OS)"
        raise DeviceError(told, "portaudio") from error
    except Exception as error:  # its PortAudioError cannot be imported: PortAudio fails inside the import
        told = f"PortAudio does not start: {tell(error)}; is ~/.asoundrc in order?"
        raise DeviceError(told, "portaudio") from error
    module: ModuleType = sounddevice
    return module


def version() -> str:
    """Return the name and number of the library; raise DeviceError."""
    _, text = load().get_portaudio_version()
    return str(text).split(",")[0]  # the rest is a revision, mostly "unknown"


def list_devices() -> list[SoundDevice]:
    """Return the devices that were there when this process began; raise DeviceError.

    PortAudio refreshes its list only when it is opened anew: https://github.com/spatialaudio/python-sounddevice/issues/125
    """
    sounddevice = load()
    try:
        hosts = [host["name"] for host in sounddevice.query_hostapis()]
        default_input, default_output = sounddevice.default.device
        return [
            SoundDevice(
                index=index,
                name=device["name"],
                host=hosts[device["hostapi"]],
                inputs=device["max_input_channels"],
                outputs=device["max_output_channels"],
                rate=round(device["default_samplerate"]),
                is_default_input=index == default_input,
                is_default_output=index == default_output,
            )
            for index, device in enumerate(sounddevice.query_devices())
        ]
    except sounddevice.PortAudioError as error:
        raise DeviceError(f"the sound devices cannot be listed: {tell(error)}") from error


def rates_that_open(device: SoundDevice) -> dict[Direction, list[int]]:
    """Return those of RATES at which a device opens; one in use may refuse all."""
    found: dict[Direction, list[int]] = {"input": [], "output": []}
    for direction, rates in found.items():
        for rate in RATES if device.can(direction) else ():
            with suppress(DeviceError):
                channels_that_open(device.index, direction, rate)
                rates.append(rate)
    return found


def channels_that_open(index: int, direction: Direction, rate: int) -> int:
    """Return the number of channels at which a device opens for a moment, without a sound.

    Raise DeviceError, with the code "gone" where it is not there.
    """
    sounddevice = load()
    check = sounddevice.check_input_settings if direction == "input" else sounddevice.check_output_settings
    failures = []
    for channels in CHANNELS[direction]:
        try:
            check(device=index, channels=channels, samplerate=rate, dtype="float32")
        except (sounddevice.PortAudioError, ValueError) as error:
            failures.append(error)
        else:
            return channels
    is_gone = any(UNANTICIPATED in error.args for error in failures)
    raise DeviceError(tell(failures[-1]), "gone" if is_gone else "refused") from failures[-1]


def tell(error: Exception) -> str:
    """Return PortAudio's reason in a few words."""
    return str(error.args[0] if error.args else error).split(" [PaErrorCode")[0]


# ------------------------------------------------------------------------------------------------------ streams


class _OpenStream:
    """A stream, and the callbacks that PortAudio calls in its own thread: they carry blocks, nothing else."""

    def __init__(self, line: Line, number: int, index: int, direction: Direction, rate: int, block: float) -> None:
        self.index, self.direction, self.rate = index, direction, rate
        self._line, self._number, self._block = line, number, block
        self.at_a_time = 1
        """Recorded blocks that are sent together: waking the assistant for each costs 1 % of a core."""
        self._recorded: list[bytes] = []
        self._filled = queue.SimpleQueue[tuple[float, bytes]]()
        self._stream: Any = None  # sounddevice has no types
        self._wanted_for = 0.0
        self._is_new = True
        self._is_closed = False

    def start(self) -> None:
        """Open the device and start; raise DeviceError.

        PortAudio's Pa_OpenStream must not fail while another stream runs: its threads share the variable that holds the
        error, and where one takes it for success, the process ends with a segmentation fault (1 in 1,600 failures on
        PulseAudio, measured). What it says of a format is free of that: so that first.
        """
        self._channels = channels_that_open(self.index, self.direction, self.rate)
        self._line.write_json(Kind.OPENING, self._number, {"rate": self.rate, "channels": self._channels})
        sounddevice = load()
        is_input = self.direction == "input"
        try:  # made to an array in the callback, a block would take 1 % of a core more
            self._stream = (sounddevice.RawInputStream if is_input else sounddevice.RawOutputStream)(
                samplerate=self.rate,
                blocksize=round(self._block * self.rate),
                device=self.index,
                channels=self._channels,
                dtype="float32",
                latency="low",
                callback=self._record if is_input else self._play,
                finished_callback=self._finish,
            )
            self._stream.start()  # at once: a device that vanishes before it never lets go
        except (sounddevice.PortAudioError, ValueError) as error:
            raise DeviceError(tell(error)) from error

    def close(self) -> None:
        """Stop at once."""
        self._is_closed = True
        self.fill(0.0, b"")
        if self._stream is not None:
            self._stream.abort()  # never stop(), which hangs on a suspended sink
            self._stream.close()

    def fill(self, sounds_at: float, samples: bytes) -> None:
        """Give the block that was wanted for that time."""
        self._filled.put((sounds_at, samples))

    def _record(self, block: memoryview, count: int, times: _StreamTimes, flags: object) -> None:
        self._begin()
        ago = times.currentTime - times.inputBufferAdcTime - count / self.rate
        recorded_at = time.monotonic() - (ago if 0 <= ago < 1 else 0.0)
        self._recorded.append(encode(Frame(Kind.RECORDED, self._number, recorded_at, bytes(block))))
        if len(self._recorded) >= self.at_a_time:
            self._line.send(b"".join(self._recorded))
            self._recorded.clear()

    def _play(self, block: memoryview, count: int, times: _StreamTimes, flags: object) -> None:
        self._begin()
        delay = times.outputBufferDacTime - times.currentTime
        sounds_at = time.monotonic() + (delay if 0 < delay < 2 else 3 * self._block)
        if not self._wanted_for:
            self._want(count, sounds_at)
        samples = self._wanted()
        self._want(count, sounds_at + count / self.rate)  # a block early: the assistant's other threads may be busy
        if not samples:
            block[:] = bytes(_FLOAT * count * self._channels)
        elif self._channels == 1:
            block[:] = samples
        else:
            device, mono = memoryview(block).cast("f"), memoryview(samples).cast("f")
            for channel in range(self._channels):
                device[channel :: self._channels] = mono

    def _want(self, count: int, sounds_at: float) -> None:
        self._wanted_for = sounds_at
        self._line.write(Kind.WANTED, self._number, count.to_bytes(4, "little"), sounds_at)

    def _wanted(self) -> bytes:
        while True:
            sounds_at, samples = self._filled.get()
            if sounds_at == self._wanted_for or self._is_closed:  # else it was for a stream that did not start
                return samples

    def _begin(self) -> None:
        if self._is_new:
            self._is_new = False
            take_precedence()

    def _finish(self) -> None:
        if not self._is_closed:
            self._line.write(Kind.ENDED, self._number)


class _Server:
    """Does one call after the other: `open`, `gather`, `close`, `is_there`, `names`."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._streams: dict[int, _OpenStream] = {}

    def serve(self) -> None:
        """Serve until whoever started this process has gone."""
        calls = queue.SimpleQueue[tuple[int, dict[str, Any]]]()
        threading.Thread(target=self._read, args=(calls,), daemon=True).start()
        work: dict[str, Callable[..., object]] = {
            "open": self.open,
            "gather": self.gather,
            "close": self.close,
            "is_there": self.is_there,
            "names": self.names,
        }
        while True:
            number, fields = calls.get()
            try:
                answer = work[fields.pop("do")](**fields)
            except DeviceError as error:
                self._line.write_json(Kind.FAULT, number, {"message": str(error), "code": error.code})
            except Exception as error:  # a fault of ours is told like all others: this process has no other way
                self._line.write_json(Kind.FAULT, number, {"message": f"the sound failed: {error!r}", "code": "bug"})
            else:
                self._line.write_json(Kind.ANSWER, number, answer)

    def _read(self, calls: queue.SimpleQueue[tuple[int, dict[str, Any]]]) -> None:
        take_precedence()
        while (frame := self._line.read()) is not None:
            if frame.kind is Kind.CALL:
                calls.put((frame.number, json.loads(frame.payload)))
            elif (stream := self._streams.get(frame.number)) is not None:
                stream.fill(frame.time, frame.payload)
        os._exit(0)

    def open(
        self, stream: int, direction: Direction, device: str, rates: list[int], block: float
    ) -> dict[str, str | bool]:
        """Open and start a stream at the first rate that the device takes; raise DeviceError."""
        found = find_device(list_devices(), device, direction)
        failure = ""
        for rate in dict.fromkeys((*rates, found.rate)):
            opening = _OpenStream(self._line, stream, found.index, direction, rate, block)
            self._streams[stream] = opening
            try:
                opening.start()
            except DeviceError as error:
                failure = str(error)
                self.close(stream)
            else:
                is_served = found.host == "ALSA" and device.strip().casefold() not in USUAL
                return {"name": found.name, "is_served": is_served}
        person = PERSON[direction]
        raise DeviceError(f"the {person} {found.name!r} cannot be opened: {failure}; is another program using it?")

    def gather(self, stream: int, blocks: int) -> None:
        """Send the recorded blocks of a stream so many at a time from now on."""
        if stream in self._streams:
            self._streams[stream].at_a_time = blocks

    def close(self, stream: int) -> None:
        """Close a stream, if it is open."""
        if closing := self._streams.pop(stream, None):
            closing.close()

    def is_there(self, stream: int) -> bool:
        """Tell whether the sound server still has the device of a stream."""
        looked_for = self._streams.get(stream)
        if looked_for is None:
            return True
        try:
            channels_that_open(looked_for.index, looked_for.direction, looked_for.rate)
        except DeviceError as error:
            return error.code != "gone"
        return True

    def names(self) -> list[str]:
        """Return the names of the devices that this process knows."""
        return [device.name for device in list_devices()]


def main(arguments: list[str]) -> None:
    """Serve, or print what is asked for as JSON; a DeviceError, too."""
    for interruption in (signal.SIGINT, signal.SIGTERM):  # they are for whoever started this process, and ends it
        signal.signal(interruption, signal.SIG_IGN)
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # for what the libraries print
    if not arguments:
        _Server(Line(sys.stdin.buffer, output)).serve()
    answer: object
    try:
        match arguments:
            case ["rates", *indices]:
                devices = list_devices()
                answer = [rates_that_open(devices[int(index)]) for index in indices]
            case _:
                answer = {"version": version(), "devices": [asdict(device) for device in list_devices()]}
    except DeviceError as error:
        answer = {"message": str(error), "code": error.code}
    output.write(json.dumps(answer).encode())
    output.close()


if __name__ == "__main__":
    main(sys.argv[1:])
