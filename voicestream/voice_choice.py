"""Chooses what speaks: the engine of the settings, and how sentences are given to it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import msgspec

from voicestream.config import Config, Speaking
from voicestream.errors import VoiceError

if TYPE_CHECKING:
    from voicestream.backends.voice_process import ChildVoice
    from voicestream.backends.voice_remote import RemoteVoice
    from voicestream.backends.voice_wyoming import WyomingVoice
    from voicestream.fixed_phrases import FixedPhrases
    from voicestream.parts import Voice
    from voicestream.speaking.synthesis import SpeakingStyle, VoicedText
    from voicestream.vocabulary import Sentence

    AnyVoice = ChildVoice | RemoteVoice | WyomingVoice

USUAL_LANGUAGE = "en"
"""Of the voice that `speaking.voice` names, beside those of `speaking.voices`."""


async def open_voice(speaking: Speaking, stack: AsyncExitStack) -> AnyVoice:
    """Start the voice of the settings; raise VoiceError."""
    return await stack.enter_async_context(choose_voice(speaking))


def choose_voice(speaking: Speaking) -> AnyVoice:
    """Return the voice of the settings, not yet opened; raise VoiceError where a key is missing."""
    match speaking.engine:
        case "remote":
            return _remote_voice(speaking)
        case "wyoming":
            from voicestream.backends.voice_wyoming import WyomingSettings, WyomingVoice

            return WyomingVoice(
                WyomingSettings(
                    address=speaking.address,
                    voice=speaking.voice,
                    voices=speaking.voices,
                    volume=speaking.volume,
                )
            )
        case _:
            return _child_voice(speaking)


def choose_language_guess(speaking: Speaking) -> Callable[[str], str]:
    """Return what names the language of a sentence: the empty text where one voice speaks all; raise VoiceError."""
    if not speaking.voices:
        return lambda spoken: ""
    from voicestream.backends.language_guess import LanguageGuess

    return LanguageGuess(speaking.voices, USUAL_LANGUAGE)


def make_style(
    config: Config, guess: Callable[[str], str], report: Callable[[VoiceError, Sentence], None]
) -> SpeakingStyle:
    """Return how sentences are voiced: in words, in the voice of their language, with the set pause between them."""
    from voicestream.speaking.synthesis import SpeakingStyle

    return SpeakingStyle(
        pause=config.speaking.pause,
        verbalise=_verbaliser(config),
        detect_language=guess,
        report=report,
    )


def find_fixed_phrases(config: Config) -> FixedPhrases | None:
    """Return what knows the assistant's own phrases, where the settings say that their audio is kept."""
    if not config.speaking.cache:
        return None
    from voicestream.fixed_phrases import FixedPhrases

    return FixedPhrases(config, _verbaliser(config))


def keep_phrases(voice: Voice, phrases: FixedPhrases | None, speaking: Speaking, rate: Callable[[], int]) -> Voice:
    """Return `voice` with the audio of its fixed phrases kept on disk; `rate` tells the words a minute of now."""
    if phrases is None:
        return voice
    from platformdirs import user_cache_path

    from voicestream.backends.voice_cache import CachedVoice

    settings = [speaking.engine, speaking.voice, speaking.voices, speaking.pitch, speaking.volume]
    settings += [speaking.address, speaking.remote_model]
    folder = user_cache_path("voicestream") / "phrases"
    return CachedVoice(voice, folder, lambda: json.dumps([*settings, rate()]), phrases.holds)


def with_local_voice(
    voice: Voice, speaking: Speaking, stack: AsyncExitStack, notice: Callable[[str], None], rate: Callable[[], int]
) -> Voice:
    """Return a server's voice with one of this machine's for when it is away; any other as it is.

    `rate` tells the words a minute of now; `notice` is told in one line when the voice changes.
    """
    if speaking.engine not in ("remote", "wyoming"):
        return voice
    from voicestream.speaking.fallback_voice import FallbackVoice

    async def open_local() -> Voice:
        local = _child_voice(msgspec.structs.replace(speaking, engine="pyttsx3", voice="", voices={}))
        local.follow_rate(rate)
        return await stack.enter_async_context(local)

    return FallbackVoice(voice, open_local, notice)


def _verbaliser(config: Config) -> Callable[[str, str], VoicedText]:
    from voicestream.speaking.verbalise import verbalise

    return lambda spoken, language: verbalise(spoken, language, config.sentences.pronunciations)


def _child_voice(speaking: Speaking) -> ChildVoice:
    from voicestream.backends.model_files import list_folders
    from voicestream.backends.voice_process import ESPEAK, KOKORO, PIPER, PYTTSX3, ChildVoice
    from voicestream.backends.voice_wire import VoiceSettings

    program = {"pyttsx3": PYTTSX3, "espeak": ESPEAK, "piper": PIPER, "kokoro": KOKORO}[speaking.engine]
    settings = VoiceSettings(
        voice=speaking.voice,
        rate=speaking.rate,
        pitch=speaking.pitch,
        volume=speaking.volume,
        voices=tuple(speaking.voices.items()),
        folders=tuple(map(str, list_folders())),
        threads=speaking.threads,
    )
    return ChildVoice(program, settings)


def _remote_voice(speaking: Speaking) -> RemoteVoice:
    from voicestream.backends.voice_remote import RemoteSettings, RemoteVoice

    key = os.environ.get(speaking.key_variable, "") if speaking.key_variable else ""
    if speaking.key_variable and not key:
        raise VoiceError(f"speaking.key_variable: {speaking.key_variable} is not set in the environment", "key")
    return RemoteVoice(
        RemoteSettings(
            address=speaking.address,
            key=key,
            model=speaking.remote_model or "tts-1",
            voice=speaking.voice or "alloy",
            voices=speaking.voices,
            rate=speaking.rate,
            volume=speaking.volume,
        )
    )
