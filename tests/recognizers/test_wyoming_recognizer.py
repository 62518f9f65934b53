"""Real Wyoming servers on loopback: the speech is streamed to them as it grows."""

from __future__ import annotations

import asyncio
import sys
import warnings
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # the package imports audioop where Python still has it
    pytest.importorskip("wyoming.audio", reason="needs the wyoming package")

from wyoming.asr import Transcribe, Transcript, TranscriptChunk, TranscriptStart, TranscriptStop
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.server import AsyncEventHandler, AsyncServer

from voicestream.backends.wyoming_recognizer import WyomingRecognizer
from voicestream.errors import RecognitionError
from voicestream.vocabulary import SAMPLE_RATE, Samples

SPEECH = (np.sin(np.arange(2 * SAMPLE_RATE) / 20) * 0.5).astype(np.float32)


@dataclass
class Heard:
    """What a server heard, and how it behaves."""

    behaviour: str = "whole"
    streams: list[bytes] = field(default_factory=list)
    requests: list[Transcribe] = field(default_factory=list)
    rates: list[int] = field(default_factory=list)
    finished: int = 0


class Ears(AsyncEventHandler):
    """A Wyoming server that answers with the number of samples that it was sent."""

    def __init__(self, heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__(reader, writer)
        self.heard = heard

    async def handle_event(self, event: Event) -> bool:
        if Transcribe.is_type(event.type):
            self.heard.requests.append(Transcribe.from_event(event))
        elif AudioStart.is_type(event.type):
            self.heard.rates.append(AudioStart.from_event(event).rate)
            self.heard.streams.append(b"")
        elif AudioChunk.is_type(event.type):
            self.heard.streams[-1] += AudioChunk.from_event(event).audio
            if self.heard.behaviour == "early" and len(self.heard.streams[-1]) > 20_000:
                await self.write_event(Transcript("heard enough").event())
                return False
            if self.heard.behaviour == "chunks" and len(self.heard.streams[-1]) == 2 * SAMPLE_RATE:
                await self.write_event(TranscriptStart().event())
                await self.write_event(TranscriptChunk("one ").event())
        elif AudioStop.is_type(event.type):
            self.heard.finished += 1
            return await self.answer()
        return True

    async def answer(self) -> bool:
        match self.heard.behaviour:
            case "whole":
                await self.write_event(Transcript(f" {len(self.heard.streams[-1]) // 2} samples\n").event())
            case "chunks":
                await self.write_event(TranscriptChunk("two").event())
                await self.write_event(TranscriptStop().event())
            case "error":
                await self.write_event(Error("out of memory\x1b[31m").event())
            case "hang up":
                return False
            case "garbage":
                self.writer.write(b"not json\n")
                await self.writer.drain()
        return True


def talk(
    behaviour: str,
    script: Callable[[WyomingRecognizer], Awaitable[None]],
    tmp_path: Path,
    answer_limit: float = 5.0,
    hot_words: str = "",
) -> Heard:
    heard = Heard(behaviour)

    async def run() -> None:
        address = f"unix://{tmp_path}/ears"
        server = AsyncServer.from_uri(address)
        await server.start(partial(Ears, heard))
        async with WyomingRecognizer(
            address, model="tiny", language="en", hot_words=hot_words, answer_limit=answer_limit
        ) as recognizer:
            await script(recognizer)
        await server.stop()
        await asyncio.sleep(0)

    asyncio.run(run())
    return heard


@pytest.mark.parametrize(
    ("hot_words", "names"),
    [("", None), ("Anna Ólafur", ["Anna", "Ólafur"]), ("Anna, New York", ["Anna", "New York"])],
)
def test_hot_words_are_told_as_names(tmp_path: Path, hot_words: str, names: list[str] | None) -> None:
    async def script(recognizer: WyomingRecognizer) -> None:
        await recognizer.transcribe(SPEECH, is_final=True)

    assert talk("whole", script, tmp_path, hot_words=hot_words).requests[0].transcript_names == names


def test_the_speech_is_sent_once_while_it_grows(tmp_path: Path) -> None:
    async def script(recognizer: WyomingRecognizer) -> None:
        for end in (4_000, 9_000, 9_000, 20_000):
            assert (await recognizer.transcribe(SPEECH[:end], is_final=False)).text == ""
        assert (await recognizer.transcribe(SPEECH, is_final=True)).text == "32000 samples"

    heard = talk("whole", script, tmp_path)
    assert len(heard.streams) == 1
    np.testing.assert_allclose(np.frombuffer(heard.streams[0], "<i2") / 32767, SPEECH, atol=1e-4)
    assert heard.rates == [SAMPLE_RATE]
    assert (heard.requests[0].name, heard.requests[0].language) == ("tiny", "en")


def test_each_speech_has_a_stream_of_its_own(tmp_path: Path) -> None:
    async def script(recognizer: WyomingRecognizer) -> None:
        await recognizer.transcribe(SPEECH[:8_000], is_final=False)
        await recognizer.transcribe(SPEECH[100:3_000], is_final=False)  # another one: the first was given up
        assert (await recognizer.transcribe(SPEECH[100:5_000], is_final=True)).text == "4900 samples"
        assert (await recognizer.transcribe(SPEECH[:1_000], is_final=True)).text == "1000 samples"

    heard = talk("whole", script, tmp_path)
    assert [len(stream) // 2 for stream in heard.streams] == [8_000, 4_900, 1_000]


def test_a_speech_that_goes_on_after_its_final_text_is_sent_anew(tmp_path: Path) -> None:
    async def script(recognizer: WyomingRecognizer) -> None:
        assert (await recognizer.transcribe(SPEECH[:8_000], is_final=True)).text == "8000 samples"
        assert (await recognizer.transcribe(SPEECH[:9_000], is_final=True)).text == "9000 samples"

    talk("whole", script, tmp_path)


def test_a_server_that_streams_gives_partial_text(tmp_path: Path) -> None:
    async def script(recognizer: WyomingRecognizer) -> None:
        await recognizer.transcribe(SPEECH[:SAMPLE_RATE], is_final=False)
        async with asyncio.timeout(5):
            while (await recognizer.transcribe(SPEECH[:SAMPLE_RATE], is_final=False)).text != "one":  # noqa: ASYNC110
                await asyncio.sleep(0)  # the server's words arrive when they arrive
        assert (await recognizer.transcribe(SPEECH, is_final=True)).text == "one two"

    talk("chunks", script, tmp_path)


def test_a_server_that_has_heard_enough_is_believed(tmp_path: Path) -> None:
    async def script(recognizer: WyomingRecognizer) -> None:
        assert (await recognizer.transcribe(SPEECH, is_final=True)).text == "heard enough"

    talk("early", script, tmp_path)


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [("error", "server_error"), ("hang up", "broken"), ("garbage", "broken"), ("silence", "timeout")],
)
def test_each_fault_has_its_code_and_the_next_speech_is_tried(tmp_path: Path, behaviour: str, code: str) -> None:
    async def script(recognizer: WyomingRecognizer) -> None:
        for _ in range(2):
            with pytest.raises(RecognitionError) as caught:
                await recognizer.transcribe(SPEECH, is_final=True)
            assert caught.value.code == code
            assert "\x1b" not in str(caught.value)

    assert len(talk(behaviour, script, tmp_path, 0.2).streams) == 2


def test_a_cancelled_call_leaves_no_task_and_the_next_one_works(tmp_path: Path) -> None:
    async def script(recognizer: WyomingRecognizer) -> None:
        call = asyncio.create_task(recognizer.transcribe(SPEECH, is_final=True))
        await asyncio.sleep(0)
        call.cancel()
        await asyncio.wait([call])
        assert call.cancelled()
        assert not [task for task in asyncio.all_tasks() if task.get_name() == "wyoming transcript"]
        assert (await recognizer.transcribe(SPEECH[:500], is_final=True)).text == "500 samples"

    talk("whole", script, tmp_path)


def test_nobody_there_is_told(tmp_path: Path) -> None:
    async def ask(address: str) -> None:
        async with WyomingRecognizer(address) as recognizer:
            await recognizer.transcribe(SPEECH, is_final=True)

    with pytest.raises(RecognitionError, match="cannot be reached"):
        asyncio.run(ask(f"unix://{tmp_path}/nobody"))
    with pytest.raises(RecognitionError, match="cannot be reached"):
        asyncio.run(ask("tcp://127.0.0.1:1"))


@pytest.mark.parametrize("address", ["", "127.0.0.1:10300", "http://127.0.0.1", "stdio://", "tcp://"])
def test_an_address_that_is_none_is_told_at_once(address: str) -> None:
    with pytest.raises(RecognitionError, match="is no address"):
        WyomingRecognizer(address)


def test_a_package_that_is_missing_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def begin() -> None:
        async with WyomingRecognizer("tcp://127.0.0.1:1"):
            pass

    monkeypatch.setitem(sys.modules, "wyoming", None)
    with pytest.raises(RecognitionError, match="pip install wyoming"):
        asyncio.run(begin())


def test_no_audio_opens_no_stream(tmp_path: Path) -> None:
    async def script(recognizer: WyomingRecognizer) -> None:
        nothing: Samples = np.zeros(0, np.float32)
        assert (await recognizer.transcribe(nothing, is_final=True)).text == ""

    assert talk("whole", script, tmp_path).streams == []
