"""Chooses what turns speech into text: Whisper where its model is there or can be fetched, else the embedded one."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from voicestream.config import Config
from voicestream.discreet import hide_keys
from voicestream.errors import FetchError, InputError, RecognitionError
from voicestream.events import Events, Notice
from voicestream.parts import Recognizer
from voicestream.stages import ended
from voicestream.turns.words import bare_words
from voicestream.vocabulary import Hypothesis, Samples

ONLY_PHRASES = (
    "The embedded recognizer knows only its phrases (`voicestream listen --phrases` lists them). "
    "For free speech: `voicestream models fetch base.en`."
)


UNKNOWN_CALL = "Nothing wakes it: turns.wake_phrase must be of English words for the embedded recognizer"

REST = 60.0
"""Seconds for which the recognizer on another machine must have worked again before the local one is closed."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A recognizer that can be had here; opening it is what takes memory."""

    name: str
    open: Callable[[AsyncExitStack], Coroutine[Any, Any, Recognizer]]


async def open_recognizer(config: Config, events: Events, stack: AsyncExitStack) -> tuple[Recognizer, str]:
    """Open the recognizer of the settings, and say which it is; raise RecognitionError, InputError or FetchError."""
    match config.hearing.recognizer:
        case "remote" | "wyoming":
            return await _open_remote(config, events, stack)
        case "sphinx":
            choice = _embedded(config, events)
        case _:
            choice = await _choose_local(config, events)
    return await choice.open(stack), choice.name


async def _choose_local(config: Config, events: Events) -> Choice:
    hearing = config.hearing
    try:
        folder = await _find_whisper(hearing.model)
    except (InputError, FetchError) as error:
        if hearing.recognizer == "whisper":
            raise
        events.tell(Notice(code="no_whisper", message=f"No Whisper model {hearing.model}: {error}"))
        return _embedded(config, events)

    async def open_it(stack: AsyncExitStack) -> Recognizer:
        from voicestream.backends.tuning_file import read_tuning
        from voicestream.backends.whisper import WhisperSettings, open_whisper

        tuning = read_tuning(folder)
        settings = WhisperSettings(
            language=hearing.language,
            short_window=hearing.short_window,
            margin=hearing.margin,
            threads=tuning.threads,
            compute_type=tuning.compute_type,
            beam=tuning.beam,
            hot_words=hearing.hot_words,
        )
        return await stack.enter_async_context(open_whisper(folder, settings))

    return Choice(f"Whisper {folder.name}", open_it)


async def _find_whisper(name: str) -> Path:
    """Return the folder of the model, fetched with a progress bar if it is not there."""
    from voicestream.backends.model_files import find_model

    if folder := find_model(name):
        return folder
    from voicestream.backends.model_download import fetch_model
    from voicestream.displays.download_progress import ProgressBar

    with ProgressBar(sys.stderr, name) as bar:
        return await fetch_model(name, lambda progress: bar.show(progress.file, progress.done, progress.total))


def _embedded(config: Config, events: Events) -> Choice:
    async def open_it(stack: AsyncExitStack) -> Recognizer:
        from voicestream.backends.sphinx import SphinxRecognizer
        from voicestream.thinking.phrases import jsgf

        turns = config.turns
        call = " ".join(bare_words(turns.wake_phrase)) if turns.listening in ("wake_phrase", "wake_word") else ""
        try:
            recognizer = await stack.enter_async_context(SphinxRecognizer(jsgf(call)))
        except RecognitionError:
            recognizer = await stack.enter_async_context(SphinxRecognizer(jsgf()))
            if turns.listening == "wake_phrase":
                events.tell(Notice(code="wake_phrase", message=f"{UNKNOWN_CALL}, found {turns.wake_phrase!r}."))
        events.tell(Notice(code="only_phrases", message=ONLY_PHRASES))
        return recognizer

    return Choice("PocketSphinx (its phrases only)", open_it)


async def _open_remote(config: Config, events: Events, stack: AsyncExitStack) -> tuple[Recognizer, str]:
    """Open a recognizer on another machine; where it cannot be reached, the local one takes over for a while."""
    remote, language = config.remote_hearing, config.hearing.language
    language = language if len(language) == 2 else ""
    first: Recognizer
    if config.hearing.recognizer == "wyoming":
        from voicestream.backends.wyoming_recognizer import WyomingRecognizer

        first = await stack.enter_async_context(
            WyomingRecognizer(
                remote.wyoming,
                language=language,
                hot_words=config.hearing.hot_words,
                answer_limit=remote.answer_limit,
            )
        )
        name = hide_keys(remote.wyoming)
    else:
        from voicestream.backends.remote_recognizer import RemoteRecognizer, RemoteSettings

        settings = RemoteSettings(
            base_url=remote.base_url,
            model=remote.model,
            key_variable=remote.key_variable,
            language=language,
            hot_words=config.hearing.hot_words,
            answer_limit=remote.answer_limit,
            partials=remote.partials,
        )
        first = await stack.enter_async_context(RemoteRecognizer(settings))
        name = hide_keys(remote.base_url)
    if not remote.fall_back:
        return first, name
    from voicestream.hearing.fallback_recognizer import with_fallback

    choice = await _choose_local(config, events)
    second = await stack.enter_async_context(LateRecognizer(choice))

    def tell(message: str) -> None:
        events.tell(Notice(code="recognizer", message=message))

    return with_fallback(first, second, tell, second.stand_by), f"{name}, else {choice.name}"


class LateRecognizer:
    """A recognizer that is open only while it is needed: one that stands by takes no memory."""

    def __init__(self, choice: Choice, rest: float = REST) -> None:
        self._choice = choice
        self._rest = rest
        self._life: asyncio.Task[None] | None = None
        self._opened: asyncio.Future[Recognizer] | None = None
        self._resting: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stay()
        if self._life:
            await ended(self._life)

    async def transcribe(self, audio: Samples, *, is_final: bool, prompt: str = "") -> Hypothesis:
        """Recognize `audio`, once the recognizer is open; raise RecognitionError."""
        self._stay()
        if self._opened is None or _is_failed(self._opened):
            self._opened = asyncio.get_running_loop().create_future()
            self._life = asyncio.create_task(self._live(self._opened, self._life), name="the local recognizer")
        recognizer = await asyncio.shield(self._opened)  # a call that is cancelled leaves the opening to the next
        return await recognizer.transcribe(audio, is_final=is_final, prompt=prompt)

    def stand_by(self) -> None:
        """Close after a while, unless it is asked again before."""
        self._stay()
        self._resting = asyncio.get_running_loop().call_later(self._rest, self._close)

    def _stay(self) -> None:
        if self._resting:
            self._resting.cancel()

    def _close(self) -> None:
        self._opened = None
        if self._life:
            self._life.cancel()

    async def _live(self, opened: asyncio.Future[Recognizer], before: asyncio.Task[None] | None) -> None:
        """Keep a recognizer open until cancelled, after the one before it has ended."""
        if before:
            await asyncio.wait([before])
        async with AsyncExitStack() as stack:
            try:
                opened.set_result(await self._choice.open(stack))
                await asyncio.Event().wait()
            except Exception as error:  # whatever it is must reach who asked
                opened.set_exception(error)
            finally:
                opened.cancel()  # which does nothing once it is done


def _is_failed(opened: asyncio.Future[Recognizer]) -> bool:
    return opened.done() and (opened.cancelled() or opened.exception() is not None)
