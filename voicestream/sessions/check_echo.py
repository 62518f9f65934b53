"""Plays a chirp on the loudspeaker, finds it in the microphone, and says whether its echo must be cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from voicestream.assemble import choose_microphone, is_file
from voicestream.config import Audio, Config
from voicestream.errors import DeviceError
from voicestream.events import Events
from voicestream.hearing.chirp import ChirpEcho, find_chirp, make_chirp, needs_cancelling
from voicestream.hearing.echo_path import SEARCHED, WINDOW
from voicestream.sessions.findings import Finding
from voicestream.vocabulary import FRAME_SAMPLES, FRAME_SECONDS, Frame, Samples, Sentence, Sound

if TYPE_CHECKING:
    from voicestream.backends.loudspeaker import Loudspeaker
    from voicestream.backends.sound_streams import SoundStreams

EXTRA = "pip install livekit suppresses what the filter leaves"

SETTLING = 0.2
"""Seconds, beyond those that are compared, until both devices run and tell their times well."""

LATEST = 0.6
"""Seconds that a loudspeaker may take to play what it is given: Bluetooth takes 0.3."""


MOST_CHIRPS, AGREE = 4, 0.003
"""How many chirps are played at most, and the seconds within which two of them agree on the delay. On two cores with
14 busy processes 5 measurements of 14 were wrong, and none of those agreed with another."""


async def check_echo(config: Config) -> Finding:
    """Measure how late and how loud the microphone hears the loudspeaker."""
    audio = config.audio
    if is_file(audio.input) or is_file(audio.output) or audio.output == "none":
        return Finding("echo", "ok", "no loudspeaker plays into a microphone")
    from voicestream.backends.echo_canceller import is_cancelled_by_system
    from voicestream.backends.sound_streams import SoundStreams

    try:
        echo = await _measure(audio, SoundStreams())
    except DeviceError:
        return Finding("echo", "ok", "not measured without microphone and loudspeaker")
    if await asyncio.to_thread(is_cancelled_by_system, "" if audio.input == "mic" else audio.input):
        return judge_echo(echo, "the sound server")
    if audio.echo_canceller == "off":
        return judge_echo(echo, "")
    if find_spec("livekit") is None:
        return judge_echo(echo, "voicestream's own filter", EXTRA)
    return judge_echo(echo, "voicestream's own filter, with WebRTC's suppressor,")


async def _measure(audio: Audio, card: SoundStreams) -> ChirpEcho:
    """Measure until two chirps agree, for a busy machine makes holes; else take what looks most like the chirp."""
    from voicestream.backends.loudspeaker import Loudspeaker

    measured: list[ChirpEcho] = []
    for _ in range(MOST_CHIRPS):
        loudspeaker = Loudspeaker(card, "" if audio.output == "speaker" else audio.output)
        async with loudspeaker, choose_microphone(audio.input, Events(), card).listen() as frames:
            echo = find_chirp(*await _hear_chirp(loudspeaker, frames))
        if any(_agree(echo, before) for before in measured):
            return echo
        measured.append(echo)
    return max(measured, key=lambda echo: echo.likeness)


def _agree(one: ChirpEcho, other: ChirpEcho) -> bool:
    return one.is_heard == other.is_heard and abs(one.delay - other.delay) <= AGREE


async def _hear_chirp(loudspeaker: Loudspeaker, frames: AsyncIterator[Frame]) -> tuple[Samples, Samples]:
    """Return what the microphone heard around a chirp, and what was played in the same time."""
    begin = SEARCHED + SETTLING
    end = begin + LATEST + WINDOW + SEARCHED
    chirp: Sound | None = Sound(Sentence(0, "", ""), make_chirp(loudspeaker.rate), is_last=True)
    near, far = [], []
    async for frame in frames:
        near.append(frame.samples)
        far.append(loudspeaker.reference(frame.captured_at - FRAME_SECONDS, FRAME_SAMPLES))
        if chirp is not None and frame.time >= begin:
            await loudspeaker.play(chirp)
            chirp = None
        if frame.time >= end:
            break
    return np.concatenate(near), np.concatenate(far)


def judge_echo(echo: ChirpEcho, canceller: str, better: str = "") -> Finding:
    """Say whether the assistant would hear itself.

    `canceller` names who takes the echo out, if anybody does; `better` says how more of it is taken out.
    """
    from voicestream.backends.microphone import WIRED

    if not echo.is_heard:
        return Finding("echo", "ok", "the microphone does not hear the loudspeaker (headphones, or its volume is down)")
    figures = {
        "delay_seconds": round(echo.delay, 4),
        "level_db": round(echo.level_db, 1),
        "likeness": round(echo.likeness, 3),
    }
    late = max(0.0, 1000 * echo.delay)  # within a millisecond, the devices' own times are not true
    message = f"a chirp came back {late:.0f} ms late at {echo.level_db:.0f} dB"
    if echo.likeness > WIRED:
        message += ": this microphone is the loudspeaker's own monitor, and hears no people"
        return Finding(
            "echo", "problem", message, "choose another audio.input: `voicestream devices` lists them", figures
        )
    if not needs_cancelling(echo):
        return Finding("echo", "ok", f"{message}: too faint to need cancelling", figures=figures)
    if canceller:
        return Finding("echo", "ok", f"{message}: {canceller} cancels it", better, figures)
    message += ": the assistant would interrupt itself, and nothing cancels that"
    return Finding("echo", "warning", message, "set audio.echo_canceller: auto, or use headphones", figures)
