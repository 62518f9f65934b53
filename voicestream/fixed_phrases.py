"""What the assistant says in words of its own, whichever model answers: what went wrong, what was done, what rings.

These sentences come again and again, and hold nothing of the user or of a model: their audio may be kept on disk.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime

from voicestream.config import Config
from voicestream.errors import ModelError
from voicestream.speaking.sentences import SentenceSplitter, split_options
from voicestream.speaking.synthesis import VoicedText
from voicestream.thinking.durations import say_duration
from voicestream.thinking.faults import SPOKEN
from voicestream.thinking.offline_assistant import PHRASES
from voicestream.thinking.timer_tools import confirm_timer
from voicestream.thinking.timers import Timer, announce

_TIMES = tuple(datetime(1, 1, 1, hour) for hour in (0, 7, 12, 19))
"""Of alarms, one for each way in which a time is said."""

_NUMBER = (
    r"(?:\d+|zero|oh|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|"
    r"(?:thir|four|fif|six|seven|eigh|nine)teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty)"
)
_AMOUNT = rf"{_NUMBER}(?:[ -]{_NUMBER})*(?: (?:day|hour|minute|second)s?)?"
_AMOUNTS = re.compile(rf"\b{_AMOUNT}(?:(?:,| and) {_AMOUNT})*\b")

_DIGITS = re.compile(r"\d+")
"""Given to the voice as a word: putting numbers into words loads fifty languages, a tenth of a second."""


class FixedPhrases:
    """Knows a fixed phrase by what the voice is given for it; which numbers and lengths stand in it does not matter."""

    def __init__(self, config: Config, verbalise: Callable[[str, str], VoicedText]) -> None:
        self._shapes = {
            _shape(verbalise(_DIGITS.sub("seven", spoken), "").text)
            for phrase in _list_phrases(config)
            for spoken in _split(phrase, config)
            if spoken
        }

    def holds(self, voiced: str) -> bool:
        """Tell whether the text is a sentence of a fixed phrase."""
        return _shape(voiced) in self._shapes


def _shape(voiced: str) -> str:
    return _AMOUNTS.sub("#", voiced)


def _list_phrases(config: Config) -> Iterator[str]:
    yield from SPOKEN.values()
    yield ModelError("").spoken
    yield from PHRASES
    yield from (config.tools.filler, config.speaking.filler, config.sentences.code_phrase)
    yield confirm_timer(say_duration(60))
    yield announce(Timer(0, "timer", length=60))
    for time in _TIMES:
        yield announce(Timer(0, "alarm", at=time))


def _split(phrase: str, config: Config) -> set[str]:
    """Return the sentences that are made of a phrase, as the beginning of an answer and after one."""
    splitter = SentenceSplitter(options=split_options(config.sentences))
    return {sentence.spoken for sentence in (*splitter.add(f"{phrase}\n\n{phrase}"), *splitter.finish())}
