"""`voicestream bench sentences`: how well and how early a streamed answer is split, and what it costs."""

from __future__ import annotations

import json
import os
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from voicestream.bench.answer_scores import Answer, Scores, cut_tokens, score_answers
from voicestream.bench.sentence_fuzz import fuzz
from voicestream.speaking.sentences import SentenceSplitter

_LENGTHS = (1_000, 4_000, 16_000, 64_000)
_PROSE = (
    "The kettle was on when she came home, and the cat sat by the door. Nobody had fed it since noon! Was it angry? "
    "Perhaps it was, e.g. at Dr. Smith, who left at 5 p.m. to see the show. "
)
_TEXTS = {
    "prose": _PROSE,
    "one endless sentence": "and then the river turned around the hill while the wind blew over the long grass ",
    "one code block": "    total = rev(parts) + sizes[3]  # e.g. this one. Works!\n",
}


def make_splitter(language: str) -> SentenceSplitter:
    """Return a splitter as the program uses it."""
    return SentenceSplitter(language)


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `voicestream bench sentences`."""
    parser.add_argument("--fuzz", type=int, default=2_000, metavar="N", help="random texts to cut in all ways")
    parser.add_argument("--seed", type=int, default=1, help="of the random texts")
    parser.add_argument("--shared", metavar="FOLDER", help="folder with chunkbench/, for its answers and Golden Rules")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")


def run(arguments: Namespace) -> int:
    """Measure, and print the figures."""
    figures: dict[str, dict[str, object]] = {"own answers": describe(score_answers(own_answers(), make_splitter))}
    for name, answers in shared_answers(arguments.shared).items():
        figures[name] = describe(score_answers(answers, make_splitter))
        if name.startswith("Golden"):  # rules for sentences alone: they do not tell what is said
            del figures[name]["spoken text right"]
    figures["CPU ms per 1,000 characters, by length"] = {name: measure_growth(name) for name in _TEXTS}
    broken = fuzz(arguments.fuzz, arguments.seed)
    figures["random texts"] = {"read": arguments.fuzz, "not the same, or not lossless": len(broken)}
    if arguments.json:
        sys.stdout.write(json.dumps(figures, ensure_ascii=False, indent=1) + "\n")
    else:
        for title, rows in figures.items():
            sys.stdout.write(f"\n{title}\n" + "".join(f"  {name:<58} {value}\n" for name, value in rows.items()))
    for text in broken[:5]:
        sys.stderr.write(f"broken: {text!r}\n")
    return 1 if broken else 0


def own_answers() -> list[Answer]:
    """Return the answers that come with the program."""
    path = resources.files("voicestream.bench").joinpath("answers.json")
    answers: list[Answer] = json.loads(path.read_text(encoding="utf-8"))
    return answers


def shared_answers(folder: str | None = None) -> dict[str, list[Answer]]:
    """Return the answers and Golden Rules of chunkbench, where they are: beside the checkout, or in a set folder."""
    beside = Path(__file__).resolve().parents[3] / "shared"
    bench = Path(folder or os.environ.get("VOICESTREAM_SHARED") or beside) / "chunkbench"
    found = {}
    if (bench / "public" / "answers.jsonl").is_file():
        lines = (bench / "public" / "answers.jsonl").read_text(encoding="utf-8").splitlines()
        found["shared answers"] = [json.loads(line) for line in lines]
    if (bench / "golden.jsonl").is_file():
        lines = (bench / "golden.jsonl").read_text(encoding="utf-8").splitlines()
        rules = [rule for rule in map(json.loads, lines) if rule["golden"]]
        for title, is_english in (("Golden Rules, English", True), ("Golden Rules, other languages", False)):
            found[title] = [_as_answer(rule) for rule in rules if (rule["lang"] == "en") == is_english]
    return found


def _as_answer(rule: dict[str, object]) -> Answer:
    parts = rule["segs"]
    assert isinstance(parts, list)
    segments = [{"raw": part, "say": [" ".join(part.split())]} for part in parts]
    answer: Answer = {"id": str(rule["id"]), "lang": str(rule["lang"]), "text": str(rule["text"]), "segs": segments}  # type: ignore[typeddict-item] # a literal's keys are not followed through a list
    return answer


def describe(scores: Scores) -> dict[str, object]:
    """Return the figures under the names that people know them by."""
    return {
        "answers": scores.answers,
        "boundary F1": round(scores.f1, 4),
        "right in every boundary": f"{scores.exact}/{scores.answers}",
        "wrong / missed / cut inside a sentence": f"{scores.wrong} / {scores.missed} / {scores.clauses}",
        "delay, tokens (median / 90 % / most)": " / ".join(map(str, _spread(scores.delays))),
        "first sentence behind an oracle, tokens (median / 90 %)": " / ".join(map(str, _spread(scores.behind)[:2])),
        "spoken text right": f"{scores.spoken}/{scores.answers}",
        "same for every cutting": f"{scores.same}/{scores.answers}",
        "lossless": f"{scores.lossless}/{scores.answers}",
        "said without a letter or digit": scores.soundless,
        "CPU ms per 1,000 characters": round(scores.cpu * 1e6 / max(1, scores.characters), 2),
        "not as they should be": ", ".join(scores.failed) or "-",
    }


def _spread(values: Sequence[int]) -> tuple[int, int, int]:
    ordered = sorted(values) or [0]
    return ordered[len(ordered) // 2], ordered[int(0.9 * len(ordered))], ordered[-1]


def measure_growth(name: str) -> list[float]:
    """Return the milliseconds per 1,000 characters for growing texts of one kind; the best of three runs."""
    figures = []
    for length in _LENGTHS:
        text = (_TEXTS[name] * (length // len(_TEXTS[name]) + 1))[:length]
        tokens = cut_tokens(f"```\n{text}" if name == "one code block" else text)
        figures.append(round(min(_seconds(tokens) for _ in range(3)) * 1e6 / length, 2))
    return figures


def _seconds(tokens: Sequence[str]) -> float:
    splitter = make_splitter("en")
    begun = time.process_time()
    for token in tokens:
        splitter.add(token)
    splitter.finish()
    return time.process_time() - begun
