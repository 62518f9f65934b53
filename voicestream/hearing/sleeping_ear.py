"""Holds back what is said while nobody calls the assistant, so that it is neither written down nor sent anywhere.

Pure. It does not know what wakes the assistant.
"""

from __future__ import annotations

from collections import deque

from voicestream.vocabulary import (
    SAMPLE_RATE,
    Silence,
    SpeechAudio,
    SpeechEnded,
    SpeechEvent,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
)


class SleepingEar:
    """Passes speech on while awake; when woken in the midst of a speech, its last `kept` seconds too."""

    def __init__(self, kept: float) -> None:
        self._kept = kept
        self._held: deque[SpeechAudio] = deque()
        self._pause: SpeechPaused | None = None
        self._is_holding = False
        """Whether a speech runs that is held back; one that was passed on is passed on to its end."""

    def add(self, event: SpeechEvent, is_asleep: bool) -> list[SpeechEvent]:
        """Take the next event; return what is to be heard of it: only time going by, for a speech that is held back."""
        if isinstance(event, SpeechStarted):
            self._is_holding = is_asleep
            self._held.clear()
            self._pause = None
        if not self._is_holding:
            return [event]
        if not is_asleep:
            return [*self._wake(event), event]
        match event:
            case SpeechAudio():
                self._held.append(event)
                while self._held[0].time < event.time - self._kept:
                    self._held.popleft()
                return [Silence(event.time + len(event.samples) / SAMPLE_RATE)]
            case SpeechPaused():
                self._pause = event
            case SpeechResumed():
                self._pause = None
            case SpeechEnded():
                self._is_holding = False
        return []

    def _wake(self, event: SpeechEvent) -> list[SpeechEvent]:
        self._is_holding = False
        if not self._held:
            return [SpeechStarted(event.time, event.time)]
        first, last = self._held[0], self._held[-1]
        start = SpeechStarted(first.time, last.time + len(last.samples) / SAMPLE_RATE)
        return [start, *self._held, *([self._pause] if self._pause else [])]
