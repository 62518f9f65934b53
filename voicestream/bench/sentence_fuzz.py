"""Random texts made of markup, stops, scripts and halves of both, to find what breaks the laws of the splitter."""

from __future__ import annotations

import random
from collections.abc import Iterator

from voicestream.speaking.page import Policy
from voicestream.speaking.sentences import SentenceSplitter, SplitOptions
from voicestream.vocabulary import Sentence

PIECES = [
    ". ", "! ", "? ", "... ", "… ", ". . . ", "..", ".", "\n", "\n\n", "\r\n", "\r", "\t", " ", " ", ",", ", ", "; ",
    ": ", ":", ";", " — ", "—", "– ", "* ", "**", "*", "_", "__", "`", "``", "```", "```py\n", "~~~\n", "~~", "[", "]",
    "](", "(", ")", "![", "[^1]", "[2]", "[^1]: ", "[a]: http", "- ", "+ ", "1. ", "2. ", "2) ", "10. ", "1.) ", "# ",
    "### ", "> ", "|", " | ", "|---|---|\n", "---\n", "***\n", "- [x] ", "- [ ] ", "<", "</", ">", "<think>",
    "</think>", "<br>", "<br/>", "<b>", "</b>", '<break time="1s"/>', "<!--", "-->", "<|channel|>", "analysis", "final",
    "<|message|>", "<|end|>", "<|start|>", "assistant", "&amp;", "&", "&#39;", "&lt;", "&nbsp;", "$", "$$", "\\(",
    "\\)", "\\[", "\\]", "\\", "\\*", "^2", "\\frac{a}{b}", "https://", "http://example.com/a_b", "www.x.org", "h",
    "ht", "http", "me@x.com", "🎉", "👩\u200d🍳", "❤\ufe0f", "1\ufe0f\u20e3", "\u200b", "\u200d", "\xad", "\u202e",
    "\x1b[1m", "\x1b[", "\x1b]0;t\x07", "\x1b", "\x07", "\xa0", "。", "！", "？", "」", "「", "と", "你好", "他说",
    "।", "आज", "दिल्ली", "؟", "،", "مرحبا", "e.g. ", "Dr. ", "U.S. ", "p.m. ", "etc. ", "No. ", "3.", "14", "1,000",
    "$5", "12. ", "z. B. ", "J. ", "I. ", "Inc. ", "St. ", "The ", "the ", "It ", "we ", "Smith ", "Today", "word",
    "Hello", "Really", "said ", "asked ", "a", "B", "x", '"', "“", "”", "'", "''", "’", "«", "»", "„", "‘", "==", "=",
    "¹", "²", "【1†s】", "◁think▷", "◁/think▷", "[THINK]", "[/THINK]", "• ", "⁃", "†", "°C", "é", "ß", "longer-word",
    "state_of_it", "and then ", "because it ", "Mr. ", "a. ", "b. ", "c. ", "Ի", "ελ", "€", "%", "/", "©", "™",
]  # fmt: skip
_LONG_PIECES = [
    "word ",
    "and then we ",
    "because it ",
    "long",
    "x" * 30,
    ", ",
    ". ",
    "1. ",
    "2. ",
    "你好",
    "the ",
    " — ",
]
_OPTIONS = (
    SplitOptions(),
    SplitOptions(
        early_clause=False,
        policy=Policy(code="read", urls="whole", images="skip", math="read", footnotes="read", list_numbers=False),
    ),
    SplitOptions(policy=Policy(code="announce")),
)


def random_texts(count: int, seed: int) -> Iterator[tuple[str, str, SplitOptions]]:
    """Yield texts, each with a language and options to read it with."""
    chance = random.Random(seed)
    for _ in range(count):
        if chance.random() < 0.1:
            text = "".join(chance.choices(_LONG_PIECES, k=chance.choice((40, 100, 300))))
        else:
            text = "".join(chance.choices(PIECES, k=chance.choice((3, 6, 12, 25, 60))))
        yield text, chance.choice(("en", "", "de", "es", "ja")), chance.choice(_OPTIONS)


def fuzz(count: int, seed: int) -> list[str]:
    """Return the texts among `count` random ones that break a law; there should be none."""
    chance = random.Random(seed)
    return [
        text for text, language, options in random_texts(count, seed) if broken_laws(text, language, options, chance)
    ]


def broken_laws(text: str, language: str, options: SplitOptions, chance: random.Random) -> list[str]:
    """Return the laws that the splitter breaks on a text."""
    whole = _split([text], language, options)
    laws = {
        "any cutting gives the same sentences": all(
            _split(cut, language, options) == whole for cut in (list(text), _cut_at_random(text, chance))
        ),
        "the texts join to the answer": "".join(sentence.text for sentence in whole) == text,
        "what is said has a letter or digit": all(
            not sentence.spoken or any(map(str.isalnum, sentence.spoken)) for sentence in whole
        ),
        "starts and words lie in their sentence": all(map(_lies_within, whole)),
    }
    return [law for law, holds in laws.items() if not holds]


def _lies_within(sentence: Sentence) -> bool:
    end = sentence.start + len(sentence.text)
    return all(sentence.start <= word.written_start <= word.written_end <= end for word in sentence.words)


def _split(pieces: list[str], language: str, options: SplitOptions) -> list[Sentence]:
    splitter = SentenceSplitter(language, options)
    return [sentence for piece in pieces for sentence in splitter.add(piece)] + splitter.finish()


def _cut_at_random(text: str, chance: random.Random) -> list[str]:
    pieces, at = [], 0
    while at < len(text):
        length = chance.choice((1, 1, 2, 3, 5, 8, 13, 40))
        pieces.append(text[at : at + length])
        at += length
    return pieces
