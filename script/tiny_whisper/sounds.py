"""Speech by espeak-ng and flite in varied voices, and what rooms and microphones do to it."""

from __future__ import annotations

import random
import subprocess
from dataclasses import dataclass

import numpy as np
import soxr

from voicestream.vocabulary import SAMPLE_RATE, Samples

LANGUAGES = ["en-us", "en-gb", "en-gb-x-rp", "en-us-nyc", "en-gb-x-gbclan", "en-029", "en-gb-x-gbcwmd"]
_VARIANTS = """
+m1 +m2 +m3 +m4 +m5 +m6 +m7 +f1 +f2 +f3 +f5 +klatt +klatt2 +klatt4 +Alex +Andy +Annie +belinda +benjamin +boris
+caleb +david +Denis +ed +edward +Gene +iven +john +Lee +linda +Mario +max +Michael +Mike +paul +quincy +rob
+robert +steph +steph2 +victor +zac +anika +travis +shelby
"""
VARIANTS = ["", *_VARIANTS.split()]
FLITE_VOICES = ["slt", "rms", "kal16", "kal"]
HELD_OUT_VOICES = ["en-gb-scotland+f4", "en-gb-scotland", "en-us+m8", "en-gb+Jacky", "flite awb"]
LEVEL = 0.08
"""Root mean square of the speech before its level is varied."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A sentence and its audio at SAMPLE_RATE."""

    text: str
    audio: Samples
    voice: str


def choose_voice(chance: random.Random) -> str:
    """Return the name of a voice to learn from."""
    if chance.random() < 0.45:
        return f"flite {chance.choices(FLITE_VOICES, [4, 4, 2, 1])[0]}"
    return chance.choice(LANGUAGES) + chance.choice(VARIANTS)


def speak(text: str, voice: str, chance: random.Random) -> Spoken:
    """Return `text` spoken at a random rate and pitch, without the silence around it."""
    if voice.startswith("flite "):
        stretch = f"duration_stretch={chance.uniform(0.8, 1.25):.2f}"
        command = ["flite", "-voice", voice.split()[1], "--setf", stretch, "-t", text, "-o", "/dev/stdout"]
    else:
        rate, pitch = str(chance.randint(120, 190)), str(chance.randint(25, 75))
        command = ["espeak-ng", "-v", voice, "-s", rate, "-p", pitch, "--stdout", text]
    wave = subprocess.run(command, capture_output=True, check=True).stdout
    data = wave[wave.find(b"data") + 8 :]
    audio = np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.float32) / 32768
    audio = soxr.resample(audio, int.from_bytes(wave[24:28], "little"), SAMPLE_RATE).astype(np.float32)
    loud = np.flatnonzero(np.abs(audio) > 0.006)
    if len(loud):
        audio = audio[max(0, loud[0] - 400) : loud[-1] + 800]
    return Spoken(text, audio, voice)


def colored_noise(random: np.random.Generator, count: int) -> Samples:
    """Return `count` samples of level 1: white, brown, dull, or humming noise."""
    noise = random.standard_normal(count).astype(np.float32)
    match random.integers(0, 4):
        case 1:
            noise = np.cumsum(noise)
            noise = noise - np.linspace(noise[0], noise[-1], count)
        case 2:
            noise = np.convolve(noise, np.ones(8) / 8, "same")
        case 3:
            time = 2 * np.pi * np.arange(count) / SAMPLE_RATE
            tones = [np.sin(hertz * time + random.uniform(0, 6)) for hertz in random.uniform(60, 2000, 5)]
            noise = 0.3 * noise + np.sum([random.uniform(0.2, 1) * tone for tone in tones], axis=0)
    leveled: Samples = (noise / (np.std(noise) + 1e-6)).astype(np.float32)
    return leveled


def in_a_room(audio: Samples, random: np.random.Generator, difficulty: float) -> Samples:
    """Return speech at another speed, with echoes and another tone, more so with `difficulty` up to 1."""
    speed = random.uniform(1 - 0.03 - 0.2 * difficulty, 1 + 0.03 + 0.2 * difficulty)
    audio = np.interp(np.arange(int(len(audio) / speed)) * speed, np.arange(len(audio)), audio)
    if random.random() < 0.3 * difficulty:
        dry = audio.copy()
        for low, high in ((0.1, 0.5), (0.05, 0.3)):
            delay = int(random.integers(80, 2000))
            audio[delay:] += random.uniform(low, high) * dry[: len(dry) - delay]
    if random.random() < 0.4 * difficulty:
        audio = np.convolve(audio, [1, random.uniform(-0.6, 0.6)])[: len(audio)]
    leveled: Samples = (audio / (np.sqrt(np.mean(np.square(audio))) + 1e-6) * LEVEL).astype(np.float32)
    return leveled
