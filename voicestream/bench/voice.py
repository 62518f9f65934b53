"""Measure voices: first audio, speed, memory, stop, the gap between sentences, and endurance; beside the plain ways."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, aclosing

import numpy as np

from voicestream.backends.voice_process import ChildVoice
from voicestream.bench.voice_figures import PAUSE, TWELVE_WORDS, Figure, resident, spread
from voicestream.config import Speaking
from voicestream.errors import VoiceError
from voicestream.speaking.continuity import SILENCE_LEVEL
from voicestream.speaking.synthesis import SpeakingStyle, synthesize
from voicestream.vocabulary import Sentence
from voicestream.voice_choice import choose_voice

RATE = 48_000

BETWEEN_BLOWS = 0.3
"""Seconds: less than a sentence takes to be heard, in which a new spare is started."""

TOLERANCE = 100
"""Milliseconds by which the same text may last longer: espeak's own lengths vary by up to 52."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `voicestream bench voice`."""
    parser.add_argument("--engines", default="pyttsx3,espeak", metavar="A,B", help="also piper, kokoro")
    parser.add_argument("--count", type=int, default=100, metavar="N", help="sentences of each measurement")
    parser.add_argument("--endurance", type=int, default=2000, metavar="N", help="utterances in a row; 0: none")
    parser.add_argument("--kills", type=int, default=100, metavar="N", help="times a child is killed or hung; 0: none")
    parser.add_argument("--no-peers", action="store_true", help="leave out the other ways to speak")
    parser.add_argument(
        "--realtimetts", default=sys.executable, metavar="PYTHON", help="the Python that has RealtimeTTS"
    )
    parser.add_argument("--device", action="store_true", help="also measure at the loudspeaker's monitor vs_monitor")
    parser.add_argument("--json", action="store_true", help="print one JSON object a figure")


def run(arguments: Namespace) -> int:
    """Print the figures."""
    for engine in arguments.engines.split(","):
        _print(asyncio.run(_measure(engine, arguments)), arguments.json)
    with ExitStack() as stack:
        monitor = None
        if arguments.device:
            from voicestream.bench.voice_at_device import measure_at_device, monitoring

            for engine in arguments.engines.split(","):
                _print(asyncio.run(measure_at_device(engine, min(arguments.count, 30))), arguments.json)
            monitor = stack.enter_context(monitoring())
        if not arguments.no_peers:
            from voicestream.bench.voice_peers import measure_peers

            _print(measure_peers(min(arguments.count, 20), arguments.realtimetts, monitor), arguments.json)
    return 0


def _print(figures: Sequence[Figure], as_json: bool) -> None:
    for one in figures:
        if as_json:
            record = {"voice": one.voice, "figure": one.name, "value": one.value, "goal": one.goal}
            line = json.dumps(record, ensure_ascii=False)
        else:
            line = f"{one.voice:<23} {one.name:<54} {one.value:<32} {one.goal}".rstrip()
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


async def _measure(engine: str, arguments: Namespace) -> list[Figure]:
    opened = choose_voice(Speaking(engine=engine))  # type: ignore[arg-type] # a wrong name is told by choose_voice
    assert isinstance(opened, ChildVoice), "only voices on this machine are measured"
    started = time.perf_counter()
    async with opened as voice:
        ready = time.perf_counter() - started
        await _spoken(voice, TWELVE_WORDS)
        figures = [
            Figure(engine, "start to ready", f"{1000 * ready:.0f} ms"),
            *await _speed(engine, voice, arguments.count),
            await _stopping(engine, voice, arguments.count),
            await _gap(engine, voice),
        ]
        if arguments.endurance:
            figures += await _endurance(engine, voice, arguments.endurance)
        if arguments.kills:
            figures += await _kills(engine, voice, arguments.kills)
    return figures


async def _spoken(voice: ChildVoice, text: str) -> int:
    """Return the milliseconds of audio of a text."""
    return round(1000 * sum([len(pcm.samples) / pcm.rate async for pcm in voice.synthesize(text)]))


async def _speed(engine: str, voice: ChildVoice, count: int) -> list[Figure]:
    first, whole, audio = [], [], 0.0
    for _ in range(count):
        begun, heard = time.perf_counter(), 0.0
        async for pcm in voice.synthesize(TWELVE_WORDS):
            if not heard:
                first.append(time.perf_counter() - begun)
            heard += len(pcm.samples) / pcm.rate
        whole.append(time.perf_counter() - begun)
        audio += heard
    goal = {"pyttsx3": "≤ 15 ms median, ≤ 40 ms p95", "espeak": "≤ 2 ms"}.get(engine, "")
    return [
        Figure(engine, "sentence to first audio, 12 words", spread(first), goal),
        Figure(engine, "sentence to its last audio", spread(whole)),
        Figure(engine, "real-time factor", f"{sum(whole) / audio:.4f}"),
        Figure(engine, "memory of the child", f"{_memory(voice):.1f} MB"),
    ]


async def _stopping(engine: str, voice: ChildVoice, count: int) -> Figure:
    """Measure from the close of a long text to the first audio of the next: all that is left of it is in there."""
    times = []
    for _ in range(count):
        async with aclosing(voice.synthesize(TWELVE_WORDS * 10)) as pieces:
            await anext(pieces)
            await pieces.aclose()
        begun = time.perf_counter()
        async with aclosing(voice.synthesize(TWELVE_WORDS)) as pieces:
            await anext(pieces)
        times.append(time.perf_counter() - begun)
    return Figure(engine, "cancel to first audio of the next sentence", spread(times))


async def _gap(engine: str, voice: ChildVoice) -> Figure:
    """Measure the silence between sentences as the loudspeaker would be given it."""

    async def sentences() -> AsyncIterator[Sentence]:
        for index, text in enumerate(("One.", "Two is here.", "Here are three.", "And four.")):
            yield Sentence(index, text, text)

    pieces, borders = [], []
    async for sound in synthesize(sentences(), voice, RATE, SpeakingStyle(pause=PAUSE)):
        pieces.append(sound.samples)
        if sound.is_last:
            borders.append(sum(map(len, pieces)))
    loud = np.flatnonzero(np.abs(np.concatenate(pieces)) >= SILENCE_LEVEL)
    gaps = [float(loud[loud >= border][0] - loud[loud < border][-1]) / RATE for border in borders[:-1]]
    error = max(abs(gap - PAUSE) for gap in gaps)
    return Figure(engine, "gap between sentences, off the set pause", f"{1000 * error:.1f} ms at most", "≤ 10 ms")


async def _endurance(engine: str, voice: ChildVoice, count: int) -> list[Figure]:
    """Speak numbers of which each has its own length of audio at first, and must have it again."""
    texts = [f"This is number {number}." for number in range(50)]
    expected = [await _spoken(voice, text) for text in texts]
    before, odd = _memory(voice), 0
    own_before = resident(os.getpid())
    for turn in range(count):
        odd += abs(await _spoken(voice, texts[turn % 50]) - expected[turn % 50]) > TOLERANCE
    growth = _memory(voice) - before
    own = resident(os.getpid()) - own_before
    return [
        Figure(engine, f"{count} utterances: lost, repeated or cut", str(odd), "0"),
        Figure(engine, f"{count} utterances: growth", f"child {growth:+.1f} MB, parent {own:+.1f} MB", "≤ 5 MB"),
    ]


async def _kills(engine: str, voice: ChildVoice, count: int) -> list[Figure]:
    """Kill or hang the child at random points of every other sentence; the others must be spoken, once and in order."""
    chance = random.Random(6)
    wrong, first, hung = 0, [], 0
    for number in range(count):
        await asyncio.sleep(BETWEEN_BLOWS)
        victim = voice.process_id
        assert victim is not None
        blow = chance.choice([signal.SIGKILL, signal.SIGSEGV, signal.SIGSTOP])
        timer = asyncio.get_running_loop().call_later(chance.uniform(0, 0.02), _strike, victim, blow)
        try:
            await _spoken(voice, TWELVE_WORDS if blow == signal.SIGSTOP else TWELVE_WORDS * 5)
        except VoiceError as error:
            hung += error.code == "hung"
        timer.cancel()
        _strike(victim, signal.SIGKILL if blow == signal.SIGSTOP else blow)  # it may have been done before the blow
        text, words, heard = " ".join(["yes"] * (1 + number % 7) + ["no"] * (1 + number % 3)), [], 0.0
        begun = time.perf_counter()
        async for pcm in voice.synthesize(text):
            heard = heard or time.perf_counter() - begun
            words += [text[word.start : word.end] for word in pcm.words]
        wrong += words != text.split()
        first.append(heard)
    return [
        Figure(engine, f"{count} children killed or hung: others lost, twice or cut", f"{wrong} ({hung} hung)", "0"),
        Figure(engine, "sentence after a kill or hang to first audio", spread(first)),
    ]


def _strike(process: int, blow: signal.Signals) -> None:
    try:
        os.kill(process, blow)
    except ProcessLookupError:
        return


def _memory(voice: ChildVoice) -> float:
    return resident(voice.process_id or 0)
