"""Measure the echo canceller in simulated rooms: how much it takes away, whether the assistant hears itself, whether a
user who speaks over it is heard, and what it costs."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from voicestream.backends.echo_canceller import EchoCanceller, open_canceller
from voicestream.backends.silero import Silero
from voicestream.errors import VoiceError
from voicestream.speaking.reference import Reference
from voicestream.vocabulary import FRAME_SAMPLES, FRAME_SECONDS, SAMPLE_RATE, Frame, Samples

FAR = (
    "The weather today is sunny, with a light breeze from the west.",
    "There are seven appointments in your calendar this afternoon.",
    "I have set a timer for twelve minutes, and turned off the lights.",
    "The quick brown fox jumps over the lazy dog near the river bank.",
    "Please remember to buy milk, bread, and a dozen eggs tomorrow.",
    "The train to the city leaves at a quarter past eight.",
    "Your parcel was delivered to the neighbour on the second floor.",
    "Most of the northern part of the country expects rain tonight.",
)
NEAR = ("Stop, that is enough.", "What about tomorrow morning?", "Wait, set it to ten minutes.")

NEAR_EVERY = 9.0
"""Seconds between two interruptions; the first comes after as many, when the cancellers have converged."""

VOICE, IN_A_ROW = 0.5, 3
"""A detection: the probability, and the frames in a row that have it."""


@dataclass(frozen=True, slots=True)
class Room:
    """Where the assistant stands."""

    name: str
    delay: float = 0.04
    """Seconds from the loudspeaker's time to the first sound at the microphone."""
    reverberation: float = 0.3
    """Seconds in which it falls by 60 dB."""
    near_db: float = 0.0
    """Decibels of the user's voice against the echo."""
    noise_db: float = -60.0
    """Decibels of the noise against full scale."""
    is_distorted: bool = False
    """Whether the loudspeaker is overdriven."""
    skew_ppm: float = 0.0
    """Millionths by which the microphone's clock is quicker."""


ROOMS = (
    Room("usual"),
    Room("delay 20 ms", delay=0.02),
    Room("delay 120 ms", delay=0.12),
    Room("delay 300 ms", delay=0.3),
    Room("live room", reverberation=0.6),
    Room("noise -40 dB", noise_db=-40),
    Room("overdriven", is_distorted=True),
    Room("loud user", near_db=10),
    Room("quiet user", near_db=-10),
    Room("two clocks", skew_ppm=100),
)


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured in one room."""

    room: str
    removed_db: float
    """Median over half seconds after 8 s: of the suppressor."""
    removed_linear_db: float
    converged: float
    """Seconds to the first half second with 15 dB."""
    raw_self: int
    """Times that the detector heard the assistant in the microphone, …"""
    cancelled_self: int
    """… and after the canceller: 0 is wanted."""
    noticed: int
    """Interruptions of all that were heard after the canceller."""
    interruptions: int
    later: float
    """Median seconds by which they were noticed later than the bare voice."""
    near_kept_db: float
    """Level of the user's voice after the linear canceller, against the bare voice."""
    cpu_percent: float


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `voicestream bench echo`."""
    parser.add_argument("--room", metavar="NAME", help="measure only rooms whose name holds this")
    parser.add_argument("--without", action="store_true", help="without the extra aec")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: Namespace) -> int:
    """Print a table of the rooms."""
    rooms = [room for room in ROOMS if not arguments.room or arguments.room in room.name]
    figures = [measure(room, EchoCanceller(None) if arguments.without else open_canceller()) for room in rooms]
    if arguments.json:
        sys.stdout.write(json.dumps([asdict(row) for row in figures], indent=2) + "\n")
        return 0
    sys.stdout.write(
        "room            removed dB  linear dB  converged s  hears itself raw/after  noticed  later s  near dB  CPU %\n"
    )
    for row in figures:
        sys.stdout.write(
            f"{row.room:<15} {row.removed_db:>10.0f} {row.removed_linear_db:>10.0f} {row.converged:>12.1f}"
            f" {row.raw_self:>17} / {row.cancelled_self:<3} {row.noticed:>5}/{row.interruptions}"
            f" {row.later:>8.2f} {row.near_kept_db:>8.1f} {row.cpu_percent:>6.2f}\n"
        )
    return 0


def measure(room: Room, canceller: EchoCanceller) -> Figures:
    """Play the assistant's and the user's sentences in `room`, and look at what the canceller makes of it."""
    chance = np.random.default_rng(1)
    far = np.concatenate([np.concatenate((say(text, "en"), np.zeros(4_000, np.float32))) for text in FAR * 2])
    near, spans = _interruptions(len(far))
    echo = _echo(far, room, chance)
    near *= np.float32(10 ** (room.near_db / 20) * _level(echo) / _level(near))
    noise = chance.standard_normal(len(far)).astype(np.float32) * np.float32(10 ** (room.noise_db / 20))
    speaker = _Player(far)
    began = time.process_time()
    linear, suppressed = _cancelled(echo + near + noise, canceller, speaker, room)
    cpu = (time.process_time() - began) / (len(far) / SAMPLE_RATE)
    alone = [frame for frame in range(len(linear) // 8_000) if not _overlaps(frame * 0.5, frame * 0.5 + 0.5, spans)]
    removed = _removed(echo + noise, suppressed, alone)
    detections = _detections(suppressed)
    delays = [_delay(detections, span, _detections(near)) for span in spans]
    noticed = [delay for delay in delays if delay is not None]
    return Figures(
        room=room.name,
        removed_db=float(np.median([level for half, level in removed if half >= 16])),
        removed_linear_db=float(np.median([level for half, level in _removed(echo, linear, alone) if half >= 16])),
        converged=next((half * 0.5 for half, level in removed if level > 15), float("inf")),
        raw_self=_false(_detections(echo + noise), ()),
        cancelled_self=_false(detections, spans),
        noticed=len(noticed),
        interruptions=len(spans),
        later=float(np.median(noticed)) if noticed else float("nan"),
        near_kept_db=_near_kept(linear, near, spans),
        cpu_percent=100 * cpu,
    )


class _Player:
    """A loudspeaker that has played `far` from time 0 on."""

    def __init__(self, far: Samples) -> None:
        self._reference = Reference(SAMPLE_RATE, seconds=len(far) / SAMPLE_RATE + 1)
        self._reference.time.note(0, 0.0)
        self._reference.add(far, 0)

    def reference(self, time: float, count: int) -> Samples:
        """Return what was played from `time` on."""
        return self._reference.read(time, count)


def _cancelled(microphone: Samples, canceller: EchoCanceller, speaker: _Player, room: Room) -> tuple[Samples, Samples]:
    linear, suppressed = [], []
    for begin in range(0, len(microphone) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        captured = (begin + FRAME_SAMPLES) / SAMPLE_RATE / (1 + room.skew_ppm * 1e-6)
        frame = Frame(microphone[begin : begin + FRAME_SAMPLES], begin / SAMPLE_RATE, captured)
        clean = canceller.cancel(frame, speaker)
        linear.append(clean.samples)
        suppressed.append(clean.samples if clean.for_detector is None else clean.for_detector)
    return np.concatenate(linear), np.concatenate(suppressed)


def say(text: str, voice: str) -> Samples:
    """Return `text` spoken by espeak-ng at SAMPLE_RATE; raise VoiceError where there is none."""
    import soundfile
    import soxr

    try:
        spoken = subprocess.run(["espeak-ng", "--stdout", "-v", voice, text], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise VoiceError("the bench speaks with espeak-ng: sudo apt install espeak-ng") from error
    samples, rate = soundfile.read(io.BytesIO(spoken.stdout), dtype="float32")
    return np.asarray(soxr.resample(samples, rate, SAMPLE_RATE), np.float32)


def _interruptions(count: int) -> tuple[Samples, list[tuple[float, float]]]:
    """Return the user's voice over the whole time, and when it speaks."""
    near = np.zeros(count, np.float32)
    spans: list[tuple[float, float]] = []
    begin = round(NEAR_EVERY * SAMPLE_RATE)
    while begin < count - 3 * SAMPLE_RATE:
        voice = say(NEAR[len(spans) % len(NEAR)], "en-us+f3")
        near[begin : begin + len(voice)] = voice
        spans.append((begin / SAMPLE_RATE, (begin + len(voice)) / SAMPLE_RATE))
        begin += round(NEAR_EVERY * SAMPLE_RATE)
    return near, spans


def _echo(far: Samples, room: Room, chance: np.random.Generator) -> Samples:
    """Return what the microphone hears of `far`: falling noise as the room, the band of a small box."""
    length = round(room.reverberation * SAMPLE_RATE)
    response = chance.standard_normal(length) * 10 ** (-3 * np.arange(length) / length)
    response[0] = 4.0
    response /= np.sqrt(np.sum(np.square(response)))
    played = np.tanh(4 * far) / 2 if room.is_distorted else far
    size = 1 << (len(far) + length).bit_length()
    spectrum = np.fft.rfft(played, size) * np.fft.rfft(response, size)
    hertz = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    spectrum *= hertz**2 / (hertz**2 + 200**2)
    heard = np.fft.irfft(spectrum, size)
    late = (np.arange(len(far)) / (1 + room.skew_ppm * 1e-6)) - room.delay * SAMPLE_RATE
    return np.interp(late, np.arange(size), heard, left=0).astype(np.float32) * np.float32(0.5)


def _level(samples: Samples) -> float:
    sounding = samples[np.abs(samples) > 1e-4]
    return float(np.sqrt(np.mean(np.square(sounding))))


def _overlaps(begin: float, end: float, spans: Sequence[tuple[float, float]]) -> bool:
    return any(begin < there[1] + 0.5 and end > there[0] for there in spans)


def _removed(echo: Samples, left: Samples, halves: Sequence[int]) -> list[tuple[int, float]]:
    """Return for each half second in which only the assistant speaks how many decibels are gone."""
    levels = []
    for half in halves:
        piece = slice(half * 8_000, half * 8_000 + 8_000)
        before, after = np.mean(np.square(echo[piece])), np.mean(np.square(left[piece]))
        if before > 1e-4:
            levels.append((half, float(10 * np.log10(before / (after + 1e-12)))))
    return levels


def _detections(samples: Samples) -> list[float]:
    """Return the times at which the detector becomes sure of a voice."""
    times, run = [], 0
    frames = samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    for number, probability in enumerate(Silero().probabilities(frames), 1):
        run = run + 1 if probability > VOICE else 0
        if run >= IN_A_ROW:
            times.append(number * FRAME_SECONDS)
    return times


def _false(times: Sequence[float], spans: Sequence[tuple[float, float]]) -> int:
    """Count the runs of detections outside of what the user says."""
    outside = [time for time in times if not _overlaps(time - FRAME_SECONDS, time, spans)]
    return sum(1 for at, time in enumerate(outside) if at == 0 or time - outside[at - 1] > 1.0)


def _delay(times: Sequence[float], span: tuple[float, float], bare: Sequence[float]) -> float | None:
    """Return how much later than in the bare voice an interruption was noticed."""
    inside: Callable[[Sequence[float]], float | None] = lambda all_times: next(  # noqa: E731
        (time for time in all_times if span[0] < time < span[1] + 0.3), None
    )
    noticed, expected = inside(times), inside(bare)
    return None if noticed is None or expected is None else noticed - expected


def _near_kept(linear: Samples, near: Samples, spans: Sequence[tuple[float, float]]) -> float:
    """Return the level of the user's voice in what the linear canceller leaves, by projection."""
    levels = []
    for begin, end in spans:
        piece = slice(round(begin * SAMPLE_RATE), round(end * SAMPLE_RATE))
        share = np.dot(linear[piece], near[piece]) / np.dot(near[piece], near[piece])
        levels.append(20 * np.log10(max(abs(float(share)), 1e-6)))
    return float(np.median(levels))
