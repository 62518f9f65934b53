"""Whisper by faster-whisper: one worker thread, the encoder's window cut to the speech, guards on what comes out."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from voicestream.errors import RecognitionError
from voicestream.hearing.suspicion import GRAVE, Evidence, Objection, objections
from voicestream.vocabulary import SAMPLE_RATE, Hypothesis, Samples, Word

_FILES = ("model.bin", "config.json", "tokenizer.json")
"""Without tokenizer.json faster-whisper would ask the network for one."""

_FRAMES_PER_SECOND = 100
_WINDOW_FRAMES = 3000
_WINDOW_MIN_FRAMES = 200
"""Feature frames (10 ms); under 2 s Whisper was seen to repeat itself."""

_NEW_TOKENS_MAX = 200
_PROMPT_TOKENS_MAX = 100
"""Of the hot words, and of the text before. Whisper has 448 positions in all; faster-whisper would allow each 223, and
then raise an error for the text that has no room."""


_KERNELS = "8"
"""Kernels that oneDNN keeps, instead of 1024: it makes new ones for each length of speech, and they took 13 MB in four
hours of listening (measured with models/tiny-synthetic); making two anew for a speech costs nothing to be seen."""


@dataclass(frozen=True, slots=True)
class WhisperSettings:
    """How a Whisper model is run."""

    language: str = "auto"
    """Two letters, auto, or a list of two letters, such as en,de, to choose from."""
    short_window: bool = True
    """Encode the speech and a margin, not 30 s; again with the whole window where the guards object."""
    margin: float = 1.0
    """Seconds of padding after the speech."""
    threads: int = 0
    """0: one for each processor core, four at most."""
    compute_type: str = "int8"
    beam: int = 1
    hot_words: str = ""
    """Names and rare words that are likely to be said."""

    @property
    def languages(self) -> list[str]:
        """The languages to choose from, empty where any may be spoken."""
        names = [name.strip().lower() for name in self.language.split(",") if name.strip()]
        return [] if "auto" in names else names


class Whisper:
    """Recognizes speech; the model loads in the worker thread, and whatever is asked meanwhile follows it.

    Every method raises RecognitionError where the model cannot be loaded.
    """

    def __init__(self, folder: Path, settings: WhisperSettings | None = None) -> None:
        self._settings = settings or WhisperSettings()
        self._folder = folder
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="whisper")
        self._loaded = self._worker.submit(self._load)

    async def ready(self) -> None:
        """Return when the model is loaded."""
        await asyncio.wrap_future(self._loaded)

    @property
    def compute_type(self) -> str:
        """Arithmetic of the loaded model, such as int8_float32."""
        return str(self._loaded.result().model.compute_type)

    async def transcribe(self, audio: Samples, *, is_final: bool, prompt: str = "") -> Hypothesis:
        """Recognize `audio` at SAMPLE_RATE, up to 30 s; a cancelled call ends in its own thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._worker, self._transcribe, audio, is_final, prompt)

    def close(self) -> None:
        """Forget what waits; a running decode ends in its own thread."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _load(self) -> Any:  # Any: faster-whisper is not typed; it stays inside this file
        _check_folder(self._folder)
        os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", _KERNELS)
        try:
            from faster_whisper import WhisperModel
        except ImportError as error:
            raise RecognitionError("Whisper needs faster-whisper: pip install faster-whisper") from error

        class ShortWindowModel(WhisperModel):  # type: ignore[misc] # faster-whisper is not typed
            """Encodes only as much of the padded features as `margin_frames` says."""

            margin_frames: int | None = None
            encoded: tuple[np.ndarray[Any, Any], Any] | None = None
            """What this call has encoded last: the language is detected in what is then written down."""

            def encode(self, features: np.ndarray[Any, Any]) -> Any:
                cut = _cut(features, self.margin_frames)
                if self.encoded is None or not np.array_equal(cut, self.encoded[0]):
                    self.encoded = cut, super().encode(cut)
                return self.encoded[1]

        settings = self._settings
        try:
            model = ShortWindowModel(
                str(self._folder),
                device="cpu",
                compute_type=settings.compute_type,
                cpu_threads=settings.threads or _thread_count(),
                local_files_only=True,
            )
        except Exception as error:  # CTranslate2 and tokenizers raise RuntimeError, ValueError and plain Exception
            _raise_damaged(self._folder, error)
        _check_parts(self._folder, model)
        _check_languages(self._folder, model, settings.languages)
        return model

    def _transcribe(self, audio: Samples, is_final: bool, prompt: str) -> Hypothesis:
        model = self._loaded.result()
        started = time.process_time()
        seconds = len(audio) / SAMPLE_RATE
        if seconds < 0.05:
            return Hypothesis("")
        model.encoded = None
        try:
            language = self._language(model, audio)
            decoded = self._decode(model, audio, language, prompt, self._settings.short_window)
            found = objections(decoded.evidence)
            if found and is_final and self._settings.short_window:
                decoded = self._decode(model, audio, language, "", False)
                found = objections(decoded.evidence)
        except (RuntimeError, ValueError, MemoryError) as error:
            raise RecognitionError(f"Whisper failed on {seconds:.1f} s of speech: {_one_line(error)}") from error
        is_suspect = bool(found & GRAVE) or (not is_final and bool(found))
        is_doubtful = Objection.DOUBTFUL in found
        cost = time.process_time() - started
        return Hypothesis(decoded.evidence.text, decoded.words, language, is_suspect, is_doubtful, cost)

    def _language(self, model: Any, audio: Samples) -> str:
        wanted = self._settings.languages
        if not model.model.is_multilingual:
            return "en"
        if len(wanted) == 1:
            return wanted[0]
        model.margin_frames = self._margin(self._settings.short_window)
        features = model.feature_extractor(audio)[:, :-1]  # as `transcribe` leaves out the last, of padding
        best, _, probabilities = model.detect_language(features=features)
        allowed = [(share, name) for name, share in probabilities if name in wanted]
        return max(allowed)[1] if allowed else str(best)

    def _decode(self, model: Any, audio: Samples, language: str, prompt: str, is_short: bool) -> _Decoded:
        settings = self._settings
        seconds = len(audio) / SAMPLE_RATE
        model.margin_frames = self._margin(is_short)
        segments, _ = model.transcribe(
            audio,
            language=language,
            beam_size=settings.beam,
            temperature=0.0,
            compression_ratio_threshold=None,  # the guards judge, with what the detector heard
            log_prob_threshold=None,
            no_speech_threshold=None,
            condition_on_previous_text=False,
            initial_prompt=_prompt_tokens(model, settings.hot_words, prompt) or None,
            without_timestamps=True,
            word_timestamps=not is_short,  # 10 to 25 ms, for the guards: only worth it for a text in doubt
            max_new_tokens=min(_NEW_TOKENS_MAX, int(20 + 15 * seconds)),
        )
        # Lazy: this is where it runs. One segment only: it is the whole text, since there are no timestamps in it, and
        # with word times faster-whisper would go back to the last word's end and decode the silence after it.
        part = next(iter(segments), None)
        if part is None:
            return _Decoded(Evidence("", seconds, prompt=prompt), ())
        evidence = Evidence(
            text=part.text.strip(),
            seconds=seconds,
            log_probability=part.avg_logprob,
            no_speech=part.no_speech_prob,
            prompt=prompt,
        )
        words = tuple(
            Word(word.word, float(word.start), float(word.end), float(word.probability)) for word in part.words or ()
        )
        return _Decoded(evidence, words)

    def _margin(self, is_short: bool) -> int | None:
        return round(self._settings.margin * _FRAMES_PER_SECOND) if is_short else None


@dataclass(frozen=True, slots=True)
class _Decoded:
    evidence: Evidence
    words: tuple[Word, ...]


@asynccontextmanager
async def open_whisper(folder: Path, settings: WhisperSettings | None = None) -> AsyncIterator[Whisper]:
    """Load the model in `folder` for the length of a block; raise RecognitionError."""
    whisper = Whisper(folder, settings)
    try:
        await whisper.ready()
        yield whisper
    finally:
        whisper.close()


def _thread_count() -> int:
    """Return the threads that serve best unmeasured; CTranslate2 itself takes four also on two cores.

    Measured there on a busy machine: final text in 0.08 to 0.12 of a plain call's time, against 0.09 to 0.18.
    """
    return min(4, os.cpu_count() or 1)


def _prompt_tokens(model: Any, hot_words: str, before: str) -> list[int]:
    """Return what stands before the text: the first of the hot words and the last of the text before."""
    hot, last = (
        model.hf_tokenizer.encode(f" {text.strip()}", add_special_tokens=False).ids if text.strip() else []
        for text in (hot_words, before)
    )
    return [*hot[:_PROMPT_TOKENS_MAX], *last[-_PROMPT_TOKENS_MAX:]]


def _cut(features: np.ndarray[Any, Any], margin_frames: int | None) -> np.ndarray[Any, Any]:
    """Return the features, shape (mels, frames), up to the end of the audio and a margin; an even number of frames."""
    if margin_frames is None:
        return features
    filled = np.flatnonzero(features.any(axis=0))  # faster-whisper pads with zeros, which no audio gives
    count = int(filled[-1]) + 1 if len(filled) else 0
    count = max(_WINDOW_MIN_FRAMES, count + margin_frames)
    return features[:, : min(count + count % 2, _WINDOW_FRAMES)]


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise RecognitionError(f"{folder}: there is no such folder; `voicestream models fetch` gets a model")
    missing = [name for name in _FILES if not (folder / name).is_file()]
    if not list(folder.glob("vocabulary.*")):
        missing.append("vocabulary.json")
    if missing:
        raise RecognitionError(f"{folder}: is not a whole Whisper model: {', '.join(missing)} missing; fetch it again")


def _check_parts(folder: Path, model: Any) -> None:
    """Find parts of different models in one folder, which would run and give nonsense."""
    known = [model.hf_tokenizer.token_to_id(name) for name in ("<|endoftext|>", "<|startoftranscript|>")]
    if None in known:
        raise RecognitionError(f"{folder}: tokenizer.json is not one of Whisper's; fetch the model again")
    mels = model.feature_extractor.mel_filters.shape[0]
    if mels != model.model.n_mels:
        raise RecognitionError(
            f"{folder}: preprocessor_config.json makes {mels} bands, model.bin takes {model.model.n_mels}"
        )


def _check_languages(folder: Path, model: Any, wanted: list[str]) -> None:
    """Find languages that the model does not know: it would write them down as if they were another."""
    unknown = ", ".join(name for name in wanted if name not in model.supported_languages)
    if unknown and model.model.is_multilingual:
        raise RecognitionError(
            f"hearing.language: Whisper does not know {unknown}; expected two letters such as en, a list, or auto"
        )
    if unknown:
        raise RecognitionError(
            f"{folder}: knows English only, and hearing.language names {unknown}; "
            "set hearing.model to one without .en, such as base"
        )


def _raise_damaged(folder: Path, error: Exception) -> NoReturn:
    raise RecognitionError(f"{folder}: the model cannot be loaded ({_one_line(error)}); fetch it again") from error


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else text[:199] + "…"
