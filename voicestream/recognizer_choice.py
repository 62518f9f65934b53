"""Chooses what turns speech into text: Whisper where its model is there or can be fetched, else the embedded one."""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack
from pathlib import Path

from voicestream.config import Config
from voicestream.errors import FetchError, InputError
from voicestream.events import Events, Notice
from voicestream.parts import Recognizer

ONLY_PHRASES = (
    "The embedded recognizer knows only its phrases (`voicestream listen --phrases` lists them). "
    "For free speech: `voicestream models fetch base.en`."
)


async def open_recognizer(config: Config, events: Events, stack: AsyncExitStack) -> tuple[Recognizer, str]:
    """Open the recognizer of the settings, and say which it is; raise RecognitionError, InputError or FetchError."""
    match config.hearing.recognizer:
        case "remote" | "wyoming":
            return await _open_remote(config, events, stack)
        case "sphinx":
            return await _open_embedded(events, stack)
    return await _open_local(config, events, stack)


async def _open_local(config: Config, events: Events, stack: AsyncExitStack) -> tuple[Recognizer, str]:
    hearing = config.hearing
    try:
        folder = await _find_whisper(hearing.model)
    except (InputError, FetchError) as error:
        if hearing.recognizer == "whisper":
            raise
        events.tell(Notice(code="no_whisper", message=f"No Whisper model {hearing.model}: {error}"))
        return await _open_embedded(events, stack)
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
    return await stack.enter_async_context(open_whisper(folder, settings)), f"Whisper {folder.name}"


async def _find_whisper(name: str) -> Path:
    """Return the folder of the model, fetched with a progress bar if it is not there."""
    from voicestream.backends.model_files import find_model

    if folder := find_model(name):
        return folder
    from voicestream.backends.model_download import fetch_model
    from voicestream.displays.progress import ProgressBar

    with ProgressBar(sys.stderr, name) as bar:
        return await fetch_model(name, lambda progress: bar.show(progress.done, progress.total))


async def _open_embedded(events: Events, stack: AsyncExitStack) -> tuple[Recognizer, str]:
    from voicestream.backends.sphinx import SphinxRecognizer
    from voicestream.thinking.phrases import jsgf

    recognizer = await stack.enter_async_context(SphinxRecognizer(jsgf()))
    events.tell(Notice(code="only_phrases", message=ONLY_PHRASES))
    return recognizer, "PocketSphinx (its phrases only)"


async def _open_remote(config: Config, events: Events, stack: AsyncExitStack) -> tuple[Recognizer, str]:
    """Open a recognizer on another machine; where it cannot be reached, the local one takes over for a while."""
    remote, language = config.remote_hearing, config.hearing.language
    language = language if len(language) == 2 else ""
    first: Recognizer
    if config.hearing.recognizer == "wyoming":
        from voicestream.backends.wyoming_recognizer import WyomingRecognizer

        first = await stack.enter_async_context(
            WyomingRecognizer(remote.wyoming, language=language, answer_limit=remote.answer_limit)
        )
        name = remote.wyoming
    else:
        from voicestream.backends.remote_recognizer import RemoteRecognizer, RemoteSettings

        settings = RemoteSettings(
            base_url=remote.base_url,
            model=remote.model,
            key_variable=remote.key_variable,
            language=language,
            answer_limit=remote.answer_limit,
            partials=remote.partials,
        )
        first = await stack.enter_async_context(RemoteRecognizer(settings))
        name = remote.base_url
    if not remote.fall_back:
        return first, name
    from voicestream.hearing.fallback_recognizer import with_fallback

    second, second_name = await _open_local(config, events, stack)

    def tell(message: str) -> None:
        events.tell(Notice(code="recognizer", message=message))

    return with_fallback(first, second, tell), f"{name}, else {second_name}"
