"""A recognizer that is far away, and one at hand for when it fails. Knows neither of them."""

from __future__ import annotations

import time
from collections.abc import Callable

from voicestream.errors import RecognitionError
from voicestream.parts import Recognizer
from voicestream.vocabulary import Hypothesis, Samples

RETRY_AFTER, RETRY_LATEST = 4.0, 60.0
"""Seconds that the second recognizer is used before the first is asked again: a server that was started anew is soon
back, and one that stays away is asked ever more rarely."""


class FallbackRecognizer:
    """Ask the first recognizer; where it fails the second, with the same audio, and for a while only the second."""

    def __init__(
        self,
        first: Recognizer,
        second: Recognizer,
        notice: Callable[[str], None],
        retry_after: float = RETRY_AFTER,
        clock: Callable[[], float] = time.monotonic,
        is_back: Callable[[], None] = lambda: None,
    ) -> None:
        self._first = first
        self._second = second
        self._notice = notice
        self._retry_first = self._retry_after = retry_after
        self._clock = clock
        self._is_back = is_back
        self._failed_at: float | None = None

    async def transcribe(self, audio: Samples, *, is_final: bool, prompt: str = "") -> Hypothesis:
        """Recognize `audio`; raise RecognitionError only where both fail.

        After a failure the first is tried again with a final text only, so that no partial text waits for it.
        """
        failed_at = self._failed_at
        if failed_at is None or (is_final and self._clock() - failed_at >= self._retry_after):
            try:
                hypothesis = await self._first.transcribe(audio, is_final=is_final, prompt=prompt)
            except RecognitionError as error:
                self._failed_at = self._clock()
                self._retry_after = (
                    min(2 * self._retry_after, RETRY_LATEST) if failed_at is not None else self._retry_first
                )
                if failed_at is None:
                    self._notice(f"{error}; the local recognizer takes over")
            else:
                if failed_at is not None:
                    self._notice("the remote recognizer is back")
                    self._is_back()
                self._failed_at = None
                return hypothesis
        return await self._second.transcribe(audio, is_final=is_final, prompt=prompt)


def with_fallback(
    first: Recognizer, second: Recognizer, notice: Callable[[str], None], is_back: Callable[[], None] = lambda: None
) -> Recognizer:
    """Return `first` with `second` for when it fails; `notice` is told in one line when that changes.

    `is_back` is called when the first works again, and the second is not needed any more.
    """
    return FallbackRecognizer(first, second, notice, is_back=is_back)
