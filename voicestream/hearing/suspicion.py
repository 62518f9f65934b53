"""Guards against text that nobody said: loops, unlikely text, phantom phrases, words where nobody spoke.

Pure; knows no recognizer and no audio, only what a recognizer says of its text and where the detector heard a voice.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from voicestream.hearing.phantoms import PHANTOMS
from voicestream.vocabulary import Word

NO_SPEECH = 0.6
"""Probability of no speech from which unlikely text counts as none; Whisper's own value."""

UNLIKELY = -1.0
"""Mean natural logarithm of a token's probability under which a text is no better than a guess; Whisper's own value."""

DOUBTFUL = -0.6
"""The same, under which a decode with a cut window is not trusted, but done again with the whole one."""

COMPRESSION = 2.4
"""Ratio of a text's length to its compressed length from which it is a loop; Whisper's own value."""

WORDS_PER_SECOND = 8.0
"""Faster speech is no speech: the quickest speakers reach 6 words a second."""

WORDS_PER_SECOND_MIN = 0.5
"""A cut window that gives fewer words over 3 s of speech may have ended early."""

OUTSIDE = 0.5
"""Seconds from the nearest voice from which a word was not said; Whisper's word times are right to about 0.3 s."""

WEAK_VOICE = 0.75
"""Mean probability of the voice under which a phantom phrase is not believed."""


class Objection(Enum):
    """Why a text may be one that nobody said."""

    NO_SPEECH = auto()
    UNLIKELY = auto()
    LOOP = auto()
    TOO_FAST = auto()
    PROMPT_REPEATED = auto()
    SAID_TWICE = auto()
    ENDS_EARLY = auto()
    DOUBTFUL = auto()
    NO_WORDS = auto()


GRAVE = frozenset(
    {Objection.NO_SPEECH, Objection.UNLIKELY, Objection.LOOP, Objection.TOO_FAST, Objection.PROMPT_REPEATED}
)
"""Objections that make a text suspect; the others only ask for a second decode with the whole window."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a recognizer says of its text."""

    text: str
    seconds: float
    """Of the audio that was recognized."""
    log_probability: float = 0.0
    """Mean natural logarithm of a token's probability."""
    no_speech: float = 0.0
    """Probability that nobody speaks at all."""
    prompt: str = ""


def objections(evidence: Evidence) -> frozenset[Objection]:
    """Return all that speaks against a text; an empty one only counts where a prompt may have silenced it."""
    words = plain_words(evidence.text)
    if not words:
        return frozenset({Objection.NO_WORDS} if evidence.prompt else ())
    found = set()
    if evidence.no_speech > NO_SPEECH and evidence.log_probability < DOUBTFUL:
        found.add(Objection.NO_SPEECH)
    if evidence.log_probability < UNLIKELY:
        found.add(Objection.UNLIKELY)
    elif evidence.log_probability < DOUBTFUL:
        found.add(Objection.DOUBTFUL)
    if _compression(evidence.text) > COMPRESSION or _is_loop(words):
        found.add(Objection.LOOP)
    elif _is_said_twice(words):
        found.add(Objection.SAID_TWICE)
    if len(words) > 3 + WORDS_PER_SECOND * evidence.seconds:
        found.add(Objection.TOO_FAST)
    if evidence.seconds > 3 and len(words) < WORDS_PER_SECOND_MIN * evidence.seconds:
        found.add(Objection.ENDS_EARLY)
    prompt = plain_words(evidence.prompt)
    if len(words) >= 4 and prompt and words == prompt[-len(words) :]:
        found.add(Objection.PROMPT_REPEATED)
    return frozenset(found)


def plain_words(text: str) -> list[str]:
    """Return the words of `text` in small letters, without punctuation."""
    return re.findall(r"[^\W_]+(?:['’][^\W_]+)*", text.lower())


def spoken_words(words: Sequence[Word], voices: Sequence[tuple[float, float]]) -> list[Word]:
    """Return the words but for those of sentences that lie wholly outside the voices (start and end of each).

    Whole sentences, since a recognizer's word times are too vague to drop a word out of what somebody did say.
    """
    kept: list[Word] = []
    sentence: list[Word] = []
    for index, word in enumerate(words):
        sentence.append(word)
        if index == len(words) - 1 or word.text.rstrip().endswith((".", "?", "!", "。", "？", "！")):
            if any(_is_near(each, voices) for each in sentence):
                kept += sentence
            sentence = []
    return kept


def _is_near(word: Word, voices: Sequence[tuple[float, float]]) -> bool:
    return any(word.start < end + OUTSIDE and start - OUTSIDE < word.end for start, end in voices)


def is_phantom(text: str, language: str, voice: float, seconds: float) -> bool:
    """Whether `text` is one that recognizers make of noise, and the speech too weak to have been it.

    `voice` is the mean probability of the voiced frames, `seconds` their length.
    """
    words = " ".join(plain_words(text))
    known = PHANTOMS.get(language, frozenset()) | PHANTOMS["en"]
    is_known = words in known or any(words.startswith(phrase) for phrase in known if len(phrase) > 20)
    too_short = seconds < 0.12 * len(words.split())
    return is_known and (voice < WEAK_VOICE or too_short)


def _compression(text: str) -> float:
    data = text.encode()
    return len(data) / len(zlib.compress(data))


def _is_loop(words: Sequence[str]) -> bool:
    """Whether some words come at least three times in a row, a single word five times ("no, no, no" is said)."""
    for size in range(1, len(words) // 3 + 1):
        times = 5 if size == 1 else 3
        run = 0
        for index in range(size, len(words)):
            run = run + 1 if words[index] == words[index - size] else 0
            if run >= size * (times - 1):
                return True
    return False


def _is_said_twice(words: Sequence[str]) -> bool:
    """Whether the second half nearly repeats the first, as a cut window makes Whisper do."""
    if len(words) < 4:
        return len(words) == 2 and words[0] == words[1]
    half = len(words) // 2
    first, second = set(words[:half]), set(words[half:])
    return len(first & second) >= 0.5 * min(len(first), len(second))
