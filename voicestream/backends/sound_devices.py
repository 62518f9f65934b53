"""A sound device as it is listed, and the one that is meant by a name or a number."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from voicestream.errors import DeviceError

Direction = Literal["input", "output"]

RATES = (16_000, 24_000, 44_100, 48_000)
"""Hertz: what the listening, the voices and the sound cards of the world use."""

USUAL = {"", "mic", "speaker", "default"}
"""Names that mean the system's own choice."""

PERSON: dict[Direction, str] = {"input": "microphone", "output": "loudspeaker"}


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
