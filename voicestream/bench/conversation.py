"""`voicestream bench conversation`: scripted conversations in a simulated room, on the real way of the data.

The assistant, its turn taking, detector, sentences, loudspeaker queue and voice are the real ones; virtual time makes
it faster than real time. The words come from an oracle, so that what is measured is the turn taking.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from voicestream import events as told
from voicestream.bench.conversation_script import HALVES, LISTENING, QUESTIONS, STORY, Line, Lines
from voicestream.bench.recorded_people import recorded_lines
from voicestream.bench.rehearsal import Rehearsal, SpokenPhrase
from voicestream.bench.sounded_words import sounded_words
from voicestream.bench.spoken_clips import shared_folder
from voicestream.bench.stage import ASSISTANT_VOICE, DECODE, Effort, Scene, Stage, rooms
from voicestream.errors import UsageError
from voicestream.parts import EchoCanceller, Recognizer
from voicestream.turns.users_turn import MOST_TRIES
from voicestream.vocabulary import SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report."""

    name: str
    value: str
    goal: str
    is_reached: bool


async def ask(scene: Scene, question: Line) -> None:
    """Let the person ask until the answer sounds: who was not heard asks again, and at last somebody else does."""
    for line in (question, question, QUESTIONS[0]):
        await scene.say(line)
        if await scene.until(told.SoundStarted, limit=6.0):
            return


def measure_self_hearing(stage: Stage, seconds: float, seed: int, stories: int = 3) -> Figure:
    """Count the turns and interruptions that the assistant's own voice starts."""
    spoken = wrong = pauses = 0.0
    number = 0

    async def play(scene: Scene) -> None:
        nonlocal spoken, wrong, pauses
        await ask(scene, scene.random.choice(stage.lines.questions))
        begin = scene.room.now
        await scene.until(told.Answer, limit=300.0)
        spoken += scene.microphone.far_sounded_at - begin
        await asyncio.sleep(3.0)
        wrong += len(scene.all(told.Interrupted)) + len(scene.all(told.Turn)) - 1
        pauses += len(scene.all(told.Paused, after=begin))

    while spoken < seconds:
        stage.perform(play, rooms(number + 1, seed)[number], STORY * stories)
        number += 1
    rate = wrong / spoken * 3600
    limit = 0.0 if stage.make_canceller else 1.0
    return Figure(
        "hears itself: turns or interruptions by its own voice, per hour of its speech",
        f"{rate:.1f} ({wrong:.0f} in {spoken / 60:.0f} min of {number} rooms, {pauses:.0f} pauses)",
        f"≤ {limit:.0f}",
        rate <= limit,
    )


def measure_interruptions(stage: Stage, count: int, seed: int) -> list[Figure]:
    """Measure how surely and how soon the answer stops for the person, and what the history keeps of it."""
    delays: list[float] = []

    async def play(scene: Scene) -> None:
        await ask(scene, scene.random.choice(stage.lines.questions))
        await asyncio.sleep(1.0 + 6.0 * scene.random.random())
        begin, end = await scene.say(scene.random.choice(stage.lines.interruptions))
        silent = await scene.silence_after(end)
        if silent is not None:
            delays.append(max(0.0, silent - begin))

    for settings in rooms(count, seed):
        stage.perform(play, settings, STORY)
    share = len(delays) / count
    middle, worst = median(delays or [9.9]), float(np.percentile(delays or [9.9], 95))
    return [
        Figure("real interruptions noticed", f"{share:.1%} of {count}", "≥ 95 %", share >= 0.95),
        Figure(
            "from the user's first word to silence, median and p95",
            f"{middle:.2f} s, {worst:.2f} s",
            "≤ 0.3 s, ≤ 0.6 s",
            middle <= 0.3 and worst <= 0.6,
        ),
    ]


def noise_burst(kind: str, seed: int) -> SpokenPhrase:
    """Return a cough, a clap or a slammed door, made of shaped noise."""
    chance = np.random.default_rng(seed)
    seconds, low, high, decay = {
        "cough": (0.45, 300.0, 3000.0, 9.0),
        "clap": (0.12, 800.0, 6000.0, 50.0),
        "door": (0.6, 40.0, 400.0, 8.0),
    }[kind]
    samples = chance.standard_normal(round(seconds * SAMPLE_RATE))
    spectrum = np.fft.rfft(samples)
    hertz = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE)
    spectrum *= (hertz > low) * (hertz < high)
    moments = np.arange(len(samples)) / SAMPLE_RATE
    shaped = np.fft.irfft(spectrum, len(samples)) * np.exp(-decay * moments)
    if kind == "cough":  # two thrusts
        shaped += 0.7 * np.roll(shaped, round(0.22 * SAMPLE_RATE)) * (moments > 0.22)
    return SpokenPhrase((0.3 * shaped / np.max(np.abs(shaped))).astype(np.float32), ())


def measure_disturbances(stage: Stage, count: int, seed: int) -> list[Figure]:
    """Measure what coughs, claps, doors and listening sounds do to an answer."""
    lost: list[str] = []
    resumed: list[float] = []

    async def play(scene: Scene) -> None:
        await ask(scene, scene.random.choice(stage.lines.questions))
        await asyncio.sleep(1.0 + 4.0 * scene.random.random())
        kind = scene.random.choice(("cough", "clap", "door", "mhm", "mhm"))
        before = scene.room.now
        if kind == "mhm":
            _, end = await scene.say(scene.random.choice(LISTENING))
        else:
            _, end = await scene.utter(noise_burst(kind, scene.room.settings.seed))
        await asyncio.sleep(3.0)
        if len(scene.all(told.Interrupted, after=before)) + len(scene.all(told.Turn, after=before)):
            lost.append(kind)
        if any(before < event.time < end + 0.1 for event in scene.all(told.Paused)):
            resumed.extend(event.time - end for event in scene.all(told.Resumed, after=before)[:1])

    for settings in rooms(count, seed):
        stage.perform(play, settings, STORY)
    share = len(lost) / count
    slowest = max(resumed, default=0.0)
    return [
        Figure(
            'coughs, "mhm", claps, doors that lost the answer',
            f"{share:.1%} of {count}" + (f" ({', '.join(sorted(set(lost)))})" if lost else ""),
            "0 %",
            not lost,
        ),
        Figure(
            "after them the answer goes on within",
            f"{median(resumed or [0.0]):.2f} s, at most {slowest:.2f} s ({len(resumed)} paused)",
            "≤ 0.5 s",
            slowest <= 0.5,
        ),
    ]


def measure_cut_offs(stage: Stage, count: int, seed: int) -> list[Figure]:
    """Count the turns that are answered while the person thinks in mid-sentence, and what asking ahead costs."""
    cut: list[str] = []
    wasted: list[list[told.Wasted]] = []

    async def play(scene: Scene) -> None:
        first, second = HALVES[scene.room.settings.seed % len(HALVES)]
        await scene.say(first)
        await asyncio.sleep(0.5 + scene.random.random())
        begin, _ = await scene.say(second)
        await scene.until(told.Answer, limit=40.0)
        turns = {event.turn for event in scene.all(told.Turn)}
        if len(turns) != 1 or scene.all(told.SoundStarted)[0].time < begin:
            cut.append(first)
        wasted.append(scene.all(told.Wasted))

    for settings in rooms(count, seed, echo=False):
        stage.perform(play, settings, "All right.")
    share = len(cut) / count
    most = max(map(len, wasted))
    written = sum(event.output_tokens for events in wasted for event in events)
    return [
        Figure(
            "turns cut off at a pause of 0.5–1.5 s inside a sentence",
            f"{share:.1%} of {count}" + (f" ({'; '.join(sorted(set(cut)))})" if cut else ""),
            "≤ 5 %",
            share <= 0.05,
        ),
        Figure(
            "requests wasted there by asking ahead",
            f"{sum(map(len, wasted))} in {count} turns, at most {most} in one, {written} tokens written",
            "≤ 3 in one",
            most <= MOST_TRIES,
        ),
    ]


def measure_gap(stage: Stage, count: int, seed: int) -> Figure:
    """Measure what the turn taking adds between the end of a question and the first sound of its answer."""
    gaps: list[float] = []
    questions = stage.lines.questions

    async def play(scene: Scene) -> None:
        _, end = await scene.say(questions[scene.room.settings.seed % len(questions)])
        await scene.until(told.Latency)
        for latency in scene.all(told.Latency):
            if latency.first_sound and latency.first_audio and latency.transcript:
                needed = DECODE + latency.first_audio - latency.transcript
                gaps.append(scene.all(told.SoundStarted)[0].time - end - needed)

    for settings in rooms(count, seed, echo=False):
        stage.perform(play, settings, STORY)
    middle = median(gaps or [9.9])
    return Figure(
        "gap: end of a complete question to first sound, less what recognizer, model and voice need",
        f"{middle:.2f} s median, {float(np.percentile(gaps or [9.9], 95)):.2f} s p95 of {len(gaps)}",
        "≤ 0.25 s",
        middle <= 0.25,
    )


def measure_history(stage: Stage, count: int, seed: int, has_word_times: bool) -> Figure:
    """Compare the words that the history keeps of interrupted answers with those that really sounded."""
    differences: list[int] = []

    async def play(scene: Scene) -> None:
        await ask(scene, scene.random.choice(stage.lines.questions))
        await asyncio.sleep(0.5 + 8.0 * scene.random.random())
        _, end = await scene.say(scene.random.choice(stage.lines.interruptions))
        if await scene.silence_after(end) is not None:
            first = scene.all(told.Interrupted)[0]
            fewest, most = sounded_words(scene, first)
            heard = len(first.heard.split())
            differences.append(max(0, fewest - heard, heard - most))

    for settings in rooms(count, seed):
        stage.perform(play, settings, STORY, has_word_times=has_word_times)
    worst, limit = max(differences, default=99), 0 if has_word_times else 1
    return Figure(
        f"history against what was played, in words, {'with' if has_word_times else 'without'} word times of the voice",
        f"at most {worst}, mean {sum(differences) / max(1, len(differences)):.2f} in {len(differences)}",
        f"≤ {limit}",
        worst <= limit,
    )


def measure_effort(stage: Stage) -> Figure:
    """Tell what detection and echo cancellation took of one core so far."""
    seconds = dict(stage.effort.seconds)
    audio = seconds.pop("audio", 1.0)
    total = sum(seconds.values()) / audio
    parts = ", ".join(f"{name} {spent / audio:.4f}" for name, spent in seconds.items())
    return Figure("processor seconds per second of audio", f"{total:.4f} ({parts})", "≤ 0.03", total <= 0.03)


# --------------------------------------------------------------------------------------------------- the command

RUNS = {"with": "with the extra aec", "without": "without the extra aec", "off": "without any echo canceller"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this bench."""
    parser.add_argument("--conversations", type=int, default=40, help="conversations for each figure (40)")
    parser.add_argument("--minutes", type=float, default=10.0, help="minutes of the assistant's own speech (10)")
    parser.add_argument("--errors", type=float, default=0.05, help="share of words that the oracle gets wrong (0.05)")
    parser.add_argument(
        "--model",
        default="",
        help="folder of a Whisper model that recognizes; models/tiny-synthetic only knows synthesized voices",
    )
    parser.add_argument("--seed", type=int, default=1, help="of rooms, persons and errors (1)")
    parser.add_argument(
        "--canceller",
        choices=("both", *RUNS),
        default="both",
        help="with the extra aec, without it, with no canceller at all (off), or the first two (both)",
    )
    parser.add_argument(
        "--recordings",
        metavar="FOLDER",
        help="of people, with its manifest.tsv, who ask and interrupt; empty: synthesized voices "
        "(default: ../shared/audio beside the checkout, where it is there)",
    )
    parser.add_argument(
        "--jumps",
        type=float,
        default=0.0,
        metavar="MS",
        help="let the echo's delay jump every 6 seconds, by so many milliseconds as a rule (0)",
    )
    parser.add_argument("--only", default="", help="measure only figures whose name holds this word")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def run(arguments: argparse.Namespace) -> int:
    """Print the figures as they are measured."""
    lines = _open_lines(arguments.recordings)
    if not arguments.json:
        sys.stdout.write(f"questions and interruptions by {lines.spoken_by}\n")
    with Rehearsal() as rehearsal:
        recognizer = _open_whisper(arguments.model) if arguments.model else None
        level = _level_of(rehearsal)
        for choice in ("with", "without") if arguments.canceller == "both" else (arguments.canceller,):
            stage = Stage(
                rehearsal,
                level,
                Effort(),
                _canceller(choice),
                arguments.errors,
                recognizer,
                lines,
                arguments.jumps / 1000,
            )
            name = RUNS[choice]
            if not arguments.json:
                sys.stdout.write(f"\n{name}\n")
            for figure in _figures(stage, arguments):
                _print(figure, name, lines.spoken_by, arguments.json)
    return 0


def _open_lines(folder: str | None) -> Lines:
    """Return what persons say, of recordings where there are some; raise UsageError where those asked for are not."""
    beside = shared_folder() / "audio"
    if folder is None:
        return recorded_lines(beside) if (beside / "manifest.tsv").is_file() else Lines()
    return recorded_lines(Path(folder)) if folder else Lines()


def _open_whisper(folder: str) -> Recognizer:
    """Return the real recognizer."""
    from voicestream.backends.whisper import Whisper

    return Whisper(Path(folder))


def _figures(stage: Stage, arguments: argparse.Namespace) -> Iterator[Figure]:
    """Yield the figures of the table, one after the other."""
    count, seed = arguments.conversations, arguments.seed
    measures: dict[str, Callable[[], Figure | list[Figure]]] = {
        "itself": lambda: measure_self_hearing(stage, 60 * arguments.minutes, seed),
        "interruptions": lambda: measure_interruptions(stage, count, seed),
        "coughs": lambda: measure_disturbances(stage, count, seed),
        "pauses": lambda: measure_cut_offs(stage, count, seed),
        "gap": lambda: measure_gap(stage, count, seed),
        "history": lambda: [measure_history(stage, count, seed, has_times) for has_times in (True, False)],
        "processor": lambda: measure_effort(stage),
    }
    for name, measure in measures.items():
        if arguments.only in name:
            found = measure()
            yield from found if isinstance(found, list) else [found]


def _canceller(choice: str) -> Callable[[], EchoCanceller] | None:
    """Return what makes the canceller of a run; raise UsageError where its extra is not installed."""
    from voicestream.backends import echo_canceller

    if choice == "with":
        try:
            echo_canceller.WebRtcSuppressor()
        except ImportError as error:
            raise UsageError("the extra aec is not installed: pip install livekit") from error
        return echo_canceller.open_canceller
    return None if choice == "off" else lambda: echo_canceller.EchoCanceller(None)


def _level_of(rehearsal: Rehearsal) -> float:
    """Return how loud the assistant's voice is, root mean square of its voiced frames."""
    samples = np.concatenate([piece.samples for piece in rehearsal.speak(STORY.split(". ")[0] + ".", ASSISTANT_VOICE)])
    powers = np.mean(samples[: len(samples) // 512 * 512].reshape(-1, 512) ** 2, axis=1)
    return float(np.sqrt(np.mean(powers[powers > 0.05 * powers.max()])))


def _print(figure: Figure, run_name: str, spoken_by: str, as_json: bool) -> None:
    if as_json:
        record = {
            "run": run_name,
            "persons": spoken_by,
            "figure": figure.name,
            "value": figure.value,
            "goal": figure.goal,
        }
        sys.stdout.write(json.dumps(record | {"reached": figure.is_reached}, ensure_ascii=False) + "\n")
    else:
        sign = "✓" if figure.is_reached else "✗"
        sys.stdout.write(f"  {sign} {figure.name}: {figure.value} (goal {figure.goal})\n")
    sys.stdout.flush()
