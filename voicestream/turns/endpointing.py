"""How long to wait after the user fell silent before the turn is theirs no more: by what they said, and how they pause.

Pure; seconds of audio time, counted from the real end of the voice.
"""

from __future__ import annotations

import re

from voicestream.turns.stop_words import is_stop
from voicestream.turns.unfinished import is_complete_question, is_unfinished

_LEARN = 0.25
"""Weight of a new pause in the running average of this user's pauses."""
_MARGIN = 1.2
"""A wait this much longer than the user's usual pause lets most of their pauses pass."""
_FALSE_END = 0.15
"""Seconds that a false end adds to the waits."""
_RECOVERY = 0.9
"""Share of that addition which is left after a turn that ended well."""
_LONGEST_ADDITION = 0.6
_UNSIGNED = 1.5
"""Seconds of silence that end a text without a sign, by a recognizer that writes as people do: its sentence goes on."""
_DOUBT = 0.5
"""Share of that wait which is left after such a turn was complete all the same: some recognizers write no signs."""
_SIGNED = re.compile(r"[.?!…。？！][\"'”’»)\]]*\s*$")


class Endpointing:
    """Waits by the text, and learns from the user."""

    def __init__(self, end_of_turn: float = 0.5, max_wait: float = 2.0, question: float = 0.35) -> None:
        self._end_of_turn = end_of_turn
        self._max_wait = max_wait
        self._question = min(question, end_of_turn)
        self._usual_pause = 0.0
        self._addition = 0.0
        self._unsigned = _UNSIGNED
        self._is_signed = True
        """Whether the last text that was waited for had a sign at its end."""

    def wait(self, text: str, language: str = "") -> float:
        """Return the seconds of silence after which a turn that reads `text` is over."""
        # Who writes no capitals writes no signs either: PocketSphinx, Vosk.
        self._is_signed = not text[:1].isupper() or is_stop(text, language) or bool(_SIGNED.search(text))
        if is_unfinished(text, language):
            return self._max_wait
        if is_complete_question(text, language):
            patience = self._question
        else:
            patience = max(self._end_of_turn, _MARGIN * self._usual_pause)
        return min(max(patience + self._addition, 0.0 if self._is_signed else self._unsigned), self._max_wait)

    def went_on(self, pause: float) -> None:
        """Learn that the user paused for so many seconds in the midst of a turn."""
        if pause <= self._max_wait:
            self._usual_pause += _LEARN * (pause - self._usual_pause)

    def ended_falsely(self) -> None:
        """Learn that a turn was taken while the user was not done: they went on at once."""
        self._addition = min(self._addition + _FALSE_END, _LONGEST_ADDITION)

    def ended_well(self) -> None:
        """Learn that a turn was complete when it was taken."""
        self._addition *= _RECOVERY
        if not self._is_signed:
            self._unsigned *= _DOUBT
