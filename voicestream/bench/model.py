"""Measure the streaming client of the language model against bare httpx and, where installed, the official clients."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

TARGETS = (
    ("cpu_us", "CPU per chunk, flood", "µs", 20.0),
    ("import_ms", "import over asyncio", "ms", 60.0),
    ("memory_mb", "memory over asyncio", "MB", 16.0),
    ("first_delta_ms", "first delta after the server's first byte, warm", "ms", 2.0),
    ("lag_us", "delta after its chunk, 500 chunks a second", "µs", None),
    ("cancel_median_ms", "cancel seen by the server, median", "ms", None),
    ("cancel_p99_ms", "cancel seen by the server, p99 of 300", "ms", 5.0),
    ("lost", "connections lost in random cancels", "", 0.0),
    ("long_growth_mb", "10 MB answer: memory growth after the first MB", "MB", None),
    ("long_last_over_first", "10 MB answer: cost of the last chunk over the first", "×", None),
    ("cold_ms", "first word, long conversation, simulated local server", "ms", None),
    ("read_ahead_ms", "the same, read ahead while the user speaks", "ms", None),
)
NEEDS = {"voicestream": "httpx", "httpx + httpx-sse": "httpx_sse", "openai": "openai", "anthropic": "anthropic"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `voicestream bench model`."""
    parser.add_argument("--chunks", type=int, default=2000, help="small chunks of an answer (2000)")
    parser.add_argument("--rounds", type=int, default=15, help="answers, of which the cheapest counts (15)")
    parser.add_argument("--cancels", type=int, default=2000, help="cancels at random moments (2000)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the figures of each client; return 1 where a target of ours is missed."""
    found: dict[str, dict[str, float]] = {}
    with _server() as port:
        options = ["--port", port, "--chunks", str(arguments.chunks), "--rounds", str(arguments.rounds)]
        options += ["--cancels", str(arguments.cancels)]
        _figures("voicestream", "memory", *options)  # writes the byte code that an installed package has
        for name, module in NEEDS.items():
            if importlib.util.find_spec(module) is None:
                continue
            imports = [_figures(name, "import")["import_ms"] for _ in range(5)]
            figures = {"import_ms": min(imports)}
            figures |= _figures(name, "memory", *options) | _figures(name, "stream", *options)
            if name in ("voicestream", "httpx + httpx-sse"):
                figures |= _figures(name, "cancel", *options)
            if name == "voicestream":
                figures |= _figures(name, "long", *options) | _figures(name, "ahead", *options)
            found[name] = figures
    sys.stdout.write(json.dumps(found, indent=2) + "\n" if arguments.json else _table(found))
    ours = found["voicestream"]
    return int(any(target is not None and ours[key] > target for key, _, _, target in TARGETS))


@contextmanager
def _server() -> Iterator[str]:
    command = [sys.executable, "-m", "voicestream.bench.streaming_server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def _figures(name: str, figure: str, *options: str) -> dict[str, float]:
    command = [sys.executable, "-m", "voicestream.bench.model_clients", name, figure, *options]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _table(found: dict[str, dict[str, float]]) -> str:
    lines = [f"{'':58}{'to reach':>10}" + "".join(f"{name:>20}" for name in found)]
    for key, label, unit, target in TARGETS:
        wanted = "" if target is None else f"≤ {target:g} {unit}".strip() if target else "0"
        cells = [f"{figures[key]:.1f} {unit}".strip() if key in figures else "–" for figures in found.values()]
        lines.append(f"{label:58}{wanted:>10}" + "".join(f"{cell:>20}" for cell in cells))
    return "\n".join(lines) + "\n"
