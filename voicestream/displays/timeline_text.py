"""The course of the last turn as a table: what happened when, counted from the end of the user's speech."""

from __future__ import annotations

from collections.abc import Sequence

from voicestream import events as told
from voicestream.events import Event

STEPS = (
    ("transcript", "the final words are there"),
    ("turn_confirmed", "the turn is certain"),
    ("first_delta", "the answer's first words arrive"),
    ("first_sentence", "its first clause or sentence is complete"),
    ("first_audio", "the first audio is made"),
    ("first_sound", "the first sound is heard"),
)


def timeline_of(events: Sequence[Event]) -> str:
    """Return the timeline of the last turn as lines of text."""
    latency = next((event for event in reversed(events) if isinstance(event, told.Latency)), None)
    if latency is None:
        return "No turn was heard."
    rows = []
    for name, text in STEPS:
        seconds = getattr(latency, name)
        if seconds is not None:
            rows.append((seconds, text))
    deltas = [event.time for event in events if isinstance(event, told.DeltaEvent) and event.turn == latency.turn]
    sounds = [event.time for event in events if isinstance(event, told.SoundStarted) and event.turn == latency.turn]
    if deltas and sounds and latency.first_sound is not None:
        rows.append((latency.first_sound + deltas[-1] - sounds[0], "the answer's last words arrive"))
        ends = [event.time for event in events if isinstance(event, told.SoundEnded) and event.turn == latency.turn]
        if ends:
            rows.append((latency.first_sound + ends[-1] - sounds[0], "the last sound is heard"))
    lines = [f"  {seconds:6.2f} s  {text}" for seconds, text in sorted(rows)]
    return "\n".join(["Seconds from the end of the question:", *lines])
