"""What the benches of voices have in common: what is spoken, a line of the table, and how times are told."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

TWELVE_WORDS = "The quick brown fox jumps over the lazy dog near the river."
PAUSE = 0.25
"""Seconds between two sentences."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table."""

    voice: str
    name: str
    value: str
    goal: str = ""


def spread(seconds: Sequence[float]) -> str:
    """Return median and 95th percentile in milliseconds."""
    return f"{1000 * np.median(seconds):.2f} ms, p95 {1000 * np.percentile(seconds, 95):.2f} ms"


def resident(process: int) -> float:
    """Return the megabytes that a process holds in memory, on Linux; 0 elsewhere."""
    status = Path(f"/proc/{process}/statm")
    if not status.exists():
        return 0.0
    return int(status.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
