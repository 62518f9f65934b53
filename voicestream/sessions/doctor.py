"""`voicestream doctor`: looks at everything that `talk` needs on this machine, one finding after the other.

A finding holds figures and names, never a key and never a recording.
"""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from voicestream.assemble import choose_microphone, is_file
from voicestream.config import Config
from voicestream.errors import DeviceError, VoicestreamError
from voicestream.events import Events
from voicestream.vocabulary import SAMPLE_RATE, Delta, Finish, Message, Samples

Status = Literal["ok", "warning", "problem"]

SENTENCE = "What is the weather like today, and will it rain tomorrow?"
"""Spoken by the voice, and written down by the recognizer."""

LISTENING = 1.0
"""Seconds that the microphone is listened to."""

LOUD_ROOM = -35.0
"""Decibels relative to full scale, from which a noise floor makes soft speech hard to find."""

FREE_SPACE = 500_000_000
"""Bytes below which a model of speech may not fit."""

FIRST_YEAR = 2026
"""A clock that tells an earlier year was never set: keys and certificates fail."""

CHECK_LIMIT = 60.0
"""Seconds that a check may take."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    check: str
    status: Status
    message: str
    fix: str = ""
    """What to do about it; empty where all is well."""
    figures: dict[str, float] = field(default_factory=dict)
    """What was measured; seconds, decibels or bytes, as the name says."""


class Doctor:
    """Examines one machine with one set of settings; the voice's sentence is heard by the recognizer."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._spoken: Samples | None = None

    async def examine(self) -> AsyncGenerator[Finding, None]:
        """Yield a finding for each check; one that fails with an error of ours is a problem."""
        checks: tuple[tuple[str, Callable[[], Awaitable[Finding]]], ...] = (
            ("python", self.check_python),
            ("disk", self.check_disk),
            ("clock", self.check_clock),
            ("loudspeaker", self.check_loudspeaker),
            ("microphone", self.check_microphone),
            ("voice", self.check_voice),
            ("recognizer", self.check_recognizer),
            ("model", self.check_model),
            ("service", self.check_service),
        )
        for name, check in checks:
            try:
                async with asyncio.timeout(CHECK_LIMIT):
                    yield await check()
            except TimeoutError:
                yield Finding(name, "problem", f"took longer than {CHECK_LIMIT:.0f} s", "look at what it waits for")
            except VoicestreamError as error:
                yield Finding(name, "problem", str(error))

    # ------------------------------------------------------------------------------------------- the machine

    async def check_python(self) -> Finding:
        """Tell the interpreter and the machine."""
        message = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
        return Finding("python", "ok", f"{message}, {os.cpu_count()} cores")

    async def check_disk(self) -> Finding:
        """Look for room for models of speech."""
        from voicestream.backends.model_files import list_folders

        folder = list_folders()[0]
        free = shutil.disk_usage(next(parent for parent in (folder, *folder.parents) if parent.exists())).free
        message, figures = f"{free / 1e9:.1f} GB free for models", {"free_bytes": float(free)}
        if free < FREE_SPACE:
            return Finding("disk", "warning", message, "free some space, or set VOICESTREAM_MODELS", figures)
        return Finding("disk", "ok", message, figures=figures)

    async def check_clock(self) -> Finding:
        """Look whether the wall clock was set."""
        told = time.strftime("%Y-%m-%d %H:%M %Z")
        if time.localtime().tm_year < FIRST_YEAR:
            return Finding("clock", "warning", f"the clock says {told}", "set it: `timedatectl set-ntp true`")
        return Finding("clock", "ok", told)

    async def check_service(self) -> Finding:
        """Look whether a service of this user would outlive their login."""
        if sys.platform != "linux" or shutil.which("loginctl") is None:
            return Finding("service", "ok", "no systemd here")
        answer = await asyncio.to_thread(_ask_linger)
        if answer != "yes":
            fix = "for a machine without login: `loginctl enable-linger`"
            return Finding("service", "ok", "a service would end with your last login", fix)
        return Finding("service", "ok", "a service goes on without a login")

    # ---------------------------------------------------------------------------------------------- the sound

    async def check_loudspeaker(self) -> Finding:
        """Open the loudspeaker at the usual rates."""
        output = self._config.audio.output
        if output == "none" or is_file(output):
            return Finding("loudspeaker", "ok", f"speech goes to {output}")
        from voicestream.backends.sound_devices import USUAL, find_device, list_devices, rates_that_open

        try:
            device = find_device(await asyncio.to_thread(list_devices), output, "output")
        except DeviceError as error:
            if output not in USUAL:
                raise
            return Finding("loudspeaker", "warning", f"answers would only be shown: {error}")
        rates = await asyncio.to_thread(rates_that_open, device, "output")
        if not rates:
            return Finding("loudspeaker", "problem", f"{device.name} does not open", "end the program that holds it")
        return Finding("loudspeaker", "ok", f"{device.name} opens at {_hertz(rates)}")

    async def check_microphone(self) -> Finding:
        """Listen for a second, and compare with what the detector needs."""
        place = self._config.audio.input
        if is_file(place):
            if place != "-" and not await asyncio.to_thread(os.path.exists, place):
                return Finding("microphone", "problem", f"there is no file {place}", "give another --input")
            return Finding("microphone", "ok", f"listens to {place}")
        from voicestream.backends.silero import Silero
        from voicestream.backends.sound_devices import find_device, list_devices, rates_that_open
        from voicestream.backends.sound_streams import SoundStreams

        device = find_device(await asyncio.to_thread(list_devices), place, "input")
        rates = await asyncio.to_thread(rates_that_open, device, "input")
        detector = await asyncio.to_thread(Silero)
        levels, voices = [], []
        async with choose_microphone(place, Events(), SoundStreams(), False).listen() as frames:
            async for frame in frames:
                levels.append(float(np.sqrt(np.mean(np.square(frame.samples)))))
                voices.append(detector.probability(frame.samples))
                if frame.time >= LISTENING:
                    break
        return judge_microphone(f"{device.name} opens at {_hertz(rates)}", levels, voices, self._config)

    # -------------------------------------------------------------------------- voice, recognizer and model

    async def check_voice(self) -> Finding:
        """Let the voice speak a sentence, unheard, and take the time to its first sound."""
        from voicestream.voice_choice import open_voice

        speaking = self._config.speaking
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
            return Finding("voice", "problem", f"{speaking.engine} made no sound", "choose another speaking.engine")
        import soxr

        self._spoken = np.asarray(soxr.resample(np.concatenate(pieces), rate, SAMPLE_RATE), np.float32)
        name = f"{speaking.engine} {speaking.voice}".strip()
        message, figures = f"{name}: first sound after {first:.2f} s", {"first_sound_seconds": round(first, 3)}
        if first > 1.0:
            return Finding("voice", "warning", message, "a lighter engine answers sooner: espeak or pyttsx3", figures)
        return Finding("voice", "ok", message, figures=figures)

    async def check_recognizer(self) -> Finding:
        """Let the recognizer write down what the voice said, and take its speed on this machine."""
        from voicestream.backends.model_files import find_model
        from voicestream.recognizer_choice import open_recognizer

        hearing = self._config.hearing
        is_whisper = hearing.recognizer in ("auto", "whisper")
        if is_whisper and not await asyncio.to_thread(find_model, hearing.model):
            fix = f"`voicestream models fetch {hearing.model}`"
            if hearing.recognizer == "whisper":
                return Finding("recognizer", "problem", f"Whisper {hearing.model} is not here", fix)
            message = f"Whisper {hearing.model} is not here yet: `talk` tries to fetch it, else hears only its phrases"
            return Finding("recognizer", "warning", message, fix)
        audio = np.zeros(3 * SAMPLE_RATE, np.float32) if self._spoken is None else self._spoken
        async with AsyncExitStack() as stack:
            recognizer, name = await open_recognizer(self._config, Events(), stack)
            await recognizer.transcribe(audio, is_final=True)  # the first call is slower than all that follow
            begin = time.monotonic()
            await recognizer.transcribe(audio, is_final=True)
            took = time.monotonic() - begin
        share = took * SAMPLE_RATE / len(audio)
        message = f"{name}: {took:.2f} s for {len(audio) / SAMPLE_RATE:.1f} s of speech"
        figures = {"share_of_real_time": round(share, 3)}
        if share > 1 and is_whisper:
            fix = "a smaller one keeps up: `voicestream models fetch tiny.en`, hearing.model: tiny.en"
            return Finding("recognizer", "warning", f"{message}: slower than it is said", fix, figures)
        return Finding("recognizer", "ok", message, figures=figures)

    async def check_model(self) -> Finding:
        """Ask the language model for one word, and take the time to the first piece of its answer."""
        from voicestream.model_choice import choose_model

        model, name, hint = await choose_model(self._config.thinking, os.environ)
        if model is None:
            return Finding("model", "warning" if hint else "ok", f"{name} answers", hint)
        async with model:
            begin, first = time.monotonic(), 0.0
            async with aclosing(model.stream((Message("user", "Answer with the one word: yes"),))) as parts:
                async for part in parts:
                    if isinstance(part, (Delta, Finish)):
                        first = first or time.monotonic() - begin
        message, figures = f"{name}: first piece after {first:.2f} s", {"first_token_seconds": round(first, 3)}
        if first > 2.0:
            return Finding("model", "warning", message, "a smaller or nearer model answers sooner", figures)
        return Finding("model", "ok", message, figures=figures)


def judge_microphone(name: str, levels: list[float], voices: list[float], config: Config) -> Finding:
    """Say whether a second of the microphone is as it should be: `levels` are root mean squares, one a frame."""
    if not levels or max(levels) == 0.0:
        return Finding("microphone", "warning", f"{name}, and hears nothing at all", "is it muted, or switched off?")
    floor, loudest = (
        round(float(20 * np.log10(level + 1e-7)), 1) for level in (np.percentile(levels, 10), max(levels))
    )
    threshold, voice = config.hearing.threshold, max(voices)
    figures = {"noise_floor_db": floor, "loudest_db": loudest, "voice_probability": round(voice, 3)}
    message = f"{name}; noise floor {floor:.0f} dB, voice {voice:.2f} of the {threshold:.2f} that count as one"
    if floor > LOUD_ROOM:
        return Finding("microphone", "warning", message, "loud: go nearer, or turn the recording level down", figures)
    return Finding("microphone", "ok", message, figures=figures)


def would_talk(findings: list[Finding]) -> bool:
    """Return whether `talk` would work."""
    return all(finding.status != "problem" for finding in findings)


def _hertz(rates: list[int]) -> str:
    return f"{', '.join(map(str, rates))} Hz" if rates else "no usual rate"


def _ask_linger() -> str:
    marker = Path("/var/lib/systemd/linger") / (os.environ.get("USER") or str(os.getuid()))
    if marker.exists():
        return "yes"
    words = ["loginctl", "show-user", str(os.getuid()), "--property=Linger", "--value"]
    try:
        return subprocess.run(words, capture_output=True, text=True, timeout=5, check=False).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""
