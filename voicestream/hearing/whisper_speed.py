"""How much of real time a Whisper model will take, told from what another one took on the same machine."""

from __future__ import annotations

import re

COSTS = {
    "tiny": 1.0,
    "base": 2.0,
    "small": 5.0,
    "medium": 15.0,
    "turbo": 16.0,
    "large": 30.0,
}
"""Time of a final decode of 4 s against that of tiny. base and small were measured (models of their shapes, int8, two
cores: 1.9 to 2.2 and 4.6 to 5.5); the others follow from them by their number of weights."""

KEEPS_UP = 0.4
"""Share of real time from which the words come too late: a sentence of 4 s is written down 1.6 s after its end."""

SMALLER = ("small", "base", "tiny")
"""What is proposed instead, the best first."""


def find_size(name: str) -> str:
    """Return the key of COSTS that a model's name tells, or an empty text."""
    words = set(re.split(r"[^a-z0-9]+", name.lower()))
    if {"distil", "large"} <= words:  # a large encoder and a decoder of two layers: turbo's has four
        return "turbo"
    return next((size for size in ("turbo", *COSTS) if size in words), "")


def predict_share(name: str, measured: str, share: float) -> float | None:
    """Return the share of real time that `name` will take where `measured` took `share`; None for unknown sizes."""
    size, known = find_size(name), find_size(measured)
    return share * COSTS[size] / COSTS[known] if size and known else None


def propose_size(name: str, measured: str, share: float) -> str:
    """Return the best smaller model that keeps up, or an empty text where none does."""
    ending = ".en" if name.endswith(".en") else ""
    for size in SMALLER:
        predicted = predict_share(size, measured, share)
        if predicted is not None and predicted <= KEEPS_UP and COSTS[size] < COSTS.get(find_size(name), 0):
            return size + ending
    return ""
