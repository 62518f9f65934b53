"""Character classes: what is never said (emoji, controls, invisible marks), and what is a letter or digit."""

from __future__ import annotations

import re
import unicodedata

EMOJI = (
    "\u2300-\u23ff\u2500-\u27bf\u2b00-\u2bff\u3030\u303d\u3297\u3299\u20e3\u2122\u2139\u00a9\u00ae"
    "\ufe0e\ufe0f\U0001f000-\U0001faff\U000e0000-\U000e007f"
)
"""Of a regular expression's class: pictographs, dingbats, boxes, and the marks that vary them."""

KEPT_SIGNS = frozenset("©®™ℹ")
"""Signs of EMOJI that are words, unless a variation selector makes them pictures."""

INVISIBLE = "\u00ad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffc"
CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f"

JOINERS = frozenset("\u200c\u200d")
"""Needed between letters of Persian and Indic scripts, invisible marks elsewhere."""

NEWLINES = "\n\r\x85\u2028\u2029"
WIDE_BLANKS = "\u00a0\u1680\u2000-\u200a\u202f\u205f"
SUPERSCRIPTS = "¹²³⁰⁴-⁹"

_TERMINAL = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]"
    r"|\x1b[\]PX^_].{0,200}?(?:\x07|\x1b\\|\x9c)|\x1b[ -/]{0,8}[0-OQ-WYZ\\`-~]",
    re.S,
)
_TERMINAL_PART = re.compile(
    r"\x1b\Z|(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}\Z|\x1b[\]PX^_](?:(?!\x07|\x1b\\|\x9c).){0,202}\Z|\x1b[ -/]{1,8}\Z",
    re.S,
)


def match_terminal_sequence(text: str, at: int) -> int:
    """Return the length of the terminal sequence at `at` (ECMA-48), 0 where there is none, -1 where it may go on."""
    match = _TERMINAL.match(text, at)
    if match:
        return match.end() - at
    return -1 if _TERMINAL_PART.match(text, at) else 0


def needs_joiner(character: str) -> bool:
    """Say whether a joiner behind this character belongs to the word."""
    return character >= "\u0590" and unicodedata.category(character)[0] in "LM" and character < "\u2000"


def has_sound(text: str) -> bool:
    """Say whether a text holds a letter or digit, so that a voice has something to say."""
    return any(map(str.isalnum, text))
