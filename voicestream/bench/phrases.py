"""Measures the embedded recognizer on recorded people: word errors within its phrases, wrong commands from outside."""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import re
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from itertools import product
from pathlib import Path

import numpy as np

from voicestream.bench.spoken_clips import LONG_PHRASES, OTHER_PHRASES, PHRASES, spoken_by_flite
from voicestream.errors import InputError, UsageError
from voicestream.hearing.phrase_fit import LIMITS, Attempt, Limits, best_attempt, is_within_phrases
from voicestream.hearing.phrase_graph import is_phrase, read_jsgf
from voicestream.vocabulary import SAMPLE_RATE, Samples

_ONES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_ONES += ["thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ALIKE = {"colour": "color", "tv": "t v", "firefox": "fire fox", "ecobee": "eco bee"}
"""Words that are written in two ways."""

_CHOICES = (
    tuple(float(margin) for margin in np.arange(-24, -8, 0.5)),
    (-90.0, -70.0, -60.0, -52.0, -45.0, -38.0),
    (0.9, 1.1, 1.3, 1.6, 2.0),
)
"""The values of each of the Limits to choose from."""

FOLDS = 5
"""Parts of a cross-validation."""

MOST_TAKEN = 0.07
"""Share of other speech that may be taken for a command where limits are chosen; of speech unheard then, 0.1 may be."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording and what is said in it."""

    name: str
    kind: str
    """human, voice (made by a machine), digit (one alone, by telephone), or other: noise, music, silence."""
    words: tuple[str, ...]
    """Empty where nobody wrote them down: then it is outside every phrase."""
    samples: Samples


@dataclass(frozen=True, slots=True)
class Trial:
    """What the recognizer's throats made of a recording, before it is decided whether that is believed."""

    recording: Recording
    is_within: bool
    """Whether it says a phrase of the grammar."""
    attempts: Sequence[Attempt]
    seconds: float
    """Processor time of all attempts; in earnest the second is made only in doubt."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the recognizer makes of a recording."""

    recording: Recording
    is_within: bool
    words: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class PhraseFigures:
    """The figures of one kind of recording."""

    kind: str
    within: int
    """Recordings of phrases of the grammar."""
    word_errors: float
    """Of the phrases, share of their words; a rejected phrase has all its words wrong."""
    kept_word_errors: float
    """Of those that were not rejected."""
    right: float
    """Share of the phrases that came back word for word."""
    kept: float
    """Share of the phrases that were not rejected."""
    outside: int
    """Recordings of other speech, or of none."""
    wrong_commands: float
    """Share of them that came back as a command."""
    cost: float
    """Seconds of processor time per second of audio."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `voicestream bench phrases` understands."""
    parser.add_argument(
        "--recordings", type=Path, metavar="FOLDER", help="with its manifest.tsv (default: speech that flite makes)"
    )
    parser.add_argument(
        "--folds",
        type=int,
        metavar="N",
        help="judge each of N parts with limits that were chosen on the others (default: all, with the limits as set)",
    )
    parser.add_argument(
        "--grammar", choices=("commands", "assistant"), default="commands", help="many commands, or the assistant's own"
    )
    parser.add_argument("--verbose", action="store_true", help="list what went wrong")
    parser.add_argument("--json", action="store_true", help="answer in JSON")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print the figures; raise UsageError where nobody is left to choose the limits on."""
    if arguments.folds is not None and arguments.folds < 2:
        raise UsageError(f"--folds {arguments.folds}: with fewer than 2 there are no others to choose on")
    if arguments.grammar == "assistant":
        from voicestream.thinking.phrases import jsgf

        grammar = jsgf()
    else:
        grammar = read_commands()
    recordings = read_recordings(arguments.recordings) if arguments.recordings else synthesized_recordings(grammar)
    trials = asyncio.run(try_all(recordings, grammar))
    outcomes = cross_validate(trials, arguments.folds) if arguments.folds else [decide(trial) for trial in trials]
    figures = [summarize(kind, outcomes) for kind in ("human", "voice", "digit", "other")]
    if arguments.json:
        sys.stdout.write(json.dumps([asdict(figure) for figure in figures]) + "\n")
    else:
        sys.stdout.write(_draw_table(figures) + (_list_faults(outcomes) if arguments.verbose else ""))
    return 0


def read_commands() -> str:
    """Return the grammar of many commands."""
    return (files("voicestream.bench") / "commands.gram").read_text(encoding="utf-8")


def synthesized_recordings(grammar: str) -> list[Recording]:
    """Return phrases of the grammar and other speech in a machine's voices; raise InputError without flite."""
    graph = read_jsgf(grammar)
    within = tuple(phrase for phrase in (*PHRASES, *LONG_PHRASES) if is_phrase(graph, as_spoken(phrase)))
    clips = [*spoken_by_flite(within), *spoken_by_flite(OTHER_PHRASES)]
    return [Recording(clip.name, "voice", as_spoken(clip.text), clip.audio) for clip in clips]


def _draw_table(figures: Iterable[PhraseFigures]) -> str:
    row = "{:8} {:>8} {:>12} {:>12} {:>6} {:>6} {:>8} {:>19} {:>6}\n"
    lines = [
        row.format(
            "", "phrases", "word errors", "of the kept", "right", "kept", "outside", "taken for commands", "cost"
        )
    ]
    for figure in figures:
        errors = (f"{figure.word_errors:.3f}", f"{figure.kept_word_errors:.3f}")
        shares = (f"{figure.right:.2f}", f"{figure.kept:.2f}")
        outside = (figure.outside, f"{figure.wrong_commands:.2f}")
        lines.append(row.format(figure.kind, figure.within, *errors, *shares, *outside, f"{figure.cost:.3f}"))
    return "".join(lines)


def read_recordings(folder: Path) -> list[Recording]:
    """Return the recordings that the folder's manifest.tsv lists; raise InputError."""
    import soundfile
    import soxr

    try:
        with (folder / "manifest.tsv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    except OSError as error:
        raise InputError(f"{folder}/manifest.tsv: cannot be read: {error.strerror}") from error
    recordings = []
    for row in rows:
        samples, rate = soundfile.read(folder / row["file"], dtype="float32", always_2d=True)
        mono = samples.mean(axis=1)
        audio = soxr.resample(mono, rate, SAMPLE_RATE) if rate != SAMPLE_RATE else mono
        kind = "human" if row["kind"].startswith("human") else "voice" if row["kind"].startswith("tts") else "other"
        if row["file"].startswith("digits/"):
            kind = "digit"
        words = as_spoken(row["transcript"]) if row["lang"] == "en" and "slots:" not in row["transcript"] else ()
        recordings.append(Recording(row["file"], kind, words, np.asarray(audio, np.float32)))
    return recordings


async def try_all(recordings: Iterable[Recording], grammar: str) -> list[Trial]:
    """Let each throat hear each recording whole."""
    from voicestream.backends.sphinx import SphinxRecognizer

    graph = read_jsgf(grammar)
    trials = []
    async with SphinxRecognizer(grammar) as recognizer:
        for recording in recordings:
            began = time.process_time()
            attempts = await recognizer.attempts(recording.samples)
            is_within = bool(recording.words) and is_phrase(graph, recording.words)
            trials.append(Trial(recording, is_within, attempts, time.process_time() - began))
    return trials


def decide(trial: Trial, limits: Limits = LIMITS) -> Outcome:
    """Return what comes of a trial where `limits` are set."""
    best = best_attempt(trial.attempts, limits)
    is_believed = is_within_phrases(best.fit, limits)
    text = " ".join(word.written for word in best.path) if is_believed else ""
    return Outcome(trial.recording, trial.is_within, as_spoken(text), trial.seconds)


def cross_validate(trials: Sequence[Trial], folds: int = FOLDS) -> list[Outcome]:
    """Return what comes of each of `folds` parts of the trials with the limits that serve the other parts best.

    So the figures are of recordings that had no part in choosing the limits.
    """
    within, outside = ([trial for trial in trials if trial.is_within is wanted] for wanted in (True, False))
    parts = [[*within[start::folds], *outside[start::folds]] for start in range(folds)]
    outcomes = []
    for judged in parts:
        limits = choose_limits([trial for part in parts if part is not judged for trial in part])
        outcomes += [decide(trial, limits) for trial in judged]
    return outcomes


def choose_limits(trials: Sequence[Trial]) -> Limits:
    """Return the limits under which the fewest phrases are lost while at most MOST_TAKEN of other speech is taken.

    Of those that are equally good, the middle: it is the farthest from where other people would be lost, or taken.
    """
    within = [trial.attempts for trial in trials if trial.is_within]
    outside = [trial.attempts for trial in trials if not trial.is_within]

    def loss(limits: Limits) -> tuple[float, float]:
        taken = _share(_is_believed(attempts, limits) for attempts in outside)
        return max(taken - MOST_TAKEN, 0.0), _share(not _is_believed(attempts, limits) for attempts in within)

    steps = list(product(*(range(len(values)) for values in _CHOICES)))
    losses = [loss(_limits_at(step)) for step in steps]
    best = np.array([step for step, found in zip(steps, losses, strict=True) if found == min(losses)])
    sizes = [len(values) for values in _CHOICES]
    distances = np.square((best - best.mean(axis=0)) / sizes).sum(axis=1)
    return _limits_at(best[distances.argmin()])


def _limits_at(step: Iterable[int]) -> Limits:
    return Limits(*(values[place] for values, place in zip(_CHOICES, step, strict=True)))


def _is_believed(attempts: Iterable[Attempt], limits: Limits) -> bool:
    return is_within_phrases(best_attempt(attempts, limits).fit, limits)


def judge_people(folder: Path) -> tuple[PhraseFigures, PhraseFigures]:
    """Return the figures of many commands spoken by people, and those of a cross-validation.

    Without recordings in `folder` the people are the voices of flite. Raise InputError without these.
    """
    grammar = read_commands()
    is_recorded = (folder / "manifest.tsv").is_file()
    recordings = read_recordings(folder) if is_recorded else synthesized_recordings(grammar)
    kind = "human" if is_recorded else "voice"
    trials = asyncio.run(try_all([each for each in recordings if each.kind == kind], grammar))
    return summarize(kind, [decide(trial) for trial in trials]), summarize(kind, cross_validate(trials))


def summarize(kind: str, outcomes: Sequence[Outcome]) -> PhraseFigures:
    """Return the figures of the recordings of one kind."""
    of_kind = [outcome for outcome in outcomes if outcome.recording.kind == kind]
    within = [outcome for outcome in of_kind if outcome.is_within]
    kept = [outcome for outcome in within if outcome.words]
    outside = [outcome for outcome in of_kind if not outcome.is_within]
    return PhraseFigures(
        kind,
        len(within),
        _word_errors(within),
        _word_errors(kept),
        _share(outcome.words == outcome.recording.words for outcome in within),
        _share(bool(outcome.words) for outcome in within),
        len(outside),
        _share(bool(outcome.words) for outcome in outside),
        sum(outcome.seconds for outcome in of_kind)
        / max(sum(outcome.recording.samples.size / SAMPLE_RATE for outcome in of_kind), 1),
    )


def as_spoken(text: str) -> tuple[str, ...]:
    """Return the words of `text` as they are said: digits in words, what is written in two ways in one."""
    spelled = re.sub(r"\d+", lambda found: f" {_say_number(int(found[0]))} ", text.lower())
    words = re.findall(r"[a-z']+", spelled)
    return tuple(part for word in words for part in _ALIKE.get(word, word).split())


def count_errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """Return how many words were left out, put in or exchanged, at least."""
    row = list(range(len(heard) + 1))
    for number, word in enumerate(said, 1):
        corner, row[0] = row[0], number
        for place, other in enumerate(heard, 1):
            corner, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, corner + (word != other))
    return row[-1]


def _word_errors(outcomes: Sequence[Outcome]) -> float:
    errors = sum(count_errors(outcome.recording.words, outcome.words) for outcome in outcomes)
    return errors / max(sum(len(outcome.recording.words) for outcome in outcomes), 1)


def _share(values: Iterable[bool]) -> float:
    found = list(values)
    return sum(found) / max(len(found), 1)


def _say_number(number: int) -> str:
    if number < 20:
        return _ONES[number]
    if number < 100:
        return f"{_TENS[number // 10 - 2]} {_ONES[number % 10] if number % 10 else ''}"
    return "a hundred" if number == 100 else " ".join(_ONES[int(digit)] for digit in str(number))


def _list_faults(outcomes: Iterable[Outcome]) -> str:
    lines = []
    for outcome in outcomes:
        said, heard = " ".join(outcome.recording.words), " ".join(outcome.words)
        if outcome.is_within and heard != said:
            lines.append(f"{outcome.recording.name}: said {said!r}, heard {heard!r}\n")
        elif heard and not outcome.is_within:
            lines.append(f"{outcome.recording.name}: outside ({said!r}), heard {heard!r}\n")
    return "".join(lines)
