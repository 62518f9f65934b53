"""A request as plain words: what was said or typed, in lower case, without punctuation, numbers and signs apart.

Knows nothing of what the words mean."""

from __future__ import annotations

import re
import unicodedata

_SIGNS = {"×": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "’": "'", "‘": "'", "√": " sqrt ", "°": " degrees "}
_POWERS = {"²": "^ 2 ", "³": "^ 3 ", "½": " 1/2 ", "¼": " 1/4 ", "¾": " 3/4 "}

_WORD = re.compile(
    r"\d{1,2}:\d{2}(?::\d{2})?"  # 7:30, 1:02:03
    r"|\d{1,3}(?:,\d{3})+(?:\.\d+)?"  # 1,000.5
    r"|\d+\.\d+|\.\d+|\d+"
    r"|\d+(?=st|nd|rd|th)"
    r"|[^\W\d_]+(?:'[^\W\d_]+)*'?"
    r"|[+*/^()%=-]"
)

_HALF_OF_DAY = re.compile(r"\b([ap])\.? ?m\b\.?")  # a.m., p.m, "p m" as a recognizer writes it
_HYPHEN = re.compile(r"(?<=[^\W\d_])-(?=[^\W\d_])")
_HOUR_SIGN = re.compile(r"(?<=\d)h(?=\d)")

_SPELLINGS = {
    "whats": ("what's",),
    "todays": ("today's",),
    "oclock": ("o'clock",),
    "%": ("percent",),
    "per": ("per",),
    "cannot": ("can", "not"),
    "dont": ("don't",),
    "okay": ("ok",),
    "alright": ("ok",),
    "x": ("*",),
}


def split_words(text: str) -> tuple[str, ...]:
    """Return the words of `text`; digits stay as they are ("7:30", "1000.5"), signs of arithmetic are words."""
    text = "".join(_POWERS.get(sign, sign) for sign in text)
    text = unicodedata.normalize("NFKC", text).lower()
    text = "".join(_SIGNS.get(sign, sign) for sign in text)
    text = _HALF_OF_DAY.sub(r"\1m", text)
    text = _HYPHEN.sub(" ", text)
    words: list[str] = []
    for word in _WORD.findall(text):
        words += _SPELLINGS.get(word, (word.replace(",", "").rstrip("'"),))
    return tuple(word for word in words if word)
