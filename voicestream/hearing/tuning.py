"""How a Whisper model runs best on a machine: chosen from measured times, kept as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

BEAM_WORTH = 0.05
"""Seconds of a final decode up to which five beams are worth their time: nobody waits for them."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """Threads, arithmetic and beams of a model."""

    threads: int = 0
    """0: one for each processor core, four at most."""
    compute_type: str = "int8"
    beam: int = 1
    speed: float = 0.0
    """Share of the speech's length that its final text took here; 0 where nobody has measured."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a final decode of a few seconds of speech took."""

    tuning: Tuning
    seconds: float


def choose_tuning(measured: Sequence[Measured]) -> Tuning:
    """Return the fastest with one beam, or the fastest with more where that is quick enough.

    Of two within 5 % the one with fewer threads: the others serve the voice and the rest of the machine.
    """
    single = [each for each in measured if each.tuning.beam == 1]
    several = [each for each in measured if each.tuning.beam > 1 and each.seconds <= BEAM_WORTH]
    candidates = several or single
    best = min(each.seconds for each in candidates)
    near = [each for each in candidates if each.seconds <= 1.05 * best]
    return min(near, key=lambda each: (each.tuning.threads, each.seconds)).tuning


def tuning_as_json(tuning: Tuning) -> str:
    """Return the tuning as one line of JSON."""
    return json.dumps(asdict(tuning))


def tuning_from_json(text: str) -> Tuning | None:
    """Return the tuning that `text` holds, or None where it holds none."""
    try:
        found = json.loads(text)
        threads, compute_type, beam = found["threads"], found["compute_type"], found["beam"]
        speed = found.get("speed", 0.0)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    is_sound = isinstance(threads, int) and isinstance(compute_type, str) and isinstance(beam, int)
    if not is_sound or not 0 <= threads <= 64 or not 1 <= beam <= 10 or not isinstance(speed, (int, float)):
        return None
    return Tuning(threads, compute_type, beam, float(speed))
