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
    rates = rates_that_open(*devices)
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
            for verb, hertz in (("records", opened["input"]), ("plays", opened["output"])):
                if hertz:
                    print(f"     {verb} at {', '.join(map(str, hertz))} Hz")
    missing = ["microphone"] * (not any(opened["input"] for opened in rates))
    missing += ["loudspeaker"] * (not any(opened["output"] for opened in rates))
    if missing:
        raise DeviceError(f"there is no {' and no '.join(missing)}: plug one in, or start the sound server")
    return 0
