"""The parts of a session that a tape stands behind: microphone, recognizer, voice, tools of other programs.

Written and played alike: while a tape is written, the real part answers; when it is played, nobody does, and `None`
stands in its place.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, replace

import msgspec
import numpy as np

from voicestream.parts import Microphone, Recognizer, Voice
from voicestream.stepped_time import ticks_of
from voicestream.tape.forms import FRAME, HYPOTHESIS, PCM, Form, Json, Streams
from voicestream.thinking.tools import Arguments, Tool, ToolProblem
from voicestream.vocabulary import SAMPLE_RATE, Frame, Hypothesis, Pcm, Samples

RATE = 16_000
"""Hertz, of silence that stands for a sentence that the tape does not hold."""


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a tool."""

    text: str
    is_problem: bool


TOLD: Form[Told] = Form(
    lambda told, audio: msgspec.to_builtins(told), lambda value, audio: msgspec.convert(value, Told)
)


class TapedMicrophone:
    """A microphone on a tape; fulfils Microphone. An error of opening it meets whoever reads the first frame.

    Of what is said while `is_muted` tells so, not even the tape keeps anything.
    """

    def __init__(
        self, tape: Streams, microphone: Microphone | None = None, is_muted: Callable[[], bool] = lambda: False
    ) -> None:
        self._tape = tape
        self._microphone = microphone
        self._is_muted = is_muted

    @asynccontextmanager
    async def listen(self) -> AsyncGenerator[AsyncIterator[Frame], None]:
        """Hand out the frames, with samples of 16 bits."""
        async with aclosing(self._tape.stream("microphone", {}, self._frames, FRAME)) as frames:
            yield frames

    async def _frames(self) -> AsyncGenerator[Frame, None]:
        assert self._microphone is not None
        async with self._microphone.listen() as frames:
            async for frame in frames:
                yield replace(frame, samples=np.zeros_like(frame.samples)) if self._is_muted() else frame


class TapedRecognizer:
    """A recognizer on a tape; fulfils Recognizer.

    Asked for other audio than was recorded, it gives what was recognized with the same finality at the nearest moment
    of audio as long as this.
    """

    def __init__(self, tape: Streams, recognizer: Recognizer | None = None) -> None:
        self._tape = tape
        self._recognizer = recognizer

    async def transcribe(self, audio: Samples, *, is_final: bool, prompt: str = "") -> Hypothesis:
        """Recognize `audio`."""
        now = asyncio.get_running_loop().time()
        question = {
            "samples": len(audio),
            "checksum": zlib.crc32(np.ascontiguousarray(audio).tobytes()),
            "final": is_final,
            "prompt": prompt,
        }

        def likeness(recorded: Json, opened: float) -> tuple[float, ...]:
            seconds = abs(recorded["samples"] - len(audio)) / SAMPLE_RATE
            return recorded["final"] == is_final, -ticks_of(abs(opened - now) + seconds)

        async def recognize() -> AsyncGenerator[Hypothesis, None]:
            assert self._recognizer is not None
            yield await self._recognizer.transcribe(audio, is_final=is_final, prompt=prompt)

        hypothesis = Hypothesis("")
        with suppress(LookupError):
            async with aclosing(self._tape.stream("recognizer", question, recognize, HYPOTHESIS, likeness)) as found:
                async for each in found:
                    hypothesis = each
        return hypothesis


class TapedVoice:
    """A voice on a tape; fulfils Voice.

    A sentence that was not recorded is silence, which takes as long for each letter as the sentences that were.
    """

    def __init__(self, tape: Streams, voice: Voice | None = None, seconds_per_letter: float = 0.0) -> None:
        self._tape = tape
        self._voice = voice
        self._seconds_per_letter = seconds_per_letter

    async def synthesize(self, text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
        """Yield the audio of `text`, of 16 bits."""
        question = {"text": text, "language": language}

        def speak() -> AsyncGenerator[Pcm, None]:
            assert self._voice is not None
            return self._voice.synthesize(text, language)

        try:
            async with aclosing(self._tape.stream("voice", question, speak, PCM)) as pieces:
                async for pcm in pieces:
                    yield pcm
        except LookupError:
            yield Pcm(np.zeros(round(len(text) * self._seconds_per_letter * RATE), np.float32), RATE)


def tape_tools(tape: Streams, tools: Sequence[Tool]) -> tuple[Tool, ...]:
    """Return tools of other programs on a tape; asked what was not recorded, they say that they cannot tell."""
    return tuple(replace(tool, call=_taped_call(tape, tool)) for tool in tools)


def _taped_call(tape: Streams, tool: Tool) -> Callable[[Arguments], Awaitable[str]]:
    async def call(arguments: Arguments) -> str:
        async def ask() -> AsyncGenerator[Told, None]:
            try:
                yield Told(await tool.call(arguments), is_problem=False)
            except ToolProblem as problem:
                yield Told(str(problem), is_problem=True)

        question = {"tool": tool.description.name, "arguments": dict(arguments)}
        told = Told("The recording does not tell what came of this.", is_problem=True)
        with suppress(LookupError):
            async with aclosing(tape.stream("tool", question, ask, TOLD)) as results:
                async for result in results:
                    told = result
        if told.is_problem:
            raise ToolProblem(told.text)
        return told.text

    return call
