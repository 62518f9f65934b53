"""A simulated room: a person, a loudspeaker that comes back as echo, and noise, mixed into what a microphone hears.

Everything is seeded and runs on the clock of the event loop, so that virtual time makes it faster than real time. The
parts of the mixture are kept for a while: an oracle may look at them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import numpy as np

from voicestream.parts import Speaker
from voicestream.speaking.stream_time import StreamTime
from voicestream.vocabulary import FRAME_SAMPLES, FRAME_SECONDS, SAMPLE_RATE, Frame, Played, Samples

VOICE_LEVEL = 0.05
"""Root mean square of the person's voice at the microphone: -26 dB of full scale."""
REMEMBERED = 1500
"""Frames of which the parts are kept: 48 s, longer than any speech."""
WANDERS_FOR = 4.0
"""Seconds for which PulseAudio's times stay off to the same side, about (measured)."""
JUMPS_EVERY, FARTHEST_JUMP = 6.0, 5.0
"""Seconds between two jumps of the echo's delay, about, and how many times as much it is off at most."""
_FFT = 16_384
"""Samples of a transform; holds a frame and the longest tail."""


@dataclass(frozen=True, slots=True)
class RoomSettings:
    """What the room is like."""

    rt60: float = 0.3
    """Seconds until the echo has died away by 60 dB."""
    delay: float = 0.08
    """Seconds from the loudspeaker's time to the first echo, the devices included."""
    echo_db: float | None = -10.0
    """Level of the echo against the person's voice; None is a headphone."""
    snr_db: float = 20.0
    """Level of the person's voice against the noise."""
    wander: float = 0.003
    """Seconds by which the measured times of the microphone's blocks wander about the true ones, root mean square; as
    PulseAudio's do, within some seconds."""
    drift: float = 0.0
    """Seconds by which the echo comes later each second: how much slower the loudspeaker's clock runs."""
    jumps: float = 0.0
    """Seconds by which the echo comes suddenly earlier or later, root mean square: a device drops or repeats some."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word that reaches the microphone."""

    text: str
    start: float
    """Seconds of audio time."""
    end: float
    is_echo: bool = False


@dataclass(frozen=True, slots=True)
class Mixture:
    """The parts of a frame, each of shape (FRAME_SAMPLES,)."""

    near: Samples
    echo: Samples
    noise: Samples

    @property
    def sum(self) -> Samples:
        """What the microphone hears."""
        clipped: Samples = np.clip(self.near + self.echo + self.noise, -1.0, 1.0).astype(np.float32)
        return clipped


class Room:
    """Mixes frame after frame."""

    def __init__(self, settings: RoomSettings, far_level: float) -> None:
        """`far_level` is the root mean square of the loudspeaker's voice, before the room."""
        self.settings = settings
        self.words: list[HeardWord] = []
        """All words that reached the microphone, or will."""
        self.mixtures: deque[Mixture] = deque(maxlen=REMEMBERED)
        self.count = 0
        """Frames mixed so far."""
        self._random = np.random.default_rng(settings.seed)
        self._near = np.zeros(0, np.float32)
        self._near_start = 0
        self._far = np.zeros(_FFT, np.float32)
        gain = 0.0 if settings.echo_db is None else 10 ** (settings.echo_db / 20) * VOICE_LEVEL / far_level
        self._response = np.fft.rfft(gain * impulse_response(settings, self._random), _FFT)
        self._lateness = -2j * np.pi * SAMPLE_RATE * np.fft.rfftfreq(_FFT)
        """Exponent that makes a second of lateness."""
        self._jumps = _Jumps(settings)
        self._noise_level = VOICE_LEVEL * 10 ** (-settings.snr_db / 20)
        self._brown = np.zeros(0, np.float32)

    @property
    def now(self) -> float:
        """Seconds of audio that were mixed."""
        return self.count * FRAME_SECONDS

    def place(self, samples: Samples, at: float) -> None:
        """Let the person make a sound at `at`, in seconds of audio time; it adds to others."""
        begin = round(at * SAMPLE_RATE) - self._near_start
        if begin < 0:
            raise ValueError("a sound cannot begin in the past")
        lacking = begin + len(samples) - len(self._near)
        if lacking > 0:
            self._near = np.concatenate((self._near, np.zeros(lacking, np.float32)))
        self._near[begin : begin + len(samples)] += samples

    def mix(self, far: Samples) -> Samples:
        """Return the next frame, while the loudspeaker plays `far`."""
        self._far = np.concatenate((self._far[FRAME_SAMPLES:], far))
        response = self._response
        late = self.settings.drift * self.now + self._jumps.next()
        if late:
            response = response * np.exp(self._lateness * late)
        echo = np.fft.irfft(np.fft.rfft(self._far) * response, _FFT)[-FRAME_SAMPLES:]
        near = np.zeros(FRAME_SAMPLES, np.float32)
        here = self._near[:FRAME_SAMPLES]
        near[: len(here)] = here
        self._near = self._near[FRAME_SAMPLES:]
        self._near_start += FRAME_SAMPLES
        mixture = Mixture(near, echo.astype(np.float32), self._noise())
        self.mixtures.append(mixture)
        self.count += 1
        return mixture.sum

    def _noise(self) -> Samples:
        """Return noise that falls by 3 dB an octave, as that of fans and streets does."""
        if len(self._brown) < FRAME_SAMPLES:
            white = np.fft.rfft(self._random.standard_normal(8 * SAMPLE_RATE))
            falling = white / np.sqrt(np.maximum(np.arange(len(white)), 160))
            pink = np.fft.irfft(falling)
            self._brown = (pink * self._noise_level / np.sqrt(np.mean(pink**2))).astype(np.float32)
        frame, self._brown = self._brown[:FRAME_SAMPLES], self._brown[FRAME_SAMPLES:]
        return frame


class _Wander:
    """By how much the measured times are off: a random walk that is drawn back to zero, and jitter."""

    def __init__(self, settings: RoomSettings) -> None:
        self._random = np.random.default_rng(settings.seed)
        self._size = settings.wander
        self._off = self._size

    def next(self) -> float:
        """Return the seconds for the next block."""
        kept = 1 - FRAME_SECONDS / WANDERS_FOR
        self._off = kept * self._off + self._size * float(np.sqrt(1 - kept**2) * self._random.standard_normal())
        return self._off + self._size / 2 * float(self._random.standard_normal())


class _Jumps:
    """By how much the echo's delay is off, which stays so for some seconds."""

    def __init__(self, settings: RoomSettings) -> None:
        self._random = np.random.default_rng(settings.seed)
        self._size = settings.jumps
        self._latest = FARTHEST_JUMP * settings.jumps
        self._earliest = -min(self._latest, settings.delay)
        self._off = 0.0

    def next(self) -> float:
        """Return the seconds for the next frame."""
        if self._random.random() < FRAME_SECONDS / JUMPS_EVERY:
            off = self._off + self._size * float(self._random.standard_normal())
            self._off = float(np.clip(off, self._earliest, self._latest))
        return self._off


def impulse_response(settings: RoomSettings, random: np.random.Generator) -> Samples:
    """Return what the microphone hears of one click of a small loudspeaker, of unit energy."""
    delay = round(settings.delay * SAMPLE_RATE)
    tail = min(round(settings.rt60 * SAMPLE_RATE), _FFT - FRAME_SAMPLES - delay)
    decay = 10 ** (-3.0 * np.arange(tail) / (settings.rt60 * SAMPLE_RATE))
    reflections = 0.25 * random.standard_normal(tail) * decay
    reflections[0] = 1.0
    spectrum = np.fft.rfft(reflections, 2 * tail)
    hertz = np.fft.rfftfreq(2 * tail, 1 / SAMPLE_RATE)
    spectrum *= 1 / np.sqrt(1 + (250 / np.maximum(hertz, 1.0)) ** 4)  # a small box has no bass
    response = np.fft.irfft(spectrum)[:tail]
    response /= np.sqrt(np.sum(response**2))
    return np.concatenate((np.zeros(delay), response)).astype(np.float32)


class RoomMicrophone:
    """The microphone in the room; fulfils Microphone. It also keeps which words the loudspeaker says when."""

    def __init__(self, room: Room, speaker: Speaker) -> None:
        self._room = room
        self._speaker = speaker
        self._is_open = True
        self._sounded: tuple[object, float] = (None, 0.0)
        self.far_sounded_at = 0.0
        """Seconds of audio time, of the last sample that the loudspeaker played."""
        self.far: deque[Samples] = deque(maxlen=REMEMBERED)
        """What the loudspeaker played, frame by frame."""

    def leave(self) -> None:
        """Let the recording end."""
        self._is_open = False

    def listen(self) -> AbstractAsyncContextManager[AsyncIterator[Frame]]:
        """Hand out the frames at the pace of the event loop's clock."""
        return self._listen()

    @asynccontextmanager
    async def _listen(self) -> AsyncGenerator[AsyncIterator[Frame], None]:
        frames = self._frames()
        try:
            yield frames
        finally:
            await frames.aclose()

    async def _frames(self) -> AsyncGenerator[Frame, None]:
        loop = asyncio.get_running_loop()
        start = loop.time()
        times = StreamTime(SAMPLE_RATE)
        wander = _Wander(self._room.settings)
        while self._is_open:
            begin = self._room.now
            await asyncio.sleep(start + begin + FRAME_SECONDS - loop.time())
            far = self._speaker.reference(start + begin, FRAME_SAMPLES)
            self.far.append(far)
            if (sounding := np.flatnonzero(far)).size:
                self.far_sounded_at = begin + (int(sounding[-1]) + 1) / SAMPLE_RATE
            self._note_words(begin)
            samples = self._room.mix(far)
            end = self._room.count * FRAME_SAMPLES
            times.note(end, start + self._room.now + wander.next())
            yield Frame(samples, begin, times.time_of(end))

    def _note_words(self, begin: float) -> None:
        """Note the words that began to sound in this frame; they reach the microphone after the delay."""
        played = self._speaker.played()
        if not played:
            return
        last: Played = played[-1]
        before = self._sounded[1] if self._sounded[0] is last.sentence else 0.0
        self._sounded = (last.sentence, last.seconds)
        for place, word in enumerate(last.words):
            if before <= word.time < last.seconds:
                following = last.words[place + 1].time if place + 1 < len(last.words) else last.total
                start = begin + word.time - before + self._room.settings.delay
                text = last.sentence.spoken[word.start : word.end]
                self._room.words.append(HeardWord(text, start, start + following - word.time, is_echo=True))
