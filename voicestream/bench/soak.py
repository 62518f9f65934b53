"""Lets a headless conversation listen for hours, many times faster than real time, and samples what it takes.

Each minute holds silence, a noise and a spoken question, whose answer is voiced and played to nowhere. Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass

import numpy as np

from voicestream.bench.process_tree import measure_tree
from voicestream.bench.running_talk import RunningTalk, talking
from voicestream.bench.spoken_clips import PHRASES, nobody_speaks, synthesized
from voicestream.errors import UsageError
from voicestream.vocabulary import SAMPLE_RATE, Samples

SETTINGS = ("thinking.provider=offline", "memory.max_tokens=1000")
"""The history is so short that old turns are dropped all the time."""

FIRST = 10.0
"""Minutes of audio after which nothing may grow any more."""

ALLOWED_MB = 5.0


@dataclass(frozen=True, slots=True)
class Sample:
    """What it takes after some audio."""

    minutes: float
    """Of audio."""
    resident_mb: float
    files: int
    threads: int
    processes: int
    turns: int


@dataclass(frozen=True, slots=True)
class Soak:
    """The outcome."""

    samples: tuple[Sample, ...]
    speed: float
    """Seconds of audio a second."""
    errors: int

    def growth_after(self, minutes: float) -> float:
        """Return the MB of resident memory from the first sample at or after `minutes` to the largest later one."""
        later = [sample.resident_mb for sample in self.samples if sample.minutes >= minutes]
        return max(later) - later[0] if later else 0.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `voicestream bench soak`."""
    parser.add_argument("--hours", type=float, default=8.0, help="of audio (default: 8)")
    parser.add_argument("--every", type=float, default=10.0, help="minutes of audio between two samples (default: 10)")
    parser.add_argument("--set", metavar="KEY=VALUE", action="append", default=[], help="a setting of the conversation")
    parser.add_argument("--json", action="store_true", help="the outcome as one object")


def run(arguments: argparse.Namespace) -> int:
    """Soak, print the samples, and return 1 where memory grew."""
    if sys.platform != "linux":
        raise UsageError("bench soak reads /proc, which only Linux has")
    show = None if arguments.json else _print
    outcome = asyncio.run(soak(arguments.hours * 60, arguments.every, (*SETTINGS, *arguments.set), show))
    growth = outcome.growth_after(FIRST)
    if arguments.json:
        sys.stdout.write(json.dumps({**asdict(outcome), "growth_mb": round(growth, 1)}) + "\n")
    else:
        speed = f"{outcome.speed:.0f} times real time"
        sys.stdout.write(f"{growth:+.1f} MB after the first {FIRST:g} minutes; {speed}, {outcome.errors} errors\n")
    return int(growth > ALLOWED_MB)


async def soak(
    minutes: float, every: float, settings: Sequence[str], show: Callable[[Sample], None] | None = None
) -> Soak:
    """Let it listen for `minutes`, and sample each `every` minutes of audio; `show` sees each sample."""
    counts: Counter[str] = Counter()
    samples: list[Sample] = []
    async with talking("--input", "-", "--fast", "--output", "none", settings=settings) as talk:
        reading = asyncio.create_task(_count(talk, counts))
        began = time.monotonic()
        fed = 0
        for minute, audio in zip(range(1, round(minutes) + 1), _minutes(), strict=False):
            await talk.feed(audio)
            fed = minute
            if minute % round(every) == 0:
                samples.append(_sample(talk, minute, counts["turn"]))
                if show:
                    show(samples[-1])
        talk.end_feed()
        await reading
        elapsed = time.monotonic() - began
    return Soak(tuple(samples), fed * 60 / elapsed, counts["error"])


def _sample(talk: RunningTalk, minute: int, turns: int) -> Sample:
    footprint = measure_tree(talk.number)
    return Sample(
        minute, round(footprint.resident_mb, 1), footprint.files, footprint.threads, footprint.processes, turns
    )


async def _count(talk: RunningTalk, counts: Counter[str]) -> None:
    events: AsyncGenerator[dict[str, object], None]
    async with aclosing(talk.events()) as events:
        async for event in events:
            counts[str(event["event"])] += 1


def _minutes() -> Iterator[Samples]:
    """Yield minutes of audio without end: silence of a room, a question and a noise."""
    questions = [clip.audio for clip in synthesized(PHRASES)]
    noises = [clip.audio for clip in nobody_speaks()]
    random = np.random.default_rng(3)
    number = 0
    while True:
        minute = random.normal(0, 1e-3, 60 * SAMPLE_RATE).astype(np.float32)
        for start, sound in ((5, questions[number % len(questions)]), (30, noises[number % len(noises)])):
            minute[start * SAMPLE_RATE :][: len(sound)] += sound
        number += 1
        yield minute


def _print(sample: Sample) -> None:
    sys.stdout.write(
        f"{sample.minutes:>6.0f} min {sample.resident_mb:>8.1f} MB {sample.files:>4} files {sample.threads:>3} threads "
        f"{sample.processes:>2} processes {sample.turns:>5} turns\n"
    )
    sys.stdout.flush()
