"""PocketSphinx with a grammar: the embedded recognizer, English, which knows its phrases and nothing else.

Its wheel carries the acoustic model and the dictionary. The final text comes from the whole speech, heard as a longer
and, in doubt, as a shorter throat would make it; partial text as the speech grows. Speech outside the phrases comes
back as no text.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import numpy as np

from voicestream.errors import RecognitionError
from voicestream.hearing.growing_audio import GrowingAudio
from voicestream.hearing.phrase_fit import (
    FRAMES_PER_SECOND,
    Attempt,
    Stretch,
    best_attempt,
    is_hopeless,
    is_within_phrases,
    may_become_phrase,
    measure_fit,
)
from voicestream.hearing.phrase_graph import PhraseGraph, read_jsgf
from voicestream.vocabulary import SAMPLE_RATE, Hypothesis, Samples, Word

Result = TypeVar("Result")

PADDING = 0.15
"""Seconds of silence put around the speech; 0.3 and 0.6 gave the same words."""

LOUDNESS = 0.1
"""Root mean square to which the loud tenth of the speech is brought."""

SPEECH_DB = 25.0
"""What is so far below the loudest is no speech; more than MARGIN seconds of it at the ends are left out."""

MARGIN = 0.3
BLOCK_SAMPLES = 320

BLOCK_BYTES = 640
"""0.02 seconds, which take 2 to 4 ms on a desktop, 20 at worst: no other thread runs in that time, and a sound card
that waits for longer falls silent (with 0.1 seconds the voice stuttered while somebody spoke over it)."""

DITHER = 3e-5
"""Root mean square of the noise added to speech, one step of 16 bits: PocketSphinx takes the mean off no frame of
digital silence."""

LONGEST_PHRASE = 12.0
"""Seconds; what is longer is no command, and is not worth its cost."""

THROATS = ("1.06", "1.0")
"""Frequencies are multiplied by it (vocal tract length normalisation). Word errors of recorded commands: 0.041 with the
first, 0.048 with the second, 0.030 with the one that fits better; human ones alone 0.066, 0.073, 0.029."""

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
_CHEAP_SETTINGS = {**_SETTINGS, "beam": 1e-10, "pbeam": 1e-10, "wbeam": 1e-10, "compallsen": False}


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

    async def attempts(self, audio: Samples) -> list[Attempt]:
        """Return what each throat makes of a whole speech, believed or not: for measuring."""
        return await self._run(lambda: self._load().attempts(audio))

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
        if not is_final:
            return decoders.decode_growing(audio)
        decoders.forget()
        return decoders.decode_whole(audio)


class _Decoders:
    """All decoders, and the speech that one of them is in the middle of; used in the worker thread only."""

    def __init__(self, graph: PhraseGraph) -> None:
        with tempfile.TemporaryDirectory() as folder:
            dictionary = Path(folder) / "phrases.dict"
            dictionary.write_text("".join(_pronunciations(graph.words)), encoding="utf-8")
            self._throats = [_Throat(dictionary, graph, warp) for warp in THROATS]
        self._heard = GrowingAudio()
        self._gain = 1.0
        self._is_running = False

    def decode_whole(self, audio: Samples) -> Hypothesis:
        """Decode with the mean of the whole speech; empty text where it fits no phrase."""
        start, speech = _normalised(audio)
        if not speech.size or speech.size > LONGEST_PHRASE * SAMPLE_RATE:
            return Hypothesis("", is_suspect=bool(speech.size))
        best = best_attempt(throat.attempt(speech) for throat in self._throats)
        if not is_within_phrases(best.fit):
            return Hypothesis("", language="en", is_suspect=bool(best.path))
        return _hypothesis(best.path, start / SAMPLE_RATE - PADDING)

    def attempts(self, audio: Samples) -> list[Attempt]:
        """Return what each throat makes of the whole speech; none where it is too long to be a phrase."""
        _, speech = _normalised(audio)
        if not speech.size or speech.size > LONGEST_PHRASE * SAMPLE_RATE:
            return []
        return [throat.attempt(speech) for throat in self._throats]

    def decode_growing(self, audio: Samples) -> Hypothesis:
        """Decode what is new in `audio`, which begins with the audio of the last call, or is another speech."""
        if not self._is_running or not self._heard.continues(audio):
            self._begin(_gain(audio))
        new = self._heard.add(audio)
        if not audio.size or audio.size > LONGEST_PHRASE * SAMPLE_RATE:
            return Hypothesis("", is_suspect=bool(audio.size))
        _feed(self._growing, _as_pcm(new * self._gain))
        words = [stretch for stretch in _path(self._growing) if not stretch.is_silence]
        if not may_become_phrase(words):
            return Hypothesis("", language="en", is_suspect=bool(words))
        return _hypothesis(words, -PADDING)

    def forget(self) -> None:
        """Let go of the speech that grew; should it go on, to begin it again costs a third of its final decode."""
        if self._is_running:
            self._growing.end_utt()
            _empty(self._growing)
        self._is_running = False
        self._heard.forget()

    @property
    def _growing(self) -> Any:
        """The decoder of speech that grows; it is none that decodes a whole one, which begins after the growing."""
        return self._throats[0].decoder

    def _begin(self, gain: float) -> None:
        self.forget()
        self._throats[0].begin("phrases")  # with the mean of the last speech, which came by the same microphone
        self._is_running, self._gain = True, gain
        _feed(self._growing, _padded(np.zeros(0, np.float32)))


class _Throat:
    """Hears as one throat would make it.

    PocketSphinx lets no other thread run while it takes audio, so it is given blocks: else the sound card would wait
    for a whole decode. In blocks it cannot take the mean off the whole speech: a second decoder finds that before.
    """

    def __init__(self, dictionary: Path, graph: PhraseGraph, warp: str) -> None:
        self.decoder = _open(dictionary, "live", warp, _SETTINGS)
        _add_phrases(self.decoder, graph)
        self.decoder.add_allphone_file("phones", None)
        self._averager = _open(dictionary, "batch", warp, _CHEAP_SETTINGS)
        self._averager.add_fsg("a word", self._averager.create_fsg("a word", 0, 1, [(0, 1, 1.0, min(graph.words))]))
        self._averager.activate_search("a word")
        self._mean = ""

    def attempt(self, speech: Samples) -> Attempt:
        """Return the words of the phrase that fits best, and how well it does against free phones."""
        self._averager.start_utt()
        self._averager.process_raw(_as_pcm(speech), full_utt=True)
        self._averager.end_utt()
        self._mean = self._averager.get_cmn()
        _empty(self._averager)
        pcm = _padded(speech)
        path = [stretch for stretch in self._search("phrases", pcm) if not stretch.is_silence]
        return Attempt(path, measure_fit(path, () if is_hopeless(path) else self._search("phones", pcm)))

    def begin(self, search: str) -> None:
        """Begin to search, with the mean of the last speech."""
        self.decoder.activate_search(search)
        if self._mean:
            self.decoder.set_cmn(self._mean)
        self.decoder.start_utt()

    def _search(self, name: str, pcm: bytes) -> list[Stretch]:
        self.begin(name)
        _feed(self.decoder, pcm)
        self.decoder.end_utt()
        path = _path(self.decoder)
        _empty(self.decoder)
        return path


def _open(dictionary: Path, normalisation: str, warp: str, settings: Mapping[str, object]) -> Any:
    from pocketsphinx import Decoder, get_model_path

    return Decoder(
        hmm=get_model_path("en-us/en-us"), dict=str(dictionary), cmn=normalisation, warp_params=warp, **settings
    )


def _add_phrases(decoder: Any, graph: PhraseGraph) -> None:
    end = len(graph.arcs)
    transitions: list[tuple[int, int, float] | tuple[int, int, float, str]]
    transitions = [(state, to, 1.0, word) for state, arcs in enumerate(graph.arcs) for word, to in arcs.items()]
    transitions += [(state, end, 1.0) for state in graph.ends]
    decoder.add_fsg("phrases", decoder.create_fsg("phrases", 0, end, transitions))
    decoder.activate_search("phrases")


def _pronunciations(words: frozenset[str]) -> list[str]:
    """Return the lines of the wheel's dictionary for `words`: some 300 of 134,860; raise RecognitionError."""
    from pocketsphinx import get_model_path

    lines = Path(get_model_path("en-us/cmudict-en-us.dict")).read_text(encoding="utf-8").splitlines(keepends=True)
    found = {line: word for line in lines if (word := line.partition(" ")[0].partition("(")[0]) in words}
    if missing := words - set(found.values()):
        raise RecognitionError(f"the grammar holds words that have no known sound: {', '.join(sorted(missing))}")
    return list(found)


def _feed(decoder: Any, pcm: bytes) -> None:
    for start in range(0, len(pcm), BLOCK_BYTES):
        decoder.process_raw(pcm[start : start + BLOCK_BYTES])


def _empty(decoder: Any) -> None:
    """Let the decoder's search forget its last speech, which it would keep until the next one begins.

    Ten seconds of noise take up to 17 MB in each search, a phrase less than 1 MB, which are gone within 1 ms.
    """
    decoder.start_utt()
    decoder.end_utt()


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


def _hypothesis(words: Sequence[Stretch], offset: float) -> Hypothesis:
    spoken = [
        Word(
            f" {word.written}",
            max(0.0, word.first / FRAMES_PER_SECOND + offset),
            max(0.0, (word.last + 1) / FRAMES_PER_SECOND + offset),
        )
        for word in words
    ]
    return Hypothesis("".join(word.text for word in spoken).strip(), tuple(spoken), language="en")


def _loudness(audio: Samples) -> Samples:
    """Return the root mean square of each block."""
    blocks = audio[: audio.size // BLOCK_SAMPLES * BLOCK_SAMPLES].reshape(-1, BLOCK_SAMPLES)
    loudness: Samples = np.sqrt(np.square(blocks).mean(axis=1))
    return loudness


def _normalised(audio: Samples) -> tuple[int, Samples]:
    """Return the index of its first sample, and the audio as loud as any other, without long silence at its ends."""
    loudness = _loudness(audio)
    if not loudness.size:
        return 0, audio
    loud = np.flatnonzero(loudness > np.percentile(loudness, 95) * 10 ** (-SPEECH_DB / 20))
    if not loud.size:
        return 0, audio[:0]
    first = max(0, int(loud[0] * BLOCK_SAMPLES - MARGIN * SAMPLE_RATE))
    speech = audio[first : int((loud[-1] + 1) * BLOCK_SAMPLES + MARGIN * SAMPLE_RATE)]
    return first, speech * np.float32(_gain(speech))


def _gain(audio: Samples) -> float:
    loudness = _loudness(audio)
    if not loudness.size:
        return 1.0
    loud = float(np.percentile(loudness, 90))
    return min(LOUDNESS / max(loud, 1e-5), 0.99 / max(float(np.abs(audio).max()), 1e-5))


def _padded(speech: Samples) -> bytes:
    padding = int(PADDING * SAMPLE_RATE)
    dither = np.random.default_rng(0).normal(0, DITHER, len(speech) + 2 * padding).astype(np.float32)
    return _as_pcm(dither + np.pad(speech, padding))


def _as_pcm(samples: Samples) -> bytes:
    return bytes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
