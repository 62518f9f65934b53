"""List the sound devices and the rates that really open. The one that would be used is marked."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from dataclasses import asdict

EXAMPLES = """
voicestream devices
voicestream talk --input "USB" --output 2    by a part of the name, or the number
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `voicestream devices`."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: Namespace) -> int:
    """Print the devices; exit 69 where there is none to listen or to play."""
    from voicestream.backends.sound_process import list_devices, rates_that_open
    from voicestream.errors import DeviceError

    devices = list_devices()
    rates = [
        {
            direction: rates_that_open(device, direction) if device.can(direction) else []
            for direction in ("input", "output")
        }
        for device in devices
    ]
    if arguments.json:
        rows = [
            {**asdict(device), "input_rates": opened["input"], "output_rates": opened["output"]}
            for device, opened in zip(devices, rates, strict=True)
        ]
        print(json.dumps({"devices": rows}, indent=2))
    else:
        for device, opened in zip(devices, rates, strict=True):
            marks = " (usual microphone)" * device.is_default_input + " (usual loudspeaker)" * device.is_default_output
            print(f"{device.index:>3}  {device.name} [{device.host}]{marks}")
            for direction, verb in (("input", "records"), ("output", "plays")):
                if opened[direction]:
                    print(f"     {verb} at {', '.join(map(str, opened[direction]))} Hz")
    missing = [
        name
        for name, direction in (("microphone", "input"), ("loudspeaker", "output"))
        if not any(opened[direction] for opened in rates)
    ]
    if missing:
        raise DeviceError(f"there is no {' and no '.join(missing)}: plug one in, or start the sound server")
    return 0
