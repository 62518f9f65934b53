"""Measure how well and how fast this machine hears, thinks and speaks."""

from __future__ import annotations

import importlib
from argparse import REMAINDER, ArgumentParser, Namespace

from voicestream.commands.options import Parser
from voicestream.errors import UsageError

BENCHES = {
    "conversation": "turn taking in a simulated room",
    "echo": "echo cancelling in a simulated room",
    "footprint": "memory, processor and start of three set-ups",
    "hearing": "recognition: figures, speed, cost",
    "model": "the client of model servers: cost, speed, cancelling",
    "phrases": "the embedded recognizer",
    "sentences": "sentences and spoken text",
    "soak": "hours of listening: memory",
    "voice": "voices: first sound, stop, endurance",
}

EXAMPLES = "\n".join(f"voicestream bench {name:<14} {text}" for name, text in BENCHES.items())


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `voicestream bench`."""
    parser.add_argument("name", metavar="BENCH", choices=sorted(BENCHES), help="what to measure")
    parser.add_argument("rest", nargs=REMAINDER, metavar="…", help="its own options; BENCH --help tells them")


def run(arguments: Namespace) -> int:
    """Run one benchmark."""
    try:
        bench = importlib.import_module(f"voicestream.bench.{arguments.name}")
    except ModuleNotFoundError as error:
        raise UsageError(f"bench {arguments.name} needs the package {error.name}: pip install {error.name}") from error
    parser = Parser(f"voicestream bench {arguments.name}", bench.__doc__)
    bench.add_arguments(parser)
    return int(bench.run(parser.parse_args(arguments.rest)))
