"""Measures what a headless conversation takes: start, memory and processor in silence, and memory after a turn.

Three set-ups: all on this machine (the shape of Whisper tiny.en, pyttsx3), ears, voice and model on servers, and the
built-in assistant with the embedded recognizer. Linux only. The sums are those of all its processes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from voicestream.backends.sound_devices import find_device
from voicestream.backends.sound_process import list_devices
from voicestream.bench.pretend_servers import pretend_servers
from voicestream.bench.process_tree import Footprint, measure_tree
from voicestream.bench.random_whisper import SHAPES, build_random_whisper
from voicestream.bench.running_talk import feed_silence, talking
from voicestream.bench.spoken_clips import synthesized
from voicestream.errors import DeviceError, UsageError

SETTLING = 12.0
"""Seconds after the start before silence is measured: the loudspeaker rests after 10."""

LONGEST_START, LONGEST_TURN = 120.0, 60.0


@dataclass(frozen=True, slots=True)
class SetUp:
    """One way to run the assistant."""

    name: str
    settings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of a set-up."""

    name: str
    start: float
    """Seconds from the start of the process to `ready`."""
    resident_mb: float
    """Resident memory of all processes in silence."""
    proportional_mb: float
    """The same, with pages that processes share divided among them."""
    growth_mb: float
    """Of resident memory in the measured silence."""
    processor_percent: float
    """Of one core, in silence."""
    used_mb: float
    """Resident memory after a spoken turn and its answer."""
    threads: int
    files: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `voicestream bench footprint`."""
    parser.add_argument("--seconds", type=float, default=60.0, help="of silence (default: 60)")
    parser.add_argument("--input", metavar="DEVICE", help="microphone (default: the system's, else a pipe of silence)")
    parser.add_argument("--output", metavar="DEVICE", help="loudspeaker (default: the system's, else none)")
    parser.add_argument("--json", action="store_true", help="one object for each set-up")


def run(arguments: argparse.Namespace) -> int:
    """Measure the three set-ups and print a line for each."""
    if sys.platform != "linux":
        raise UsageError("bench footprint reads /proc, which only Linux has")
    asyncio.run(measure_all(arguments))
    return 0


async def measure_all(arguments: argparse.Namespace) -> None:
    """Measure and print."""
    source, sink = arguments.input or _usual("input"), arguments.output or _usual("output")
    if not arguments.json:
        _say(f"{arguments.seconds:g} s of silence from {source}, loudspeaker {sink}; RSS (PSS) of all processes")
        _say(f"{'set-up':<32}{'ready':>8}{'silence':>18}{'growth':>9}{'of a core':>11}{'after a turn':>14}")
    with tempfile.TemporaryDirectory() as folder:
        build_random_whisper(SHAPES["tiny"], Path(folder) / "tiny-shape")
        async with pretend_servers() as address:
            for set_up in _set_ups(address, Path(folder) / "tiny-shape"):
                figures = await _measure(set_up, arguments.seconds, source, sink)
                _say(json.dumps(asdict(figures)) if arguments.json else _row(figures))


def _set_ups(address: str, model: Path) -> tuple[SetUp, ...]:
    whisper = (f"hearing.model={model}", "thinking.provider=offline")
    ears = ("hearing.recognizer=remote", f"remote_hearing.base_url={address}", *whisper[:1])
    voice = ("speaking.engine=remote", f"speaking.address={address}")
    mind = ("thinking.provider=openai", f"thinking.base_url={address}")
    return (
        SetUp("all local, shape of tiny.en", ("hearing.recognizer=whisper", *whisper)),
        SetUp("remote ears, voice and model", (*ears, *voice, *mind)),
        SetUp("built-in assistant, its phrases", ("hearing.recognizer=sphinx", "thinking.provider=offline")),
    )


async def _measure(set_up: SetUp, seconds: float, source: str, sink: str) -> Figures:
    async with talking("--input", source, "--output", sink, settings=set_up.settings) as talk:
        start = await talk.until("ready", LONGEST_START)
        feeding = asyncio.create_task(feed_silence(talk)) if source == "-" else None
        await asyncio.sleep(SETTLING)
        before, at = measure_tree(talk.number), time.monotonic()
        await asyncio.sleep(seconds)
        after, elapsed = measure_tree(talk.number), time.monotonic() - at
        if feeding:
            feeding.cancel()
    return Figures(
        set_up.name,
        round(start, 2),
        round(after.resident_mb, 1),
        round(after.proportional_mb, 1),
        round(after.resident_mb - before.resident_mb, 1),
        round(100 * (after.processor - before.processor) / elapsed, 2),
        round((await _used(set_up, sink)).resident_mb, 1),
        after.threads,
        after.files,
    )


async def _used(set_up: SetUp, sink: str) -> Footprint:
    """Return what it takes after a spoken question and its answer."""
    question = synthesized(("what can you do",))[0].audio
    async with talking("--input", "-", "--output", sink, settings=set_up.settings) as talk:
        await talk.until("ready", LONGEST_START)
        await talk.feed(question)
        feeding = asyncio.create_task(feed_silence(talk))
        await talk.until("answer", LONGEST_TURN)
        footprint = measure_tree(talk.number)
        feeding.cancel()
    return footprint


def _usual(direction: str) -> str:
    """Return the name of the system's own device, or of what takes its place."""
    try:
        find_device(list_devices(), "", "input" if direction == "input" else "output")
    except DeviceError:
        return "-" if direction == "input" else "none"
    return "mic" if direction == "input" else "speaker"


def _row(figures: Figures) -> str:
    silence = f"{figures.resident_mb:.0f} ({figures.proportional_mb:.0f}) MB"
    return (
        f"{figures.name:<32}{figures.start:>6.1f} s{silence:>18}{figures.growth_mb:>6.1f} MB"
        f"{figures.processor_percent:>9.1f} %{figures.used_mb:>11.0f} MB"
    )


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
