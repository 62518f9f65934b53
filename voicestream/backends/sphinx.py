"""PocketSphinx with a grammar: the embedded recognizer, English, which knows its phrases and nothing else.

Its wheel carries the acoustic model and the dictionary. The final text comes from one pass over the whole speech;
partial text from a second decoder that is fed as the speech grows. Speech outside the phrases comes back as no text.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import numpy as np

from voicestream.errors import RecognitionError
from voicestream.hearing.growing_audio import GrowingAudio
from voicestream.hearing.phrase_fit import FRAMES_PER_SECOND, Stretch, is_within_phrases, measure_fit
from voicestream.hearing.phrase_graph import PhraseGraph, read_jsgf
from voicestream.vocabulary import SAMPLE_RATE, Hypothesis, Samples, Word

Result = TypeVar("Result")

PADDING = 0.3
"""Seconds of silence put around the speech: without them the first and last phone are lost."""

LOUDNESS = 0.1
"""Root mean square to which the loud tenth of the speech is brought."""

_SETTINGS = {
    "lm": None,
    "loglevel": "FATAL",
    "bestpath": False,
    "fwdflat": False,
    # Default beams (1e-48, 7e-29) lose the right path: 0.26 word errors instead of 0.06 on recorded commands.
    "beam": 1e-80,
    "pbeam": 1e-80,
    "wbeam": 1e-60,
    # Scores are relative to the best senone of the frame. Computed over all senones, not only the active ones, they
    # mean the same in every search, so that grammar and free phones can be compared.
    "compallsen": True,
}


class SphinxRecognizer:
    """Understand the phrases of a JSGF grammar; its decoders live in one thread of their own."""

    def __init__(self, grammar: str) -> None:
        self._grammar = grammar
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sphinx")
        self._decoders: _Decoders | None = None

    async def __aenter__(self) -> Self:
        await self._run(self._load)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def transcribe(self, audio: Samples, *, is_final: bool, prompt: str = "") -> Hypothesis:
        """Recognize a phrase of the grammar in `audio`; `prompt` means nothing to a grammar."""
        return await self._run(self._recognize, audio, is_final)

    async def _run(self, work: Callable[..., Result], *arguments: object) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    def _load(self) -> _Decoders:
        if self._decoders is None:
            try:
                graph = read_jsgf(self._grammar)
            except ValueError as error:
                raise RecognitionError(f"the grammar of the phrases: {error}") from error
            self._decoders = _Decoders(graph)
        return self._decoders

    def _recognize(self, audio: Samples, is_final: bool) -> Hypothesis:
        decoders = self._load()
        return decoders.decode_whole(audio) if is_final else decoders.decode_growing(audio)


class _Decoders:
    """Both decoders and the speech that the second one is in the middle of; used in the worker thread only."""

    def __init__(self, graph: PhraseGraph) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".dict", encoding="utf-8") as dictionary:
            dictionary.writelines(_pronunciations(graph.words))
            dictionary.flush()
            self._whole = _open(dictionary.name, "batch", graph)
            self._growing = _open(dictionary.name, "live", graph)
        self._whole.add_allphone_file("phones", None)
        self._heard = GrowingAudio()
        self._gain = 1.0
        self._is_running = False

    def decode_whole(self, audio: Samples) -> Hypothesis:
        """Decode with the mean of the whole speech; empty text where it fits no phrase."""
        self._stop()
        if not audio.size:
            return Hypothesis("")
        silence = np.zeros(int(PADDING * SAMPLE_RATE), np.float32)
        pcm = _as_pcm(np.concatenate([silence, audio * _gain(audio), silence]))
        path = _search(self._whole, "phrases", pcm)
        phones = _search(self._whole, "phones", pcm)
        words = [stretch for stretch in path if not stretch.is_silence]
        if not words or not is_within_phrases(measure_fit(path, phones)):
            return Hypothesis("", language="en")
        return _hypothesis(words)

    def decode_growing(self, audio: Samples) -> Hypothesis:
        """Decode what is new in `audio`, which begins with the audio of the last call, or is another speech."""
        if not self._is_running or not self._heard.continues(audio):
            self._stop()
            self._growing.start_utt()
            self._is_running, self._gain = True, _gain(audio)
            self._growing.process_raw(_as_pcm(np.zeros(int(PADDING * SAMPLE_RATE), np.float32)))
        new = self._heard.add(audio)
        if new.size:
            self._growing.process_raw(_as_pcm(new * self._gain))
        return _hypothesis([stretch for stretch in _path(self._growing) if not stretch.is_silence])

    def _stop(self) -> None:
        if self._is_running:
            self._growing.end_utt()
        self._is_running = False
        self._heard.forget()


def _open(dictionary: str, normalisation: str, graph: PhraseGraph) -> Any:
    from pocketsphinx import Decoder, get_model_path

    decoder = Decoder(hmm=get_model_path("en-us/en-us"), dict=dictionary, cmn=normalisation, **_SETTINGS)
    end = len(graph.arcs)
    transitions: list[tuple[int, int, float] | tuple[int, int, float, str]]
    transitions = [(state, to, 1.0, word) for state, arcs in enumerate(graph.arcs) for word, to in arcs.items()]
    transitions += [(state, end, 1.0) for state in graph.ends]
    decoder.add_fsg("phrases", decoder.create_fsg("phrases", 0, end, transitions))
    decoder.activate_search("phrases")
    return decoder


def _pronunciations(words: frozenset[str]) -> list[str]:
    """Return the lines of the wheel's dictionary for `words`: some 300 of 134,860; raise RecognitionError."""
    from pocketsphinx import get_model_path

    lines = Path(get_model_path("en-us/cmudict-en-us.dict")).read_text(encoding="utf-8").splitlines(keepends=True)
    found = {line: word for line in lines if (word := line.partition(" ")[0].partition("(")[0]) in words}
    if missing := words - set(found.values()):
        raise RecognitionError(f"the grammar holds words that have no known sound: {', '.join(sorted(missing))}")
    return list(found)


def _search(decoder: Any, name: str, pcm: bytes) -> list[Stretch]:
    decoder.activate_search(name)
    decoder.start_utt()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()
    return _path(decoder)


def _path(decoder: Any) -> list[Stretch]:
    if decoder.hyp() is None:
        return []
    log = decoder.get_logmath().log
    return [
        Stretch(part.word, part.start_frame, part.end_frame, log(part.ascore), _is_filler(part.word))
        for part in decoder.seg()
        if part.end_frame >= part.start_frame >= 0 and part.word != "(NULL)"
    ]


def _is_filler(word: str) -> bool:
    return word.startswith(("<", "[", "+")) or word == "SIL"


def _hypothesis(words: list[Stretch]) -> Hypothesis:
    spoken = [
        Word(
            f" {re.sub(r'[(][0-9]+[)]$', '', word.text)}",
            max(0.0, word.first / FRAMES_PER_SECOND - PADDING),
            max(0.0, (word.last + 1) / FRAMES_PER_SECOND - PADDING),
        )
        for word in words
    ]
    return Hypothesis("".join(word.text for word in spoken).strip(), tuple(spoken), language="en")


def _gain(audio: Samples) -> float:
    blocks = audio[: audio.size // 320 * 320].reshape(-1, 320)
    if not blocks.size:
        return 1.0
    loud = float(np.percentile(np.sqrt(np.square(blocks).mean(axis=1)), 90))
    return min(LOUDNESS / max(loud, 1e-5), 0.99 / max(float(np.abs(audio).max()), 1e-5))


def _as_pcm(samples: Samples) -> bytes:
    return bytes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
