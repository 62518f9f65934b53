"""Gathers what the user says in one turn: transcripts of one speech or of several, joined in their order."""

from __future__ import annotations

from dataclasses import dataclass

from voicestream.vocabulary import Transcript


@dataclass(frozen=True, slots=True)
class _Part:
    text: str
    sure: str
    heard: str
    time: float
    is_final: bool
    is_unclear: bool


class SpokenTurn:
    """The words of the turn that is being gathered; those of earlier speeches do not count."""

    def __init__(self) -> None:
        self.first_speech = 0
        """Number of the first speech that may belong to the turn."""
        self.language = ""
        self._lead = ""
        self._parts: dict[int, _Part] = {}

    def add(self, transcript: Transcript, said: str, users: str, surely_users: str) -> None:
        """Take what is known of a speech now: its text, and the parts of that which the user said, and surely said."""
        if transcript.speech >= self.first_speech:
            part = _Part(users, surely_users, said, transcript.time, transcript.is_final, transcript.is_unclear)
            self._parts[transcript.speech] = part
            self.language = transcript.language or self.language

    def begin_after(self, speech: int, lead: str = "") -> None:
        """Begin a new turn with `lead` (what was typed); speeches up to number `speech` belong to the past."""
        self.first_speech = speech + 1
        self._lead = lead
        self._parts = {number: part for number, part in self._parts.items() if number > speech}

    def reach_back_to(self, speech: int) -> None:
        """Let `speech` count after all: it goes on."""
        self.first_speech = min(self.first_speech, speech)

    @property
    def text(self) -> str:
        """All that the user said in the turn, as far as it is known."""
        texts = [self._lead, *(self._parts[speech].text for speech in sorted(self._parts))]
        return " ".join(text.strip() for text in texts if text.strip())

    @property
    def sure_text(self) -> str:
        """What the user surely said, without words that may be an echo."""
        return " ".join(self._parts[speech].sure for speech in sorted(self._parts)).strip()

    @property
    def has_echo(self) -> bool:
        """Whether words were heard that the user did not say."""
        return any(part.text != part.heard for part in self._parts.values())

    @property
    def is_unclear(self) -> bool:
        """Whether something was surely said that the recognizer did not understand."""
        return any(part.is_unclear for part in self._parts.values())

    def is_understood(self, speech: int, voice_end: float) -> bool:
        """Tell whether the final text of every speech up to `speech`, which fell silent at `voice_end`, is in."""
        if any(
            number not in self._parts or not self._parts[number].is_final
            for number in range(self.first_speech, speech + 1)
        ):
            return False
        last = self._parts.get(speech)
        return last is None or last.time >= voice_end - _ROUNDING


_ROUNDING = 0.05
"""Seconds; two stages may round the end of a voice to different frames (32 ms)."""
