"""Looks at PortAudio, opens the loudspeaker and the microphone of the settings, and listens for a second."""

from __future__ import annotations

import asyncio
import os

import numpy as np

from voicestream.assemble import choose_microphone, is_file
from voicestream.config import Config
from voicestream.errors import DeviceError
from voicestream.events import Events
from voicestream.sessions.findings import Finding

LISTENING = 1.0
"""Seconds that the microphone is listened to."""

LOUD_ROOM = -35.0
"""Decibels relative to full scale, from which a noise floor makes soft speech hard to find."""

CLIPPED = 0.99
"""Root mean square of full scale from which a frame is nothing but overload."""


def uses_devices(config: Config) -> bool:
    """Return whether the settings name any sound device."""
    return not (is_file(config.audio.input) and (config.audio.output == "none" or is_file(config.audio.output)))


async def check_portaudio(config: Config) -> Finding:
    """Tell the version of PortAudio and how many devices it sees; raise DeviceError."""
    if not uses_devices(config):
        return Finding("portaudio", "ok", "is not needed: no sound device is used")
    from voicestream.backends.sound_process import survey

    found = await asyncio.to_thread(survey)
    return Finding("portaudio", "ok", f"{found.version}, sees {len(found.devices)} sound devices")


async def check_loudspeaker(config: Config) -> Finding:
    """Open the loudspeaker at the usual rates."""
    output = config.audio.output
    if output == "none" or is_file(output):
        return Finding("loudspeaker", "ok", "answers are only shown" if output == "none" else f"speaks to {output}")
    from voicestream.backends.sound_devices import USUAL, find_device
    from voicestream.backends.sound_process import list_devices, rates_that_open

    try:
        device = find_device(await asyncio.to_thread(list_devices), output, "output")
    except DeviceError as error:
        if output not in USUAL:
            raise
        fix = "plug one in, or start the sound server" if error.code == "no_device" else str(error)
        return Finding("loudspeaker", "warning", "there is none: answers are only shown", fix)
    rates = (await asyncio.to_thread(rates_that_open, device))[0]["output"]
    if not rates:
        return Finding("loudspeaker", "problem", f"{device.name} does not open", "end the program that holds it")
    return Finding("loudspeaker", "ok", f"{device.name} opens at {_hertz(rates)}")


async def check_microphone(config: Config) -> Finding:
    """Listen for a second, and compare with what the detector needs."""
    place = config.audio.input
    if is_file(place):
        if place != "-" and not await asyncio.to_thread(os.path.exists, place):
            return Finding("microphone", "problem", f"there is no file {place}", "give another --input")
        return Finding("microphone", "ok", f"listens to {'standard input' if place == '-' else place}")
    from voicestream.backends.silero import Silero
    from voicestream.backends.sound_devices import find_device
    from voicestream.backends.sound_process import list_devices, rates_that_open
    from voicestream.backends.sound_streams import SoundStreams

    device = find_device(await asyncio.to_thread(list_devices), place, "input")
    rates = (await asyncio.to_thread(rates_that_open, device))[0]["input"]
    detector = await asyncio.to_thread(Silero)
    levels, voices = [], []
    async with choose_microphone(place, Events(), SoundStreams()).listen() as frames:
        async for frame in frames:
            levels.append(float(np.sqrt(np.mean(np.square(frame.samples)))))
            voices += detector.probabilities(frame.samples[np.newaxis])
            if frame.time >= LISTENING:
                break
    return judge_microphone(f"{device.name} opens at {_hertz(rates)}", levels, voices, config.hearing.threshold)


def judge_microphone(name: str, levels: list[float], voices: list[float], threshold: float) -> Finding:
    """Say whether a second of the microphone is as it should be.

    `levels` are root mean squares, `voices` the detector's probabilities, one a frame.
    """
    if not levels or max(levels) == 0.0:
        return Finding("microphone", "warning", f"{name}, and hears nothing at all", "is it muted, or switched off?")
    floor, loudest = (float(20 * np.log10(level + 1e-7)) for level in (np.percentile(levels, 10), max(levels)))
    voice = float(np.median(voices))
    figures = {
        "noise_floor_db": round(floor, 1),
        "loudest_db": round(loudest, 1),
        "voice_probability": round(voice, 3),
    }
    message = f"{name}; noise floor {floor:.0f} dB, voice {voice:.2f} (from {threshold:.2f} on it counts)"
    if np.median(levels) > CLIPPED:
        return Finding("microphone", "warning", f"{name}, and is overloaded", "turn its recording level down", figures)
    if voice >= threshold:
        fix = "if nobody spoke just now, raise hearing.threshold, or move it away from the noise"
        return Finding("microphone", "warning", message, fix, figures)
    if floor > LOUD_ROOM:
        return Finding("microphone", "warning", message, "loud: go nearer, or turn its recording level down", figures)
    return Finding("microphone", "ok", message, figures=figures)


async def check_wake_word(config: Config) -> Finding:
    """Load the model of the wake word, where one is waited for; raise UsageError or ConfigError."""
    turns = config.turns
    if turns.listening != "wake_word":
        return Finding("wake word", "ok", f"is not needed: turns.listening is {turns.listening}")
    from voicestream.backends.wake_word import WakeWord

    await asyncio.to_thread(WakeWord, turns.wake_phrase)
    return Finding("wake word", "ok", f"waits for {turns.wake_phrase!r}")


def _hertz(rates: list[int]) -> str:
    return f"{', '.join(map(str, rates))} Hz" if rates else "no usual rate"
