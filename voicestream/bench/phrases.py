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
from pathlib import Path

import numpy as np

from voicestream.errors import InputError
from voicestream.hearing.phrase_graph import PhraseGraph, is_phrase, read_jsgf
from voicestream.vocabulary import SAMPLE_RATE, Samples

_ONES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_ONES += ["thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ALIKE = {"colour": "color", "tv": "t v", "firefox": "fire fox", "ecobee": "eco bee"}
"""Words that are written in two ways."""


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
class Outcome:
    """What the recognizer made of a recording."""

    recording: Recording
    is_within: bool
    """Whether it says a phrase of the grammar."""
    words: tuple[str, ...]
    seconds: float
    """Processor time."""


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
    parser.add_argument("--recordings", type=Path, required=True, metavar="FOLDER", help="with its manifest.tsv")
    parser.add_argument(
        "--grammar", choices=("commands", "assistant"), default="commands", help="many commands, or the assistant's own"
    )
    parser.add_argument("--verbose", action="store_true", help="list what went wrong")
    parser.add_argument("--json", action="store_true", help="answer in JSON")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print the figures."""
    if arguments.grammar == "assistant":
        from voicestream.thinking.phrases import jsgf

        grammar = jsgf()
    else:
        grammar = (files("voicestream.bench") / "commands.gram").read_text(encoding="utf-8")
    outcomes = asyncio.run(recognize_all(read_recordings(arguments.recordings), grammar))
    figures = [summarize(kind, outcomes) for kind in ("human", "voice", "digit", "other")]
    if arguments.json:
        sys.stdout.write(json.dumps([asdict(figure) for figure in figures]) + "\n")
    else:
        sys.stdout.write(_draw_table(figures) + (_list_faults(outcomes) if arguments.verbose else ""))
    return 0


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


async def recognize_all(recordings: Iterable[Recording], grammar: str) -> list[Outcome]:
    """Recognize each recording whole."""
    from voicestream.backends.sphinx import SphinxRecognizer

    graph = read_jsgf(grammar)
    outcomes = []
    async with SphinxRecognizer(grammar) as recognizer:
        for recording in recordings:
            began = time.process_time()
            hypothesis = await recognizer.transcribe(recording.samples, is_final=True)
            seconds = time.process_time() - began
            outcomes.append(Outcome(recording, _is_within(graph, recording.words), as_spoken(hypothesis.text), seconds))
    return outcomes


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


def _is_within(graph: PhraseGraph, words: Sequence[str]) -> bool:
    return bool(words) and is_phrase(graph, words)


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
