"""All ways to read some words: where each ends, what it costs, what it means. The cheapest of each end is kept, so
that reading stays linear however many ways there are."""

from __future__ import annotations

from typing import TypeVar

Value = TypeVar("Value")

Readings = dict[int, tuple[int, Value]]
"""From the index after the last word read to (price, value); a price of 0 is what was said to the letter."""


def add_reading(readings: Readings[Value], end: int, price: int, value: Value) -> None:
    """Keep the reading if no cheaper one ends at the same place."""
    if end not in readings or price < readings[end][0]:
        readings[end] = (price, value)
