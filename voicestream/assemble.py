"""Makes the parts of a conversation from the settings. Each backend is imported only where it is chosen."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicestream import events as told
from voicestream.backends.no_ears import NoEars
from voicestream.config import Config
from voicestream.errors import DeviceError, UsageError
from voicestream.events import Events
from voicestream.parts import (
    EchoCanceller,
    Microphone,
    Model,
    Parts,
    Recognizer,
    SoundCard,
    Speaker,
    SpeechDetector,
    Thinker,
    Voice,
    WakeWordDetector,
)
from voicestream.recognizer_choice import open_recognizer
from voicestream.thinking.delivery import Delivery
from voicestream.thinking.timers import Moment, Timers
from voicestream.thinking.tools import Tool
from voicestream.vocabulary import Samples
from voicestream.voice_choice import find_fixed_phrases, keep_phrases, open_voice, with_local_voice

if TYPE_CHECKING:
    from voicestream.tape.recorder import Recorder

AUDIO_SUFFIXES = (".wav", ".flac", ".aiff", ".aif", ".ogg", ".mp3")
"""Endings of names that mean a file and not a device."""


@dataclass(frozen=True, slots=True)
class Ears:
    """What writes down what is said."""

    detector: SpeechDetector
    recognizer: Recognizer
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


@asynccontextmanager
async def open_parts(
    config: Config,
    events: Events,
    *,
    is_fast: bool = False,
    ears: NoEars | None = None,
    microphone: Microphone | None = None,
    tape: Recorder | None = None,
) -> AsyncGenerator[tuple[Parts, Mind, told.Ready], None]:
    """Open everything side by side, and give what to say of it too; raise the error of the first that cannot be had.

    `ears` that hear nothing take the place of microphone and recognizer where the conversation is typed;
    a `microphone` takes the place of the one in the settings. What the model's servers and other programs' tools do
    goes onto a `tape`.
    """
    async with AsyncExitStack() as stack:
        card = _sound_card()
        hearing, mouth, mind, phrases = await _all(
            open_ears(config, events, stack, ears),
            open_mouth(config, events, stack, card, is_fast=is_fast, may_be_silent=True),
            open_mind(config, events, stack, tape),
            asyncio.to_thread(find_fixed_phrases, config),
        )
        follow_rate = getattr(mouth.voice, "follow_rate", None)  # servers' voices have a rate of their own
        if follow_rate:
            follow_rate(lambda: mind.delivery.rate)
        parts = Parts(
            microphone=ears
            or microphone
            or choose_microphone(config.audio.input, events, card, is_fast, mouth.speaker.reference),
            canceller=None if ears or microphone else await _open_canceller(config),
            wake_word=await _open_wake_word(config),
            detector=hearing.detector,
            recognizer=hearing.recognizer,
            thinker=mind.thinker,
            voice=with_local_voice(
                keep_phrases(mouth.voice, phrases, config.speaking, lambda: mind.delivery.rate),
                config.speaking,
                stack,
                lambda message: events.tell(told.Notice(code="voice", message=message)),
                lambda: mind.delivery.rate,
            ),
            speaker=mouth.speaker,
            delivery=mind.delivery,
            now=datetime.now if tape is None else lambda: tape.moment().wall,
        )
        ready = told.Ready(
            recognizer=hearing.recognizer_name,
            model=mind.model_name,
            voice=mouth.voice_name,
            input="" if ears or microphone else config.audio.input,
            output=mouth.output_name,
        )
        yield parts, mind, ready


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


async def open_ears(config: Config, events: Events, stack: AsyncExitStack, ears: NoEars | None = None) -> Ears:
    """Load speech detector and recognizer; raise RecognitionError, InputError or FetchError."""
    if ears is not None:
        return Ears(ears, ears, "")
    from voicestream.backends.silero import Silero

    detector = await asyncio.to_thread(Silero)
    recognizer, name = await open_recognizer(config, events, stack)
    return Ears(detector, recognizer, name)


def choose_microphone(
    place: str,
    events: Events,
    card: SoundCard | None = None,
    is_fast: bool = False,
    reference: Callable[[float, int], Samples] | None = None,
) -> Microphone:
    """Return the microphone that --input names; nothing is opened yet. `reference` tells what our loudspeaker plays."""
    if place == "-":
        from voicestream.backends.standard_input import InputMicrophone

        return InputMicrophone(is_fast=is_fast)
    if is_file(place):
        from voicestream.backends.audio_files import FileMicrophone

        return FileMicrophone(Path(place), is_fast)
    from voicestream.backends.microphone import Microphone as SoundMicrophone

    device = "" if place == "mic" else place
    microphone = SoundMicrophone(card or _sound_card(), device, reference=reference, on_notice=_teller(events))

    def rest(event: told.Event) -> None:
        match event:
            case told.Ready():
                microphone.rest(True)
            case told.StateChanged(state=state):
                microphone.rest(state in ("listening", "muted", "asleep"))
            case told.SpeechStartedEvent():
                microphone.rest(False)

    events.show_on(rest)
    return microphone


# ------------------------------------------------------------------------------------------------------ mouth


async def open_mouth(
    config: Config,
    events: Events,
    stack: AsyncExitStack,
    card: SoundCard | None = None,
    *,
    is_fast: bool = False,
    may_be_silent: bool = False,
) -> Mouth:
    """Open voice and loudspeaker; raise VoiceError or DeviceError.

    Where it `may_be_silent`, a machine without a loudspeaker is told of, and nothing is heard.
    """
    speaker, output_name = await _open_speaker(config, events, stack, card or _sound_card(), is_fast, may_be_silent)
    voice = await open_voice(config.speaking, stack)
    voice_name = f"{config.speaking.engine} {config.speaking.voice}".strip()
    return Mouth(voice, speaker, voice_name, output_name)


async def _open_speaker(
    config: Config, events: Events, stack: AsyncExitStack, card: SoundCard, is_fast: bool, may_be_silent: bool
) -> tuple[Speaker, str]:
    from voicestream.backends.audio_files import FileSpeaker

    output, audio = config.audio.output, config.audio
    if output.lower().endswith(AUDIO_SUFFIXES[1:]):
        raise UsageError(f"{output}: speech is written as WAV; name it {Path(output).with_suffix('.wav')}")
    if output == "none" or is_file(output):
        path = "" if output == "none" else output
        speaker = FileSpeaker(path, ahead=audio.ahead, block=audio.block, is_fast=is_fast)
        return await stack.enter_async_context(speaker), path or "nothing"
    from voicestream.backends.loudspeaker import Loudspeaker

    device = "" if output == "speaker" else output
    loudspeaker = Loudspeaker(card, device, block=audio.block, ahead=audio.ahead, on_notice=_teller(events))

    def wake(event: told.Event) -> None:
        if isinstance(event, told.SpeechStartedEvent):
            loudspeaker.wake()

    try:
        await stack.enter_async_context(loudspeaker)
    except DeviceError as error:
        if device or not may_be_silent:
            raise
        events.tell(told.Notice(code="no_loudspeaker", message=f"Nothing will be heard: {error}"))
        silent = FileSpeaker("", ahead=audio.ahead, block=audio.block)
        return await stack.enter_async_context(silent), "nothing"
    events.show_on(wake)
    return loudspeaker, loudspeaker.name


async def _open_wake_word(config: Config) -> WakeWordDetector | None:
    """Return what waits for the wake word, where the settings say so; raise UsageError without the extra."""
    if config.turns.listening != "wake_word":
        return None
    from voicestream.backends.wake_word import WakeWord

    return await asyncio.to_thread(WakeWord, config.turns.wake_phrase)


async def _open_canceller(config: Config) -> EchoCanceller | None:
    """Return a canceller where the microphone can hear our loudspeaker, and the system does not cancel already."""
    wanted = config.audio.echo_canceller
    is_device = not (is_file(config.audio.input) or is_file(config.audio.output) or config.audio.output == "none")
    if wanted == "off" or not is_device:
        return None
    from voicestream.backends.echo_canceller import is_cancelled_by_system, open_canceller

    place = config.audio.input
    if wanted == "auto" and await asyncio.to_thread(is_cancelled_by_system, "" if place == "mic" else place):
        return None
    return await asyncio.to_thread(open_canceller)


# ------------------------------------------------------------------------------------------------------- mind


async def open_mind(config: Config, events: Events, stack: AsyncExitStack, tape: Recorder | None = None) -> Mind:
    """Choose the language model, and give it the assistant's own tools; raise ConfigError."""
    from voicestream.model_choice import choose_model
    from voicestream.thinking.bell import read_clocks

    model, name, hint = await choose_model(config.thinking, os.environ)
    if model:
        await stack.enter_async_context(model)
    if hint:
        events.tell(told.Notice(code="model", message=hint))
    tools = await _open_tool_servers(config, events, stack)
    if tape:
        from voicestream.tape.taped_mind import note_mind

        tools = note_mind(tape, model, tools)
    return make_mind(config, model, name, tools, tape.moment if tape else read_clocks)


def make_mind(
    config: Config, model: Model | None, name: str, other_tools: Sequence[Tool], moment: Callable[[], Moment]
) -> Mind:
    """Give a language model, or the built-in assistant where there is none, the tools of the settings and others."""
    from voicestream.thinking.filler import FillingThinker
    from voicestream.thinking.offline_assistant import OfflineAssistant
    from voicestream.thinking.own_tools import own_tools
    from voicestream.thinking.tool_use import FILLER_AFTER, ToolUser
    from voicestream.thinking.tools import require_confirmation

    timers, delivery = Timers(), Delivery(rate=config.speaking.rate, usual_rate=config.speaking.rate)
    tools = own_tools(timers, delivery, moment) if config.tools.own or model is None else ()
    tools = require_confirmation((*tools, *other_tools), config.tools.confirm_tools)
    filler = config.tools.filler
    thinker = ToolUser(
        model or OfflineAssistant(),
        tools,
        most_rounds=config.tools.rounds,
        filler=f"{filler} ",
        filler_after=FILLER_AFTER if filler else float("inf"),
    )
    speaking = config.speaking
    answering = FillingThinker(thinker, speaking.filler, speaking.filler_after) if speaking.filler else thinker
    return Mind(answering, timers, delivery, name)


async def _open_tool_servers(config: Config, events: Events, stack: AsyncExitStack) -> tuple[Tool, ...]:
    """Open the MCP servers of the settings; one that fails costs a notice."""
    if not config.tools.mcp:
        return ()
    from voicestream.backends.tool_mcp import open_tool_servers, read_settings

    settings = read_settings(config.tools, os.environ)
    servers = await stack.enter_async_context(open_tool_servers(config.tools.mcp, settings))
    for problem in servers.problems:
        events.tell(told.Notice(code="tools", message=problem))
    return servers.tools


def _teller(events: Events) -> Callable[[str, str], None]:
    return lambda code, message: events.tell(told.Notice(code=code, message=message))
