"""A voice that is far away, and one at hand for when it fails. Knows neither of them."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from voicestream.errors import VoiceError
from voicestream.parts import Voice
from voicestream.vocabulary import Pcm

RETRY_AFTER, RETRY_LATEST = 4.0, 60.0
"""Seconds for which the second voice speaks before the first is asked again: a server that was started anew is soon
back, and one that stays away is asked ever more rarely."""


class FallbackVoice:
    """Let the first voice speak; where it fails the second, from that sentence on, and for a while only the second."""

    def __init__(
        self,
        first: Voice,
        open_second: Callable[[], Awaitable[Voice]],
        notice: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`open_second` is called once, when it is needed; it may raise VoiceError, and then there is none."""
        self._first = first
        self._open_second = open_second
        self._second: Voice | None = None
        self._notice = notice
        self._clock = clock
        self._failed_at: float | None = None
        self._retry_after = RETRY_AFTER

    async def synthesize(self, text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
        """Yield the audio of one sentence; raise VoiceError where both fail, or the first in the midst of it."""
        if self._failed_at is not None and self._clock() < self._failed_at + self._retry_after:
            async with aclosing(self._at_hand(text, language)) as sound:
                async for pcm in sound:
                    yield pcm
            return
        is_begun = False
        try:
            async with aclosing(self._first.synthesize(text, language)) as sound:
                async for pcm in sound:
                    is_begun = True
                    yield pcm
        except VoiceError as error:
            await self._fail(error)
            if is_begun:
                raise
        else:
            if self._failed_at is not None:
                self._notice("the voice of the settings is back")
            self._failed_at, self._retry_after = None, RETRY_AFTER
            return
        async with aclosing(self._at_hand(text, language)) as sound:
            async for pcm in sound:
                yield pcm

    async def _fail(self, error: VoiceError) -> None:
        """Take note of a failure, and tell the first of them; raise it where there is no second voice."""
        if self._failed_at is not None:
            self._retry_after = min(2 * self._retry_after, RETRY_LATEST)
        else:
            try:
                self._second = self._second or await self._open_second()
            except VoiceError:
                raise error from None
            self._notice(f"{error}; the local voice takes over")
        self._failed_at = self._clock()

    def _at_hand(self, text: str, language: str) -> AsyncGenerator[Pcm, None]:
        assert self._second is not None, "opened at the first failure"
        return self._second.synthesize(text, language)
