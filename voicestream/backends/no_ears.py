"""Ears that hear nothing, for conversations that are typed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from voicestream.vocabulary import Frame, Hypothesis, Samples


class NoEars:
    """Fulfils Microphone, SpeechDetector and Recognizer: no frame ever comes, until `finished` is set."""

    def __init__(self) -> None:
        self.finished = asyncio.Event()

    @asynccontextmanager
    async def listen(self) -> AsyncGenerator[AsyncIterator[Frame], None]:
        """Hand out nothing until `finished` is set."""
        yield self._nothing()

    async def _nothing(self) -> AsyncGenerator[Frame, None]:
        await self.finished.wait()
        no_frames: tuple[Frame, ...] = ()
        for frame in no_frames:
            yield frame

    def probabilities(self, frames: Samples) -> list[float]:
        """Return 0 for each: nobody speaks."""
        return [0.0] * len(frames)

    async def transcribe(self, audio: Samples, *, is_final: bool, prompt: str = "") -> Hypothesis:
        """Return nothing."""
        return Hypothesis("")
