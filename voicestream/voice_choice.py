"""Chooses what speaks: the engine of the settings, each in a process of its own."""

from __future__ import annotations

from contextlib import AsyncExitStack

from voicestream.backends.voice_process import ESPEAK, KOKORO, PIPER, PYTTSX3, ChildVoice
from voicestream.backends.voice_wire import VoiceSettings
from voicestream.config import Speaking
from voicestream.errors import VoiceError

PROGRAMS = {"pyttsx3": PYTTSX3, "espeak": ESPEAK, "piper": PIPER, "kokoro": KOKORO}


async def open_voice(speaking: Speaking, stack: AsyncExitStack) -> ChildVoice:
    """Start the voice of the settings; raise VoiceError."""
    folder = ""
    if speaking.engine in ("piper", "kokoro"):
        from voicestream.backends.model_files import find_model

        found = find_model(speaking.voice) if speaking.voice else None
        if found is None:
            raise VoiceError(
                f"speaking.voice: there is no {speaking.engine} voice {speaking.voice!r}; "
                "`voicestream models list` shows them, `voicestream models fetch NAME` gets one",
                "no_voice",
            )
        folder = str(found)
    settings = VoiceSettings(
        voice=speaking.voice,
        rate=speaking.rate,
        pitch=speaking.pitch,
        volume=speaking.volume,
        voices=tuple(speaking.voices.items()),
        folders=(folder,) if folder else (),
        threads=speaking.threads,
    )
    return await stack.enter_async_context(ChildVoice(PROGRAMS[speaking.engine], settings))
