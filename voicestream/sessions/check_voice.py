"""Looks for espeak-ng, and lets the voice of the settings speak a sentence, unheard."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from contextlib import AsyncExitStack, aclosing

import numpy as np

from voicestream.config import Config
from voicestream.sessions.findings import Finding
from voicestream.vocabulary import SAMPLE_RATE, Samples

SENTENCE = "What is the weather like today, and will it rain tomorrow?"
"""Spoken by the voice, and written down by the recognizer."""

SLOW = 1.0
"""Seconds to the first sound from which an answer seems to hesitate."""

INSTALL = "sudo apt install espeak-ng, or pip install espeakng-loader"

_ASK_VERSION = "from voicestream.backends.voice_espeak import library_version; print(library_version())"


async def check_espeak(config: Config) -> Finding:
    """Tell the version of espeak-ng and where its library is; it matters where the voice is made of it."""
    engine = config.speaking.engine
    is_needed = engine == "espeak" or (engine == "pyttsx3" and sys.platform not in ("darwin", "win32"))
    if told := await asyncio.to_thread(_ask_version):
        return Finding("espeak", "ok", told)
    if is_needed:
        return Finding("espeak", "problem", f"espeak-ng is not installed, and speaking.engine is {engine}", INSTALL)
    return Finding("espeak", "ok", f"is not installed, and speaking.engine {engine} does not need it")


def _ask_version() -> str:
    """Return what a child process says: the library may crash, and is never loaded into this one."""
    words = [sys.executable, "-c", _ASK_VERSION]
    try:
        run = subprocess.run(words, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return run.stdout.strip() if run.returncode == 0 else ""


async def check_voice(config: Config) -> tuple[Finding, Samples | None]:
    """Take the time to the first sound; return also what was spoken, at SAMPLE_RATE; raise VoiceError."""
    import soxr

    from voicestream.voice_choice import choose_language_guess, open_voice

    speaking = config.speaking
    await asyncio.to_thread(choose_language_guess, speaking)  # talk needs it where there are several voices
    pieces, rate, first = [], SAMPLE_RATE, 0.0
    async with AsyncExitStack() as stack:
        voice = await open_voice(speaking, stack)
        begin = time.monotonic()
        async with aclosing(voice.synthesize(SENTENCE)) as sounds:
            async for pcm in sounds:
                first = first or time.monotonic() - begin
                pieces.append(pcm.samples)
                rate = pcm.rate
    if not pieces:
        return Finding("voice", "problem", f"{speaking.engine} made no sound", "choose another speaking.engine"), None
    spoken = np.asarray(soxr.resample(np.concatenate(pieces), rate, SAMPLE_RATE), np.float32)
    name = f"{speaking.engine} {speaking.voice}".strip()
    message, figures = f"{name}: first sound after {1000 * first:.0f} ms", {"first_sound_seconds": round(first, 4)}
    if first > SLOW:
        fix = "a lighter speaking.engine answers sooner: espeak or pyttsx3"
        return Finding("voice", "warning", message, fix, figures), spoken
    return Finding("voice", "ok", message, figures=figures), spoken
