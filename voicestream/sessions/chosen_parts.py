"""Recognizer and voice that `replay --set` chose: they work for real on this machine, while virtual time stands still.

What they give takes as long as it usually took in the recording (the median), so that a replay stays the same whatever
this machine does besides.
"""

from __future__ import annotations

import asyncio
import dataclasses
import statistics
import threading
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self, TypeVar

from voicestream.config import Config
from voicestream.errors import UsageError
from voicestream.events import Events
from voicestream.parts import Recognizer, Voice
from voicestream.tape.player import Tape
from voicestream.vocabulary import Hypothesis, Pcm, Samples

Result = TypeVar("Result")

OF_RECOGNIZER = ("recognizer", "model", "language", "hot_words", "short_window", "margin")
OF_VOICE = ("engine", "voice", "voices", "rate", "pitch", "volume")
"""Settings that choose another part than the recorded one."""


class ChosenParts:
    """The parts that settings choose, in a thread with a loop of its own; a context manager.

    Raises UsageError for parts on a network, and the errors of opening.
    """

    def __init__(self, config: Config, overrides: Sequence[str], tape: Tape) -> None:
        self.recognizer: Recognizer | None = None
        self.voice: Voice | None = None
        self._config = config
        self._wanted = {override.partition("=")[0].strip() for override in overrides}
        self._tape = tape
        self._stack = AsyncExitStack()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="chosen parts", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self.wait_for(self._open())
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def wait_for(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Let something real happen, in real time, and return what comes of it; blocks."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _open(self) -> None:
        if self._wanted & {f"hearing.{key}" for key in OF_RECOGNIZER}:
            self.recognizer = ChosenRecognizer(self, await self._open_recognizer(), self._usual("recognizer"))
        if self._wanted & {f"speaking.{key}" for key in OF_VOICE}:
            self.voice = ChosenVoice(self, await self._open_voice(), self._usual("voice"))

    async def _open_recognizer(self) -> Recognizer:
        from voicestream.backends.model_files import find_model
        from voicestream.recognizer_choice import open_recognizer

        hearing = self._config.hearing
        if hearing.recognizer in ("remote", "wyoming"):
            raise UsageError("a replay asks no network: hearing.recognizer can be whisper or sphinx")
        if hearing.recognizer != "sphinx" and not find_model(hearing.model):
            raise UsageError(
                f"a replay fetches nothing: there is no model {hearing.model} here; `voicestream models fetch` gets it"
            )
        recognizer, _ = await open_recognizer(self._config, Events(), self._stack)
        return recognizer

    async def _open_voice(self) -> Voice:
        from voicestream.voice_choice import open_voice

        if self._config.speaking.engine in ("remote", "wyoming"):
            raise UsageError("a replay asks no network: speaking.engine can be pyttsx3, espeak, piper or kokoro")
        return await open_voice(self._config.speaking, self._stack)

    def _usual(self, part: str) -> float:
        """Return the seconds that the part usually took for its first item."""
        delays = [
            stream.items[0][0] - stream.opened for stream in self._tape.streams if stream.part == part if stream.items
        ]
        return statistics.median(delays) if delays else 0.0

    def _close(self) -> None:
        self.wait_for(self._stack.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class ChosenRecognizer:
    """Recognizes for real; fulfils Recognizer."""

    def __init__(self, parts: ChosenParts, recognizer: Recognizer, delay: float) -> None:
        self._parts = parts
        self._recognizer = recognizer
        self._delay = delay

    async def transcribe(self, audio: Samples, *, is_final: bool, prompt: str = "") -> Hypothesis:
        """Recognize `audio`; what it cost this machine is left out."""
        found = self._parts.wait_for(self._recognizer.transcribe(audio, is_final=is_final, prompt=prompt))
        await asyncio.sleep(self._delay)
        return dataclasses.replace(found, cost=0.0)


class ChosenVoice:
    """Speaks for real; fulfils Voice."""

    def __init__(self, parts: ChosenParts, voice: Voice, delay: float) -> None:
        self._parts = parts
        self._voice = voice
        self._delay = delay

    async def synthesize(self, text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
        """Yield the audio of `text`."""
        made = self._parts.wait_for(self._speak(text, language))
        await asyncio.sleep(self._delay)
        for pcm in made:
            yield pcm

    async def _speak(self, text: str, language: str) -> list[Pcm]:
        return [pcm async for pcm in self._voice.synthesize(text, language)]
