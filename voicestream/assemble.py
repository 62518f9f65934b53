"""Makes the parts of a conversation from the settings. Each backend is imported only where it is chosen."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from voicestream import events as told
from voicestream.backends.no_ears import NoEars
from voicestream.backends.voice_process import ESPEAK, PYTTSX3, ChildVoice
from voicestream.config import Config
from voicestream.errors import DeviceError, FetchError, InputError
from voicestream.events import Events
from voicestream.parts import Microphone, Parts, Recognizer, SoundCard, Speaker, SpeechDetector, Thinker, Voice
from voicestream.thinking.delivery import Delivery
from voicestream.thinking.timers import Moment, Timers

AUDIO_SUFFIXES = (".wav", ".flac", ".aiff", ".aif", ".ogg", ".mp3")
"""Endings of names that mean a file and not a device."""

ONLY_PHRASES = (
    "The embedded recognizer knows only its phrases (`voicestream listen --phrases` lists them). "
    "For free speech: `voicestream models fetch base.en`."
)


@dataclass(frozen=True, slots=True)
class Ears:
    """What writes down what is said."""

    microphone: Microphone
    detector: SpeechDetector
    recognizer: Recognizer
    input_name: str
    recognizer_name: str


@dataclass(frozen=True, slots=True)
class Mouth:
    """What speaks."""

    voice: Voice
    speaker: Speaker
    voice_name: str
    output_name: str


@dataclass(frozen=True, slots=True)
class Mind:
    """What writes the answers, and what rings by itself."""

    thinker: Thinker
    timers: Timers
    delivery: Delivery
    model_name: str


def is_file(place: str) -> bool:
    """Return whether --input or --output names a file, and not a device."""
    return place == "-" or place.lower().endswith(AUDIO_SUFFIXES) or os.sep in place


def moment() -> Moment:
    """Return the present, by both clocks of the machine."""
    return Moment(time.monotonic(), datetime.now().astimezone())


@asynccontextmanager
async def open_parts(
    config: Config,
    events: Events,
    *,
    is_fast: bool = False,
    ears: NoEars | None = None,
    microphone: Microphone | None = None,
) -> AsyncGenerator[tuple[Parts, Mind], None]:
    """Open everything side by side, and say what was chosen; raise the error of the first part that cannot be had.

    `ears` that hear nothing take the place of microphone and recognizer where the conversation is typed;
    a `microphone` takes the place of the one in the settings.
    """
    async with AsyncExitStack() as stack:
        card = _sound_card()
        hearing, mouth, mind = await _all(
            open_ears(config, events, stack, card, is_fast=is_fast, ears=ears, microphone=microphone),
            open_mouth(config, events, stack, card, is_fast=is_fast),
            open_mind(config, events, stack),
        )
        parts = Parts(
            microphone=hearing.microphone,
            canceller=None,
            detector=hearing.detector,
            recognizer=hearing.recognizer,
            thinker=mind.thinker,
            voice=mouth.voice,
            speaker=mouth.speaker,
            now=datetime.now,
        )
        events.emit(
            told.Ready(
                recognizer=hearing.recognizer_name,
                model=mind.model_name,
                voice=mouth.voice_name,
                input=hearing.input_name,
                output=mouth.output_name,
            )
        )
        yield parts, mind


async def _all(*openings: Coroutine[Any, Any, Any]) -> list[Any]:
    """Run side by side to the end, whatever fails, and raise the first error. Any: each gives its own part."""
    results = await asyncio.gather(*openings, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results


def _sound_card() -> SoundCard:
    from voicestream.backends.sound_streams import SoundStreams

    return SoundStreams()


# ------------------------------------------------------------------------------------------------------- ears


async def open_ears(
    config: Config,
    events: Events,
    stack: AsyncExitStack,
    card: SoundCard | None = None,
    *,
    is_fast: bool = False,
    ears: NoEars | None = None,
    microphone: Microphone | None = None,
) -> Ears:
    """Choose microphone and recognizer; raise RecognitionError, InputError or DeviceError."""
    from voicestream.backends.silero import Silero

    if ears is not None:
        return Ears(ears, ears, ears, "", "")
    if microphone is None:
        microphone = choose_microphone(config.audio.input, events, card or _sound_card(), is_fast)
    detector = await asyncio.to_thread(Silero)
    recognizer, name = await open_recognizer(config, events, stack)
    return Ears(microphone, detector, recognizer, config.audio.input, name)


def choose_microphone(place: str, events: Events, card: SoundCard, is_fast: bool) -> Microphone:
    """Return the microphone that --input names; nothing is opened yet."""
    if place == "-":
        from voicestream.backends.standard_input import InputMicrophone

        return InputMicrophone(is_fast=is_fast)
    if is_file(place):
        from voicestream.backends.audio_files import FileMicrophone

        return FileMicrophone(Path(place), is_fast)
    from voicestream.backends.microphone import Microphone as SoundMicrophone

    return SoundMicrophone(card, "" if place == "mic" else place, on_notice=_teller(events))


async def open_recognizer(config: Config, events: Events, stack: AsyncExitStack) -> tuple[Recognizer, str]:
    """Load the recognizer: Whisper where its model is there or can be fetched, else the embedded one."""
    wanted = config.hearing.recognizer
    if wanted != "sphinx":
        folder = await _find_whisper(config, events, is_needed=wanted == "whisper")
        if folder:
            from voicestream.backends.whisper import WhisperSettings, open_whisper

            settings = WhisperSettings(language=config.hearing.language)
            return await stack.enter_async_context(open_whisper(folder, settings)), f"Whisper {folder.name}"
    from voicestream.backends.sphinx import SphinxRecognizer
    from voicestream.thinking.phrases import jsgf

    recognizer = await stack.enter_async_context(SphinxRecognizer(jsgf()))
    events.emit(told.Notice(code="only_phrases", message=ONLY_PHRASES))
    return recognizer, "PocketSphinx (its phrases only)"


async def _find_whisper(config: Config, events: Events, *, is_needed: bool) -> Path | None:
    """Return the folder of the Whisper model, fetched if need be; None where the embedded recognizer must do."""
    from voicestream.backends.model_files import find_model

    name = config.hearing.model
    try:
        if folder := find_model(name):
            return folder
        from voicestream.backends.model_download import fetch_model
        from voicestream.displays.progress import ProgressBar

        with ProgressBar(sys.stderr, name) as bar:
            return await fetch_model(name, lambda progress: bar.show(progress.done, progress.total))
    except (InputError, FetchError) as error:
        if is_needed:
            raise
        events.emit(told.Notice(code="no_whisper", message=f"No Whisper model {name}: {error}"))
        return None


# ------------------------------------------------------------------------------------------------------ mouth


async def open_mouth(
    config: Config, events: Events, stack: AsyncExitStack, card: SoundCard | None = None, *, is_fast: bool = False
) -> Mouth:
    """Open voice and loudspeaker; raise VoiceError or DeviceError."""
    speaker, output_name = await _open_speaker(config, events, stack, card or _sound_card(), is_fast)
    voice, voice_name = await open_voice(config, stack)
    return Mouth(voice, speaker, voice_name, output_name)


async def _open_speaker(
    config: Config, events: Events, stack: AsyncExitStack, card: SoundCard, is_fast: bool
) -> tuple[Speaker, str]:
    from voicestream.backends.audio_files import FileSpeaker

    output, audio = config.audio.output, config.audio
    if output == "none" or is_file(output):
        path = "" if output == "none" else output
        speaker = FileSpeaker(path, ahead=audio.ahead, block=audio.block, is_fast=is_fast)
        return await stack.enter_async_context(speaker), path or "nothing"
    from voicestream.backends.loudspeaker import Loudspeaker

    device = "" if output == "speaker" else output
    loudspeaker = Loudspeaker(card, device, block=audio.block, ahead=audio.ahead, on_notice=_teller(events))
    try:
        return await stack.enter_async_context(loudspeaker), loudspeaker.name
    except DeviceError as error:
        if device:
            raise
        events.emit(told.Notice(code="no_loudspeaker", message=f"No loudspeaker, answers are only shown: {error}"))
        silent = FileSpeaker("", ahead=audio.ahead, block=audio.block)
        return await stack.enter_async_context(silent), "nothing"


async def open_voice(config: Config, stack: AsyncExitStack) -> tuple[ChildVoice, str]:
    """Start the voice; raise VoiceError."""
    from voicestream.backends.voice_wire import VoiceSettings

    speaking = config.speaking
    settings = VoiceSettings(
        voice=speaking.voice,
        rate=speaking.rate,
        pitch=speaking.pitch,
        volume=speaking.volume,
        voices=tuple(speaking.voices.items()),
        threads=speaking.threads,
    )
    program = {"pyttsx3": PYTTSX3, "espeak": ESPEAK}[speaking.engine]
    voice = await stack.enter_async_context(ChildVoice(program, settings))
    return voice, f"{speaking.engine} {speaking.voice}".strip()


# ------------------------------------------------------------------------------------------------------- mind


async def open_mind(config: Config, events: Events, stack: AsyncExitStack) -> Mind:
    """Choose the language model, and give it the assistant's own tools; raise ConfigError."""
    from voicestream.model_choice import choose_model
    from voicestream.thinking.offline_assistant import OfflineAssistant
    from voicestream.thinking.own_tools import own_tools
    from voicestream.thinking.tool_use import ToolUser

    model, name, hint = await choose_model(config.thinking, os.environ)
    if model:
        await stack.enter_async_context(model)
    if hint:
        events.emit(told.Notice(code="model", message=hint))
    timers, delivery = Timers(), Delivery(rate=config.speaking.rate, usual_rate=config.speaking.rate)
    thinker = ToolUser(model or OfflineAssistant(), own_tools(timers, delivery, moment))
    return Mind(thinker, timers, delivery, name)


def _teller(events: Events) -> Callable[[str, str], None]:
    return lambda code, message: events.emit(told.Notice(code=code, message=message))
