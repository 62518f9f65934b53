"""What a running program and its child processes take of memory, processor and kernel: read from Linux's /proc."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Footprint:
    """The sums over a program and what it started."""

    resident_mb: float
    """Resident memory (RSS): what is shared with other programs counts whole, in each process."""
    proportional_mb: float
    """The same with shared pages divided among those who share them (PSS)."""
    processor: float
    """Seconds of processor time so far, of processes that live."""
    files: int
    """Open file descriptors."""
    threads: int
    processes: int


def measure_tree(process: int) -> Footprint:
    """Measure a process and all below it; what ends meanwhile counts nothing."""
    found = [footprint for number in members(process) if (footprint := _measure(number))]
    return Footprint(
        sum(each.resident_mb for each in found),
        sum(each.proportional_mb for each in found),
        sum(each.processor for each in found),
        sum(each.files for each in found),
        sum(each.threads for each in found),
        len(found),
    )


def members(process: int) -> Sequence[int]:
    """Return a process and all below it."""
    found = [process]
    for number in found:  # grows while it is walked through
        with suppress(OSError):
            for task in (PROC / str(number) / "task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def _measure(process: int) -> Footprint | None:
    folder = PROC / str(process)
    try:
        memory = dict(line.split(":") for line in (folder / "smaps_rollup").read_text().splitlines()[1:])
        user, system = (folder / "stat").read_text().rsplit(")", 1)[1].split()[11:13]
        return Footprint(
            int(memory["Rss"].split()[0]) / 1024,
            int(memory["Pss"].split()[0]) / 1024,
            (int(user) + int(system)) / os.sysconf("SC_CLK_TCK"),
            len(os.listdir(folder / "fd")),
            len(os.listdir(folder / "task")),
            1,
        )
    except (OSError, KeyError):  # it has just ended
        return None
