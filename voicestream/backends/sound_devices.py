"""The sound devices that PortAudio sees: their list, the one that is meant by a name or number, the rates that open."""

from __future__ import annotations

import ctypes
import difflib
import functools
import importlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import ModuleType
from typing import Literal

from voicestream.errors import DeviceError

Direction = Literal["input", "output"]

RATES = (16_000, 24_000, 44_100, 48_000)
"""Hertz: what the listening, the voices and the sound cards of the world use."""

CHANNELS: dict[Direction, tuple[int, int]] = {"input": (2, 1), "output": (1, 2)}
"""Tried in this order: of a microphone's two one may be dead, and the system's own mono is their mean or the first
alone; some sound cards play no mono."""

USUAL = {"", "mic", "speaker", "default"}
"""Names that mean the system's own choice."""

PERSON = {"input": "microphone", "output": "loudspeaker"}

UNANTICIPATED = -9999
"""PortAudio's code for what ALSA's pulse plugin says when the server does not have the device; busy ones give -9985."""

BEGINS, HANGS = 8.0, 10.0
"""Seconds in which PortAudio begins, and opens a device or refuses; a sound server may be starting, too."""

START_AGAIN = "start it again: systemctl --user restart pipewire, or pulseaudio"

PROBE_TIME = 5.0
"""Seconds for a child process to list the devices: 0.2 on a desktop, and a sound server may be starting."""


@dataclass(frozen=True, slots=True)
class SoundDevice:
    """A device as PortAudio lists it."""

    index: int
    name: str
    host: str
    """The system's sound interface: ALSA, Core Audio, Windows WASAPI, …"""
    inputs: int
    """Channels that can be recorded."""
    outputs: int
    """Channels that can be played."""
    rate: int
    """Hertz, by default."""
    is_default_input: bool = False
    is_default_output: bool = False

    def can(self, direction: Direction) -> bool:
        """Tell whether it records, or plays."""
        return bool(self.inputs if direction == "input" else self.outputs)

    def is_default(self, direction: Direction) -> bool:
        """Tell whether the system would choose it."""
        return self.is_default_input if direction == "input" else self.is_default_output


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Send file descriptor 2 nowhere: ALSA and PortAudio write their complaints past every log straight to it."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


_SAY_NOTHING = ctypes.CFUNCTYPE(None, *(ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p))(
    lambda file, line, function, error, form: None
)
"""Takes the place of ALSA's printer of "underrun occurred" and the like; it must live as long as the library."""


@functools.cache
def _silence_alsa() -> None:
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(_SAY_NOTHING)


class _Loading(threading.Thread):
    """Imports sounddevice, which opens PortAudio; that asks the sound server, which may hang, and the thread too."""

    def __init__(self) -> None:
        super().__init__(name="PortAudio begins", daemon=True)
        self.found: ModuleType | Exception = TimeoutError()
        self.given_up_at = time.monotonic() + BEGINS
        if sys.platform == "linux":
            self.start()
        else:  # Windows wants a thread that stays
            self.run()

    def run(self) -> None:
        try:
            self.found = importlib.import_module("sounddevice")
        except Exception as error:  # its PortAudioError cannot be imported: PortAudio fails inside the import
            self.found = error


@functools.cache
def _begin_to_load() -> _Loading:
    return _Loading()


def load_portaudio() -> ModuleType:
    """Import sounddevice, which opens PortAudio; raise DeviceError where there is none, or the sound server hangs."""
    if sys.platform == "linux":
        _silence_alsa()
    loading = _begin_to_load()
    if loading.is_alive():  # what it says while it is waited for goes nowhere
        with quiet_libraries():
            loading.join(max(0.0, loading.given_up_at - time.monotonic()))
    match loading.found:
        case TimeoutError():
            raise DeviceError(f"the sound server does not answer; {START_AGAIN}", "hangs")
        case OSError() as error:  # on Linux the wheel brings no PortAudio of its own
            told = "PortAudio is missing: sudo apt install libportaudio2 (Debian, Ubuntu, Raspberry Pi OS)"
            raise DeviceError(told, "portaudio") from error
        case Exception() as error:
            told = f"PortAudio does not start: {tell(error)}; is ~/.asoundrc in order?"
            raise DeviceError(told, "portaudio") from error
        case module:
            return module


def portaudio_version() -> str:
    """Return the name and number of the library; raise DeviceError."""
    _, text = load_portaudio().get_portaudio_version()
    return str(text).split(",")[0]  # the rest is a revision, mostly "unknown"


def list_devices() -> list[SoundDevice]:
    """Return the devices that were there when PortAudio was opened last; raise DeviceError."""
    sounddevice = load_portaudio()
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


def find_device(devices: Sequence[SoundDevice], wanted: str, direction: Direction) -> SoundDevice:
    """Return the device that is meant by a number, a name, a part of one, or the system's own; raise DeviceError."""
    able = [device for device in devices if device.can(direction)]
    person = PERSON[direction]
    if not able:
        raise DeviceError(f"there is no {person}: plug one in, or start the sound server", "no_device")
    name = wanted.strip().casefold()
    if name in USUAL:
        return next((device for device in able if device.is_default(direction)), able[0])
    if name.isdecimal():
        for device in able:
            if device.index == int(name):
                return device
    exact = [device for device in able if device.name.casefold() == name]
    partial = [device for device in able if all(word in device.name.casefold() for word in name.split())]
    for found in (exact, partial):
        if found:  # Windows lists each device once for every interface: the system's own interface comes first
            home = {device.host for device in able if device.is_default(direction)}
            return min(found, key=lambda device: device.host not in home)
    near = difflib.get_close_matches(name, [device.name.casefold() for device in able], 3, 0.4)
    names = [device.name for device in able if device.name.casefold() in near] or [device.name for device in able[:5]]
    raise DeviceError(f"there is no {person} {wanted!r}; there are {', '.join(map(repr, names))}", "no_device")


def rates_that_open(device: SoundDevice, direction: Direction, rates: Sequence[int] = RATES) -> list[int]:
    """Return those of `rates` at which the device opens; a device in use may refuse all."""
    found = []
    for rate in rates:
        with suppress(DeviceError):
            channels_that_open(device.index, direction, rate)
            found.append(rate)
    return found


def channels_that_open(index: int, direction: Direction, rate: int) -> int:
    """Return the number of channels at which a device opens for a moment, without a sound.

    Raise DeviceError, with the code "gone" where it is not there.
    """
    sounddevice = load_portaudio()
    check = sounddevice.check_input_settings if direction == "input" else sounddevice.check_output_settings
    failures = []
    for channels in CHANNELS[direction]:
        try:
            with quiet_libraries():
                check(device=index, channels=channels, samplerate=rate, dtype="float32")
        except (sounddevice.PortAudioError, ValueError) as error:
            failures.append(error)
        else:
            return channels
    is_gone = any(UNANTICIPATED in error.args for error in failures)
    raise DeviceError(tell(failures[-1]), "gone" if is_gone else "refused") from failures[-1]


def renew_list() -> None:
    """Open PortAudio anew, which alone refreshes the list; every open stream ends, so close them before.

    https://github.com/spatialaudio/python-sounddevice/issues/125
    """
    sounddevice = load_portaudio()
    with quiet_libraries():
        sounddevice._terminate()
        sounddevice._initialize()


def names_seen_afresh() -> list[str]:
    """Return the names that a new process would list, without touching the streams of this one."""
    script = "import sounddevice as s\nfor d in s.query_devices(): print(d['name'])"
    try:
        child = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, timeout=PROBE_TIME, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return child.stdout.splitlines()


def tell(error: Exception) -> str:
    """Return PortAudio's reason in a few words."""
    return str(error.args[0] if error.args else error).split(" [PaErrorCode")[0]
