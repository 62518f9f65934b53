"""A small grammar: one notation from which sentences are understood, generated, and written for a recognizer.

The notation is that of JSGF, in part: words, `(this | that)`, `[maybe]`, `<slot>`. A slot has a rule in this notation,
what a recognizer listens for, and may have a reader of all that is understood, which is more. Knows no phrase itself.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from voicestream.thinking.readings import Readings, add_reading

Reader = Callable[[Sequence[str], int], Mapping[int, tuple[int, object]]]
"""Reads a slot's value: words and the place to begin, to the places where it may end, with price and value."""

Values = tuple[tuple[str, object], ...]
"""Names of slots and what stood there."""

_TOKEN = re.compile(r"\s*([()\[\]|]|<\w+>|[^\s()\[\]|<>]+)")


@dataclass(frozen=True, slots=True)
class Literal:
    """A word."""

    word: str


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for a value."""

    name: str


@dataclass(frozen=True, slots=True)
class Sequenced:
    """One after the other."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several; an empty sequence among them makes it optional."""

    options: tuple[Node, ...]


Node = Literal | Slot | Sequenced | Choice


def read_notation(notation: str) -> Node:
    """Return the grammar that `notation` writes; raise ValueError."""
    tokens = _TOKEN.findall(notation)
    node, end = _read_choice(tokens, 0)
    if end != len(tokens):
        raise ValueError(f"{notation}: unexpected {tokens[end]}")
    return node


def _read_choice(tokens: Sequence[str], at: int) -> tuple[Node, int]:
    options: list[Node] = []
    parts: list[Node] = []
    while at < len(tokens) and tokens[at] not in (")", "]"):
        token = tokens[at]
        at += 1
        if token == "|":
            options.append(_sequence(parts))
            parts = []
        elif token in ("(", "["):
            inner, at = _read_choice(tokens, at)
            if at >= len(tokens) or tokens[at] != {"(": ")", "[": "]"}[token]:
                raise ValueError(f"{' '.join(tokens)}: {token} is not closed")
            at += 1
            parts.append(Choice((inner, Sequenced(()))) if token == "[" else inner)
        else:
            parts.append(Slot(token[1:-1]) if token[0] == "<" else Literal(token))
    options.append(_sequence(parts))
    return (options[0] if len(options) == 1 else Choice(tuple(options))), at


def _sequence(parts: list[Node]) -> Node:
    return parts[0] if len(parts) == 1 else Sequenced(tuple(parts))


class Understanding:
    """Reads words by a grammar, forgiving words that sound alike and words that may be left out."""

    def __init__(
        self,
        readers: Mapping[str, Reader],
        rules: Mapping[str, Node],
        sound_alikes: Mapping[str, str],
        skippable: frozenset[str],
    ) -> None:
        self._readers = readers
        self._rules = rules
        self._sound_alikes = sound_alikes
        self._skippable = skippable

    def read_whole(self, node: Node, words: Sequence[str]) -> tuple[int, Values] | None:
        """Return the price and the values of the cheapest reading of all `words`, or None."""
        cheapest: tuple[int, Values] | None = None
        for end, (price, values) in self._read(node, words, 0).items():
            if all(word in self._skippable for word in words[end:]):
                price += len(words) - end
                if cheapest is None or price < cheapest[0]:
                    cheapest = (price, values)
        return cheapest

    def _read(self, node: Node, words: Sequence[str], at: int) -> Readings[Values]:
        match node:
            case Literal(word):
                return self._read_literal(word, words, at)
            case Slot(name) if name not in self._readers:
                said = self._read(self._rules[name], words, at)
                return {
                    end: (price, (*values, (name, " ".join(words[at:end])))) for end, (price, values) in said.items()
                }
            case Slot(name):
                found = self._readers[name](words, at)
                readings: Readings[Values] = {end: (price, ((name, value),)) for end, (price, value) in found.items()}
                return self._with_skipping(node, words, at, readings)
            case Choice(options):
                readings = {}
                for option in options:
                    for end, (price, values) in self._read(option, words, at).items():
                        add_reading(readings, end, price, values)
                return readings
            case Sequenced(parts):
                readings = {at: (0, ())}
                for part in parts:
                    readings = self._follow(part, words, readings)
                    if not readings:
                        break
                return readings

    def _follow(self, part: Node, words: Sequence[str], before: Readings[Values]) -> Readings[Values]:
        readings: Readings[Values] = {}
        for place, (price, values) in before.items():
            for end, (more, found) in self._read(part, words, place).items():
                add_reading(readings, end, price + more, values + found)
        return readings

    def _read_literal(self, literal: str, words: Sequence[str], at: int) -> Readings[Values]:
        readings: Readings[Values] = {}
        if at < len(words):
            if words[at] == literal:
                return {at + 1: (0, ())}
            if self._sound_alikes.get(words[at]) == literal:
                readings[at + 1] = (2, ())
        return self._with_skipping(Literal(literal), words, at, readings)

    def _with_skipping(self, node: Node, words: Sequence[str], at: int, readings: Readings[Values]) -> Readings[Values]:
        if at < len(words) and words[at] in self._skippable:
            for end, (price, values) in self._read(node, words, at + 1).items():
                add_reading(readings, end, price + 1, values)
        return readings


def generate(node: Node, heard: Mapping[str, Node], chance: random.Random) -> list[str]:
    """Return the words of a random sentence that a recognizer listening for `node` may write."""
    match node:
        case Literal(word):
            return [word]
        case Slot(name):
            return generate(heard[name], heard, chance)
        case Choice(options):
            return generate(chance.choice(options), heard, chance)
        case Sequenced(parts):
            return [word for part in parts for word in generate(part, heard, chance)]


def list_needs(node: Node) -> tuple[frozenset[str], ...]:
    """Return sets of words of each of which a sentence of the grammar has at least one: a quick way to say no."""
    match node:
        case Literal(word):
            return (frozenset((word,)),)
        case Slot():
            return ()
        case Sequenced(parts):
            return tuple(need for part in parts for need in list_needs(part))
        case Choice(options):
            needs = [list_needs(option) for option in options]
            return (frozenset().union(*(option[0] for option in needs)),) if all(needs) else ()


def list_words(node: Node) -> set[str]:
    """Return every word that stands in the grammar itself."""
    match node:
        case Literal(word):
            return {word}
        case Slot():
            return set()
        case Choice(parts) | Sequenced(parts):
            return {word for part in parts for word in list_words(part)}


def list_slots(node: Node) -> set[str]:
    """Return the names of the slots that stand in the grammar."""
    match node:
        case Slot(name):
            return {name}
        case Literal():
            return set()
        case Choice(parts) | Sequenced(parts):
            return {name for part in parts for name in list_slots(part)}
