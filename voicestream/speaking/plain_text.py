"""Makes text harmless for voices, letter for letter, so that places in it stay true; and cuts what is endless.

The text comes from a model. A voice must speak it, and never obey it: espeak takes commands after a control
character, Apple's and Piper's voices between [[ and ]], Microsoft's as XML tags.
"""

from __future__ import annotations

import unicodedata

_MARKUP = str.maketrans({"[": "(", "]": ")", "<": " ", ">": " "})


def plain_text(text: str) -> str:
    """Return `text` with every control character, surrogate and private sign as a space; the length stays."""
    return "".join(" " if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn") else letter for letter in text)


def without_markup(text: str) -> str:
    """Return `text` with no bracket that a voice could take for a command; the length stays."""
    return text.translate(_MARKUP)


def is_speakable(text: str) -> bool:
    """Tell whether there is a letter or a digit in it, of any script; espeak speaks a lone emoji for a second."""
    return any(letter.isalnum() for letter in text)


def cut_long(text: str, limit: int) -> list[tuple[int, str]]:
    """Return pieces of at most `limit` characters and their places, cut at stops, else spaces, else anywhere."""
    pieces, start = [], 0
    while len(text) - start > limit:
        window = text[start : start + limit]
        cut = max(window.rfind(mark) for mark in ".!?;:,。！？、،؟।\n") + 1
        if cut < limit // 2:
            cut = window.rfind(" ") + 1
        if cut < limit // 4:
            cut = limit
        pieces.append((start, text[start : start + cut]))
        start += cut
    return [*pieces, (start, text[start:])] if text[start:].strip() else pieces
