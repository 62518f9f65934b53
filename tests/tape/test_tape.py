"""What a tape was told it tells again: the same items, errors and moments, whatever part they came from."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import numpy as np
import pytest
import soundfile

from voicestream.errors import RecognitionError, VoiceError
from voicestream.stepped_time import SteppedLoop, run_in_virtual_time
from voicestream.tape.forms import Streams
from voicestream.tape.player import AudioReader, Player, read_tape
from voicestream.tape.recorder import TAPE, Recorder
from voicestream.tape.taped_parts import TapedMicrophone, TapedRecognizer, TapedVoice, tape_tools
from voicestream.tape.taped_wire import seconds_of, send_on_tape
from voicestream.thinking.tools import Tool, ToolProblem
from voicestream.vocabulary import FRAME_SAMPLES, FRAME_SECONDS, Frame, Hypothesis, Pcm, ToolDescription, Word, WordTime

Use = Callable[[Streams], Awaitable[list[object]]]


def record(folder: Path, use: Use) -> list[object]:
    """Use parts on a tape that is being written; return what they gave, and when."""

    async def run() -> list[object]:
        with (folder / TAPE).open("wb", buffering=0) as file:
            recorder = Recorder(folder, file, pytest.fail)
            got = await use(recorder)
            await recorder.close()
            return got

    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        return runner.run(run())


def play(folder: Path, use: Use) -> list[object]:
    """Use the same parts on the tape as it was written."""
    audio = AudioReader(folder)
    tape = read_tape(folder, audio)

    async def run() -> list[object]:
        return await use(Player(tape, audio))

    return run_in_virtual_time(run(), tape.notes["start"][0])


def now() -> float:
    return asyncio.get_running_loop().time()


class Voice:
    """Makes two pieces, and fails on `bad`."""

    async def synthesize(self, text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
        for number in range(2):
            await asyncio.sleep(0.003)
            yield Pcm(np.full(100, 0.1 * (number + 1), np.float32), 22_050, (WordTime(0, 3, 0.01),))
        if text == "bad":
            raise VoiceError("it died", "died")


class Recognizer:
    """Hears how long it was."""

    async def transcribe(self, audio: np.ndarray, *, is_final: bool, prompt: str = "") -> Hypothesis:
        await asyncio.sleep(0.004)
        if not len(audio):
            raise RecognitionError("nothing to hear")
        return Hypothesis(f"{len(audio)} samples", (Word(" samples", 0.1, 0.2, 0.9),), "en", cost=0.25)


def test_a_voice_says_the_same_again_at_the_same_moments(tmp_path: Path) -> None:
    async def use(tape: Streams) -> list[object]:
        voice, got = TapedVoice(tape, Voice()), list[object]()
        for text in ("good", "bad"):
            try:
                async for pcm in voice.synthesize(text):
                    got.append((now(), pcm.samples.tolist(), pcm.rate, pcm.words))
            except VoiceError as error:
                got.append((now(), str(error), error.code))
        return got

    recorded = record(tmp_path, use)
    assert len(recorded) == 5
    assert play(tmp_path, use) == recorded


class Microphone:
    """Hears ten frames of the same loudness."""

    @asynccontextmanager
    async def listen(self) -> AsyncGenerator[AsyncIterator[Frame], None]:
        yield self._frames()

    async def _frames(self) -> AsyncGenerator[Frame, None]:
        for number in range(10):
            await asyncio.sleep(FRAME_SECONDS)
            yield Frame(np.full(FRAME_SAMPLES, 0.25, np.float32), number * FRAME_SECONDS, now())


def test_what_is_said_to_a_muted_microphone_is_on_no_tape(tmp_path: Path) -> None:
    async def use(tape: Streams) -> list[object]:
        got = list[object]()
        muted = iter([False] * 3 + [True] * 4 + [False] * 3)
        async with TapedMicrophone(tape, Microphone(), lambda: next(muted)).listen() as frames:
            async for frame in frames:
                got.append((now(), frame.time, float(frame.samples.max())))
        return got

    recorded = record(tmp_path, use)
    assert [loudness > 0 for _, _, loudness in recorded] == [True] * 3 + [False] * 4 + [True] * 3  # type: ignore[misc]
    assert play(tmp_path, use) == recorded
    heard, _ = soundfile.read(tmp_path / "microphone.flac")
    assert not heard[3 * FRAME_SAMPLES : 7 * FRAME_SAMPLES].any()


def test_a_recognizer_hears_the_same_again_and_what_is_likest_of_what_was_not_recorded(tmp_path: Path) -> None:
    def asking(*lengths: int) -> Use:
        async def use(tape: Streams) -> list[object]:
            recognizer, got = TapedRecognizer(tape, Recognizer()), list[object]()
            for length in lengths:
                try:
                    got.append(await recognizer.transcribe(np.zeros(length, np.float32), is_final=True))
                except RecognitionError as error:
                    got.append(str(error))
                got.append(now())
            return got

        return use

    recorded = record(tmp_path, asking(16_000, 0, 48_000))
    assert play(tmp_path, asking(16_000, 0, 48_000)) == recorded
    assert play(tmp_path, asking(46_000))[0] == recorded[4]


def test_a_sentence_that_was_never_voiced_is_silence_of_its_length(tmp_path: Path) -> None:
    async def use(tape: Streams) -> list[object]:
        return [pcm async for pcm in TapedVoice(tape, Voice(), 0.1).synthesize("other")]

    record(tmp_path, lambda tape: asyncio.sleep(0, []))
    [pcm] = play(tmp_path, use)
    assert isinstance(pcm, Pcm)
    assert len(pcm.samples) / pcm.rate == pytest.approx(0.5)
    assert not pcm.samples.any()


def test_a_part_that_is_left_early_is_left_again(tmp_path: Path) -> None:
    async def use(tape: Streams) -> list[object]:
        async with aclosing(TapedVoice(tape, Voice()).synthesize("good")) as pieces:
            first = await anext(pieces)
        whole = [pcm async for pcm in TapedVoice(tape, Voice()).synthesize("good")]
        return [len(first.samples), len(whole), now()]

    recorded = record(tmp_path, use)
    assert recorded[:2] == [100, 2]
    assert play(tmp_path, use) == recorded


def test_a_tool_of_another_program_gives_the_same_result_again(tmp_path: Path) -> None:
    async def look(arguments: object) -> str:
        await asyncio.sleep(0.001)
        if arguments == {"where": "cellar"}:
            raise ToolProblem("It is dark there.")
        return "Three apples."

    async def use(tape: Streams) -> list[object]:
        [tool] = tape_tools(tape, [Tool(ToolDescription("look", "Look."), look)])
        got = list[object]()
        for where in ("kitchen", "cellar", "attic"):
            try:
                got.append((await tool.call({"where": where}), now()))
            except ToolProblem as problem:
                got.append((str(problem), now()))
        return got

    recorded = record(tmp_path, use)
    assert [text for text, _ in recorded] == ["Three apples.", "It is dark there.", "Three apples."]  # type: ignore[misc]
    assert play(tmp_path, use) == recorded


def test_the_wire_gives_the_same_bytes_and_errors_again_and_no_key(tmp_path: Path) -> None:
    pieces = ["data: h\u00e9".encode()[:8], b"\xa9", b" key: sk-1"]

    class Pieces(httpx.AsyncByteStream):
        async def __aiter__(self):
            for piece in pieces:
                await asyncio.sleep(0.001)
                yield piece
            raise httpx.ReadError("the line of sk-1 is cut")

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/gone":
            raise httpx.ConnectError("nobody there")
        return httpx.Response(200, headers={"content-type": "text/plain", "set-cookie": "secret"}, stream=Pieces())

    async def use(tape: Streams) -> list[object]:
        got = list[object]()
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
            send = send_on_tape(tape, client, "sk-1")
            for path in ("/here", "/gone"):
                headers = {"authorization": "Bearer sk-1"}
                request = client.build_request("POST", f"http://host{path}", json={"say": "hello"}, headers=headers)
                try:
                    response = await send(request)
                    got.append((response.status_code, response.headers))
                    async for piece in response.stream:
                        got.append((piece, now()))
                except httpx.HTTPError as error:
                    got.append((type(error), str(error), now()))
        return got

    recorded = record(tmp_path, use)
    assert recorded[0] == (200, {"content-type": "text/plain"})
    assert recorded[3][0] == b" key: [key]"  # type: ignore[index]
    assert [each[0] for each in recorded[-2:]] == [httpx.ReadError, httpx.ConnectError]  # type: ignore[index]
    assert play(tmp_path, use) == recorded
    assert b"sk-1" not in (tmp_path / TAPE).read_bytes()


def test_a_date_to_try_again_at_is_kept_as_seconds() -> None:
    present = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
    assert seconds_of("Thu, 01 Jan 2026 12:00:30 GMT", present) == "30"
    assert seconds_of("Thu, 01 Jan 2026 11:00:00 GMT", present) == "0"
    assert seconds_of("30", present) == ""
    assert seconds_of("", present) == ""
