"""The measurements of `voicestream bench hearing`, one function each."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voicestream.backends.silero import Silero
from voicestream.backends.whisper import Whisper, WhisperSettings, open_whisper
from voicestream.bench.spoken_clips import Clip, frames_of
from voicestream.hearing.live_transcript import TranscriptSettings, transcribe
from voicestream.hearing.segmenter import Segmenter, SegmenterSettings
from voicestream.hearing.speech_finder import SpeechFinder
from voicestream.hearing.suspicion import plain_words
from voicestream.parts import Recognizer
from voicestream.vocabulary import (
    FRAME_SAMPLES,
    FRAME_SECONDS,
    SAMPLE_RATE,
    Frame,
    Heard,
    Hypothesis,
    Samples,
    SpeechEvent,
    SpeechPaused,
    Transcript,
)


@dataclass(frozen=True, slots=True)
class Delay:
    """Seconds of one clip: of live hearing, and of one plain call of faster-whisper; medians."""

    ours: float
    """From the moment at which the end of the speech is noticed to the final text, with the partials before it."""
    decode: float
    """One decode by itself, as the final one is made, but with nothing begun early."""
    plain: float
    ratio: float
    """Median of the ratios of neighbouring runs of `ours` and `plain`, which whatever else runs here slows alike."""


@dataclass(frozen=True, slots=True)
class Settling:
    """How the text of one utterance settled."""

    taken_back: int
    settled_share: float
    """Of the final words, settled when the voice ended."""
    after_pause: float
    """Seconds from the noticed pause to the final text."""
    after_voice: float
    """Seconds from the end of the voice to the final text."""


def measure_delay(folder: Path, clip: Clip, settings: WhisperSettings, runs: int = 5) -> Delay:
    """Return the delay of a clip, heard live `runs` times in real time, and each time plainly right after it.

    The plain call has faster-whisper's defaults and hears just the clip; nobody can begin it before the end is noticed.
    """
    from faster_whisper import WhisperModel

    plain = WhisperModel(str(folder), device="cpu", local_files_only=True)

    def call_plainly() -> float:
        started = time.perf_counter()
        segments, _ = plain.transcribe(clip.audio)
        for _ in segments:
            pass
        return time.perf_counter() - started

    async def decode(whisper: Whisper) -> float:
        started = time.perf_counter()
        await whisper.transcribe(clip.audio, is_final=True)
        return time.perf_counter() - started

    async def measure() -> Delay:
        async with open_whisper(folder, settings) as whisper:
            await decode(whisper)
            call_plainly()
            found = []
            for _ in range(runs):
                live = await _settling(whisper, clip)
                found.append((live.after_pause, await decode(whisper), call_plainly()))
            ours, decodes, plainly = (statistics.median(times) for times in zip(*found, strict=True))
            return Delay(ours, decodes, plainly, statistics.median(each[0] / each[2] for each in found))

    return asyncio.run(measure())


def count_errors(folder: Path, clips: Sequence[Clip], settings: WhisperSettings) -> tuple[int, int, int]:
    """Return the word errors here (through the whole of hearing), those of the plain call, and the words said."""
    from faster_whisper import WhisperModel

    plain = WhisperModel(str(folder), device="cpu", local_files_only=True)
    texts = asyncio.run(write_down(folder, clips, settings))
    ours = theirs = words = 0
    for clip, text in zip(clips, texts, strict=True):
        said = plain_words(clip.text)
        segments, _ = plain.transcribe(clip.audio)
        theirs += word_errors(said, plain_words("".join(segment.text for segment in segments)))
        ours += word_errors(said, plain_words(text))
        words += len(said)
    return ours, theirs, words


async def write_down(folder: Path, clips: Sequence[Clip], settings: WhisperSettings) -> list[str]:
    """Return the final text of each clip, through detector, segmenter and live transcript."""
    texts = []
    async with open_whisper(folder, settings) as whisper:
        for clip in clips:
            finals: dict[int, str] = {}
            async for heard in transcribe(_speech(clip.audio), whisper, lockstep=True):
                if isinstance(heard, Transcript) and heard.is_final:
                    finals[heard.speech] = heard.text
            texts.append(" ".join(filter(None, finals.values())))
    return texts


async def watch_settling(folder: Path, clips: Sequence[Clip], settings: WhisperSettings) -> list[Settling]:
    """Return how each clip's text settles, heard in real time."""
    async with open_whisper(folder, settings) as whisper:
        return [await _settling(whisper, clip) for clip in clips]


async def _settling(whisper: Whisper, clip: Clip) -> Settling:
    clock = asyncio.get_running_loop().time
    started = clock()
    heard: list[tuple[float, Heard]] = []
    async for item in transcribe(_speech(clip.audio, started), whisper):
        heard.append((clock() - started, item))
    shown = [(at, item) for at, item in heard if isinstance(item, Transcript)]
    if not shown:
        return Settling(0, 0.0, 0.0, 0.0)
    stable, taken_back = "", 0
    for _, item in shown:
        taken_back += not item.text.startswith(stable)
        stable = item.stable
    pauses = [(at, item) for at, item in heard if isinstance(item, SpeechPaused)]
    paused_at, paused = pauses[-1] if pauses else (shown[-1][0], shown[-1][1])
    settled = [item.stable for at, item in shown if at <= paused.time + FRAME_SECONDS]
    words = plain_words(shown[-1][1].text)
    share = len(plain_words(settled[-1])) / max(1, len(words)) if settled else 0.0
    final = next((at for at, item in shown if item.is_final and at >= paused_at), shown[-1][0])
    return Settling(taken_back, share, final - paused_at, final - paused.time)


def measure_silence(hours: float) -> tuple[float, float]:
    """Return the share of a core that silence costs, and the growth of memory in MB, over `hours` of it."""
    finder = SpeechFinder(Silero())
    noise = (np.random.default_rng(1).standard_normal((64, FRAME_SAMPLES)) * 3e-4).astype(np.float32)
    count = round(hours * 3600 / FRAME_SECONDS)
    settled, before = count // 20, 0.0
    started = time.process_time()
    for index in range(count):
        if index == settled:
            before = _resident()
        finder.find([Frame(noise[index % 64], index * FRAME_SECONDS)])
    return (time.process_time() - started) / (count * FRAME_SECONDS), _resident() - before


async def measure_share(folder: Path, settings: WhisperSettings, share: float, spent: float = 8.0) -> float:
    """Return the share of a core that partials take of talk without a pause, in real time, where `share` is set.

    So long that they take `spent` seconds of it: one of them, more or less, takes half a second on a slow machine.
    """
    seconds = spent / share
    async with open_whisper(folder, settings) as whisper:
        counted = _Counted(whisper)
        noise = (np.random.default_rng(2).standard_normal(int(seconds * SAMPLE_RATE)) * 0.1).astype(np.float32)
        talk = _unbroken(noise, asyncio.get_running_loop().time())
        async for _ in transcribe(talk, counted, TranscriptSettings(partial_share=share)):
            pass
        return counted.cost / seconds


class _Counted:
    """A recognizer that adds up what its partials cost, and is not told the text before.

    A model of random weights would write that again, and be asked once more with the whole window, for seconds.
    """

    def __init__(self, recognizer: Recognizer) -> None:
        self._recognizer = recognizer
        self.cost = 0.0

    async def transcribe(self, audio: Samples, *, is_final: bool, prompt: str = "") -> Hypothesis:
        found = await self._recognizer.transcribe(audio, is_final=is_final)
        self.cost += 0.0 if is_final else found.cost
        return found


async def _speech(audio: Samples, started: float | None = None) -> AsyncIterator[SpeechEvent]:
    """Yield the speech of a clip, at the pace of a microphone where `started` is given."""
    finder = SpeechFinder(Silero())
    async for frame in _paced(frames_of(audio), started):
        for event in finder.find([frame]):
            yield event
    for event in finder.finish():
        yield event


async def _unbroken(audio: Samples, started: float) -> AsyncIterator[SpeechEvent]:
    """Yield audio as speech without any pause, which is cut where it becomes too long."""
    segmenter = Segmenter(SegmenterSettings(max_speech=20.0))
    async for frame in _paced(frames_of(audio, after=0.0), started):
        for event in segmenter.add(frame, 0.95):
            yield event
    for event in segmenter.finish():
        yield event


async def _paced(frames: Iterable[Frame], started: float | None) -> AsyncIterator[Frame]:
    clock = asyncio.get_running_loop().time
    for frame in frames:
        if started is not None:
            await asyncio.sleep(max(0.0, started + frame.time + FRAME_SECONDS - clock()))
        yield frame


def word_errors(said: Sequence[str], found: Sequence[str]) -> int:
    """Return the least number of words to replace, add or drop."""
    row = list(range(len(found) + 1))
    for index, word in enumerate(said, 1):
        last, row[0] = row[0], index
        for column, other in enumerate(found, 1):
            last, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, last + (word != other))
    return row[-1]


def _resident() -> float:
    """Return the memory of this process in MB; 0 where the system does not tell."""
    try:
        fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
    except OSError:
        return 0.0
    return int(fields[1]) * 4096 / 1e6
