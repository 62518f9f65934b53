"""What somebody asked for: a typed or recognized text, read by the phrases of thinking/phrases.py.

Forgives courtesies, small words, words that sound alike, and slips of typing; knows nothing of how it is done."""

from __future__ import annotations

import difflib
import functools
import re
from dataclasses import dataclass

from voicestream.thinking.arithmetic import read_calculation
from voicestream.thinking.clock_times import read_clock_time, read_day
from voicestream.thinking.durations import read_duration
from voicestream.thinking.grammar import Reader, Understanding, Values, list_needs, list_words, read_notation
from voicestream.thinking.phrase_slots import (
    HEARD_RULES,
    read_conversion,
    read_kind,
    read_label,
    read_more_time,
    read_parts_of,
    read_percent,
    read_quantity,
    read_time_said_whole,
    read_timer_name,
)
from voicestream.thinking.phrases import PHRASES
from voicestream.thinking.spoken_numbers import read_number
from voicestream.thinking.units import read_unit
from voicestream.thinking.words import split_words


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asked for."""

    name: str
    """Of the Phrase."""
    values: Values = ()
    price: int = 0
    """0 where it was said to the letter; more the more had to be forgiven."""


_DEAREST_MENDED = 4
"""Where words were replaced already, little else may be forgiven: better to ask than to do the wrong thing."""

_LONGEST_MENDED = 12
"""Words; looking for resembling words takes its time, and a longer text is rather meant for somebody else."""

_JOINERS = ("and", "then", "also")
_MOST_JOINERS = 6

_LONGEST = 60
"""Words; a longer text is no request to this assistant."""

_OPENINGS = tuple(
    tuple(opening.split())
    for opening in (
        "could you please", "can you please", "would you please", "will you please", "could you", "can you",
        "would you", "will you", "please", "i want you to", "i would like you to", "i'd like you to", "i'd like to",
        "i would like to", "i want to", "i'd like", "i would like", "i want", "i need you to", "i need", "hey", "hi",
        "hello", "ok", "so", "um", "uh", "er", "erm", "hmm", "well", "and", "now", "then", "also", "assistant",
        "computer", "quickly", "just", "let's", "do you know", "do you remember", "tell me", "i wonder", "actually",
        "kindly", "excuse me", "go ahead and", "for me",
    )
)  # fmt: skip
_CLOSINGS = tuple(
    tuple(closing.split())
    for closing in (
        "please", "for me", "for me please", "thanks", "thank you", "now", "right now", "again", "would you",
        "will you", "can you", "could you", "if you can", "if you could", "if you please", "um", "uh", "ok", "then",
        "at the moment", "today", "from now", "from now on", "a bit", "a little", "assistant", "computer",
    )
)  # fmt: skip

_SKIPPABLE = frozenset(
    ("please", "um", "uh", "er", "erm", "hmm", "just", "the", "my", "a", "an", "now", "like", "then")
)

_SOUND_ALIKES = {
    "four": "for", "fore": "for", "4": "for", "two": "to", "too": "to", "2": "to", "times": "timers",
    "timer's": "timers", "tamer": "timer", "time": "timer", "pulse": "pause", "paws": "pause", "sat": "set",
    "said": "set", "inn": "in", "watt": "what", "stats": "status", "cancelled": "cancel", "counsel": "cancel",
}  # fmt: skip

_RULES = {name: read_notation(notation) for name, notation in HEARD_RULES.items()}

_READERS: dict[str, Reader] = {
    "duration": read_duration,
    "duration_whole": read_duration,
    "more_time": read_more_time,
    "clock_time": read_clock_time,
    "time_said_whole": read_time_said_whole,
    "day": read_day,
    "calculation": read_calculation,
    "number": read_number,
    "percent": read_percent,
    "quantity": read_quantity,
    "unit": read_unit,
    "kind": read_kind,
    "timer_name": read_timer_name,
    "called": read_label,
    "note": read_label,
    "conversion": read_conversion,
    "parts_of": read_parts_of,
}

_UNDERSTANDING = Understanding(_READERS, _RULES, _SOUND_ALIKES, _SKIPPABLE)

_WORDINGS = tuple(
    (phrase.name, node, list_needs(node))
    for phrase in PHRASES
    for node in map(read_notation, phrase.heard + phrase.understood)
)

_TRIVIAL = ("greeting", "thanks", "agree")
"""What people add to a request without meaning more by it."""

_SENTENCE_END = re.compile(r"(?<![ap]\.m)[.?!;]+\s+")


def understand(text: str) -> tuple[Request, ...]:
    """Return what `text` asks for, in its order; empty where it is nothing that is known."""
    words = split_words(text)
    if len(words) > _LONGEST:
        return ()
    whole = _understand_words(words)
    if whole is not None:
        return (whole,)
    parts = [_understand_list(part) for part in map(split_words, _SENTENCE_END.split(text)) if part]
    if all(parts):
        requests = [request for part in parts for request in part]
        return tuple(request for request in requests if request.name not in _TRIVIAL) or tuple(requests[:1])
    mended = _understand_words(_mend(words)) if len(words) <= _LONGEST_MENDED else None
    return (mended,) if mended is not None and mended.price <= _DEAREST_MENDED else ()


def _understand_list(words: tuple[str, ...]) -> list[Request]:
    """Understand requests joined by "and" or "then"; all of them, or none."""
    whole = _understand_words(words)
    if whole is not None:
        return [whole]
    if sum(word in _JOINERS for word in words) > _MOST_JOINERS:
        return []
    for place, word in enumerate(words):
        if word in _JOINERS and 0 < place < len(words) - 1:
            first = _understand_words(words[:place])
            rest = _understand_list(words[place + 1 :]) if first is not None else []
            if first is not None and rest:
                return [first, *rest]
    return []


def _understand_words(words: tuple[str, ...]) -> Request | None:
    if not words:
        return None
    cheapest: Request | None = None
    for price, variant in _bare_variants(words):
        if cheapest is not None and cheapest.price <= price:
            break
        present = {*variant, *(_SOUND_ALIKES[word] for word in variant if word in _SOUND_ALIKES)}
        for name, node, needs in _WORDINGS:
            if any(need.isdisjoint(present) for need in needs):
                continue
            reading = _UNDERSTANDING.read_whole(node, variant)
            if reading is not None and (cheapest is None or price + reading[0] < cheapest.price):
                cheapest = Request(name, reading[1], price + reading[0])
    return cheapest


def _bare_variants(words: tuple[str, ...]) -> list[tuple[int, tuple[str, ...]]]:
    """Return the words with ever more courtesies taken off their ends, each with its price."""
    variants = [(0, words)]
    for price, variant in variants:
        for opening in _OPENINGS:
            if variant[: len(opening)] == opening:
                _add_variant(variants, price + 1, variant[len(opening) :])
        for closing in _CLOSINGS:
            if variant[-len(closing) :] == closing:
                _add_variant(variants, price + 1, variant[: -len(closing)])
    return sorted(variants, key=lambda variant: variant[0])


def _add_variant(variants: list[tuple[int, tuple[str, ...]]], price: int, words: tuple[str, ...]) -> None:
    if words and all(words != known for _, known in variants):
        variants.append((price, words))


def _mend(words: tuple[str, ...]) -> tuple[str, ...]:
    """Replace unknown words by the known ones they resemble, as in "set a tiemr"."""
    known = _known_words()
    mended = []
    for word in words:
        near = difflib.get_close_matches(word, known, 1, 0.75) if len(word) > 3 and word not in known else []
        mended.append(near[0] if near else word)
    return tuple(mended)


@functools.cache
def _known_words() -> tuple[str, ...]:
    nodes = (*(node for _, node, _ in _WORDINGS), *_RULES.values())
    return tuple(sorted({word for node in nodes for word in list_words(node)}))


_COMPLETED = {
    "set_timer_for_what": ("set a timer for {}",),
    "set_alarm_for_what": ("set an alarm for {}",),
    "pause_timers": ("pause {}", "pause the {} timer"),
    "resume_timers": ("resume {}", "resume the {} timer"),
    "cancel_timers": ("cancel {}", "cancel the {} timer"),
}


def complete(before: str, answer: str) -> Request | None:
    """Return what was asked for in `before`, now that `answer` has said what was missing, or None."""
    asked = understand(before)
    words = list(split_words(answer))
    if len(asked) != 1 or not words or asked[0].name not in _COMPLETED:
        return None
    while words[0] in ("for", "in", "at", "the", "just"):
        words = words[1:] or ["nothing"]
    if words[-1] == "one":
        words[-1] = "timer"
    for sentence in _COMPLETED[asked[0].name]:
        request = _understand_words(split_words(sentence.format(" ".join(words))))
        if request is not None and request.name == asked[0].name.removesuffix("_for_what"):
            return Request(request.name, asked[0].values + request.values, request.price)
    return None


def is_yes(text: str) -> bool:
    """Return whether `text` agrees to a question, and does nothing else."""
    return [request.name for request in understand(text)] == ["agree"]


def is_no(text: str) -> bool:
    """Return whether `text` declines."""
    return [request.name for request in understand(text)] in (["decline"], ["stop"])
