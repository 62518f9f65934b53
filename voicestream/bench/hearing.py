"""measure the recognition of speech on this machine: delay, words, settling, silence, processor time"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from voicestream.backends.tuning_file import tuning_path
from voicestream.backends.whisper import WhisperSettings
from voicestream.bench.hearing_figures import (
    count_errors,
    measure_delay,
    measure_share,
    measure_silence,
    watch_settling,
    write_down,
)
from voicestream.bench.phrases import judge_people
from voicestream.bench.random_whisper import SHAPES, build_random_whisper
from voicestream.bench.spoken_clips import LONG_PHRASES, Clip, nobody_speaks, recordings, shared_folder, synthesized
from voicestream.bench.tune import find_tuning, settings_of, tune, tuned_settings
from voicestream.errors import InputError
from voicestream.hearing.suspicion import plain_words
from voicestream.hearing.tuning import Measured
from voicestream.vocabulary import SAMPLE_RATE

PARTS = ("delay", "words", "settling", "nobody", "silence", "share", "phrases")
SHARES = (0.1, 0.2, 0.4)


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure and the one to reach."""

    name: str
    value: str
    goal: str
    is_reached: bool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this bench."""
    parser.add_argument("--parts", default=",".join(PARTS), help=f"any of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--shapes", default="tiny,base,small", help="sizes of the random models for the delay")
    parser.add_argument("--model", type=Path, default=None, help="folder of a Whisper model (default: the tiny one)")
    parser.add_argument("--hours", type=float, default=1.0, help="hours of silence (10 take about two minutes)")
    parser.add_argument("--choose", action="store_true", help="choose threads, arithmetic and beams, and remember them")
    parser.add_argument("--json", action="store_true", help="print JSON lines instead of a table")


def run(arguments: argparse.Namespace) -> int:
    """Measure, print each figure as soon as it is known, and return 0 where all are reached, else 1."""
    model = arguments.model or Path(__file__).resolve().parents[2] / "models" / "tiny-synthetic"
    if not model.is_dir():
        raise InputError(f"{model}: there is no such folder; --model names one")
    if arguments.choose:
        _choose(model)
        return 0
    parts = set(arguments.parts.split(","))
    if unknown := parts - set(PARTS):
        raise InputError(f"--parts {','.join(sorted(unknown))}: allowed are {', '.join(PARTS)}")
    is_all_reached = True
    for figure in _figures(parts, model, arguments.shapes.split(","), arguments.hours):
        sys.stdout.write((json.dumps(asdict(figure)) if arguments.json else _row(figure)) + "\n")
        sys.stdout.flush()
        is_all_reached = is_all_reached and figure.is_reached
    return 0 if is_all_reached else 1


def _figures(parts: set[str], model: Path, shapes: list[str], hours: float) -> Iterator[Figure]:
    if "delay" in parts:
        for shape in shapes:
            yield from _delay(shape)
    if "words" in parts:
        yield from _words(model)
    if "settling" in parts:
        yield from _settling(model)
    if "nobody" in parts:
        yield _nobody(model)
    if "silence" in parts:
        share, growth = measure_silence(hours)
        yield Figure("processor time in silence, share of a core", f"{share:.2%}", "≤ 1.5 %", share <= 0.015)
        yield Figure(f"memory growth over {hours:g} h of silence", f"{growth:.1f} MB", "0", growth < 1)
    if "share" in parts:
        yield from _share()
    if "phrases" in parts:
        yield from _phrases()


def _delay(shape: str) -> Iterator[Figure]:
    if shape not in SHAPES:
        raise InputError(f"--shapes {shape}: known are {', '.join(SHAPES)}")
    clips = sorted(synthesized(), key=lambda clip: len(clip.audio))
    clips = [clips[0], clips[len(clips) // 2], max(synthesized(LONG_PHRASES), key=lambda clip: len(clip.audio))]
    with tempfile.TemporaryDirectory() as folder:
        build_random_whisper(SHAPES[shape], Path(folder))
        tuning = find_tuning(Path(folder))
    for clip in clips:
        with tempfile.TemporaryDirectory() as folder:
            build_random_whisper(SHAPES[shape], Path(folder), tokens=len(clip.text.split()) + 1)  # and a full stop
            delay = measure_delay(Path(folder), clip, settings_of(tuning))
        name = f"{shape}, {tuning.threads} threads: {len(clip.audio) / SAMPLE_RATE:.1f} s, noticed end to final text"
        value = f"{delay.ratio:.3f} ({delay.ours * 1000:.0f} / {delay.plain * 1000:.0f} ms)"
        yield Figure(name, value, "≤ 0.15", delay.ratio <= 0.15)
        value = f"{delay.decode / delay.plain:.3f} ({delay.decode * 1000:.0f} ms)"
        yield Figure("  one decode by itself, nothing begun early", value, "", True)


def _words(model: Path) -> Iterator[Figure]:
    settings = tuned_settings(model)
    total = [0, 0, 0]
    for noise in (None, 20.0, 10.0, 5.0):
        ours, theirs, words = count_errors(model, synthesized(snr_db=noise), settings)
        total = [before + now for before, now in zip(total, (ours, theirs, words), strict=True)]
        name = f"word errors, {'clean' if noise is None else f'noise {noise:g} dB under the voice'}"
        yield Figure(name, f"{ours / words:.3f}, plain {theirs / words:.3f}", "", True)
    worse = (total[0] - total[1]) / total[2]
    yield Figure("more word errors than the plain call", f"{worse:+.1%} of {total[2]} words", "≤ 1 %", worse <= 0.01)


def _settling(model: Path) -> Iterator[Figure]:
    found = asyncio.run(watch_settling(model, synthesized(LONG_PHRASES), tuned_settings(model)))
    taken_back = sum(each.taken_back for each in found)
    share = statistics.mean(each.settled_share for each in found)
    yield Figure("settled text later taken back", str(taken_back), "0", taken_back == 0)
    yield Figure("words settled before the end of speech", f"{share:.0%}", "≥ 60 %", share >= 0.6)
    pause = statistics.median(each.after_pause for each in found)
    voice = statistics.median(each.after_voice for each in found)
    yield Figure("final text after the noticed pause", f"{pause * 1000:.0f} ms", "", True)
    yield Figure("final text after the end of the voice", f"{voice * 1000:.0f} ms", "", True)


def _nobody(model: Path) -> Figure:
    clips: list[Clip] = [*nobody_speaks(), *recordings(("noise", "music", "silence"))]
    texts = asyncio.run(write_down(model, clips, tuned_settings(model)))
    words = sum(len(plain_words(text)) for text in texts)
    return Figure(f"words from {len(clips)} clips of noise, music and silence", str(words), "0", words == 0)


def _share() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        build_random_whisper(SHAPES["base"], Path(folder))
        for share in SHARES:
            found = asyncio.run(measure_share(Path(folder), WhisperSettings(), share))
            name = f"processor time of partials (base), set to {share:g} of a core"
            yield Figure(name, f"{found:.3f}", "± 10 %", abs(found / share - 1) <= 0.1)


def _phrases() -> Iterator[Figure]:
    for name, found in zip(("", ", cross-validated"), judge_people(shared_folder() / "audio"), strict=True):
        who = f"{'people' if found.kind == 'human' else 'flite'}{name}"
        errors, taken = found.word_errors, found.wrong_commands
        title = f"embedded: word errors of {found.within} commands, {who}"
        yield Figure(title, f"{errors:.3f}", "≤ 0.08", errors <= 0.08)
        yield Figure(f"embedded: commands kept, {who}", f"{found.kept:.0%}", "≥ 85 %", found.kept >= 0.85)
        title = f"embedded: {found.outside} others taken, {who}"
        yield Figure(title, f"{taken:.0%}", "≤ 10 %", taken <= 0.1)


def _choose(model: Path) -> None:
    """Measure how the model runs best here, and remember it: every later start of the program uses it."""

    def tell(measured: Measured) -> None:
        tuning, took = measured.tuning, f"{measured.seconds * 1000:.0f} ms"
        sys.stdout.write(f"{tuning.threads} threads, {tuning.compute_type}, beam {tuning.beam}: {took}\n")
        sys.stdout.flush()

    best = tune(model, tell)
    chosen = f"{best.threads} threads, {best.compute_type}, beam {best.beam}"
    sys.stdout.write(f"chosen: {chosen}; {best.speed:.3f} of real time; remembered in {tuning_path(model)}\n")


def _row(figure: Figure) -> str:
    mark = "" if not figure.goal else "reached" if figure.is_reached else "MISSED"
    return f"{figure.name:<60} {figure.value:<28} {figure.goal:<8} {mark}"
