"""Speech by espeak-ng and flite in varied voices, and what rooms and microphones do to it."""

from __future__ import annotations

import random
import subprocess
from dataclasses import dataclass

import numpy as np
import soxr
import torch

from voicestream.backends.voice_espeak import EspeakEngine
from voicestream.backends.voice_wire import Audio, VoiceSettings
from voicestream.bench.stage import ASSISTANT_VOICE, PERSONS
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
    """A text and its audio at SAMPLE_RATE."""

    text: str
    audio: Samples
    words: tuple[tuple[int, float], ...] = ()
    """Where each word begins, in the text and in seconds of the audio; none where the voice does not tell."""


def choose_voice(chance: random.Random) -> str:
    """Return the name of a voice to learn from: of flite, of the bench, or any of espeak-ng."""
    part = chance.random()
    if part < 0.15:
        return f"flite {chance.choices(FLITE_VOICES, [4, 4, 2, 1])[0]}"
    if part < 0.45:
        return chance.choice((*PERSONS, ASSISTANT_VOICE))
    return chance.choice(LANGUAGES) + chance.choice(VARIANTS)


def speak(texts: list[str], voice: str, chance: random.Random) -> list[Spoken]:
    """Return the texts spoken at a random rate and pitch, without the silence around them."""
    if voice.startswith("flite "):
        return [_speak_with_flite(text, voice.split()[1], chance) for text in texts]
    rate, pitch = (175, 50) if chance.random() < 0.3 else (chance.randint(120, 200), chance.randint(25, 75))
    engine = EspeakEngine(VoiceSettings(voice, rate, pitch))
    return [_speak_with_espeak(text, engine) for text in texts]


def _speak_with_flite(text: str, voice: str, chance: random.Random) -> Spoken:
    stretch = f"duration_stretch={chance.uniform(0.8, 1.25):.2f}"
    command = ["flite", "-voice", voice, "--setf", stretch, "-t", text, "-o", "/dev/stdout"]
    wave = subprocess.run(command, capture_output=True, check=True).stdout
    audio, _ = _trimmed(wave[wave.find(b"data") + 8 :], int.from_bytes(wave[24:28], "little"))
    return Spoken(text, audio)


def _speak_with_espeak(text: str, engine: EspeakEngine) -> Spoken:
    pieces: list[Audio] = []

    def keep(piece: Audio) -> bool:
        pieces.append(piece)
        return True

    engine.speak(text, "", keep)
    audio, cut = _trimmed(b"".join(piece.pcm for piece in pieces), pieces[0].rate)
    words: list[tuple[int, float]] = []
    for word in (word for piece in pieces for word in piece.words):
        if not words or (word.start > words[-1][0] and word.time - cut > words[-1][1]):  # some come out of order
            words.append((word.start, word.time - cut))
    return Spoken(text, audio, tuple(words))


def _trimmed(pcm: bytes, rate: int) -> tuple[Samples, float]:
    """Return the audio without silence at its ends, and how many seconds its beginning has lost."""
    audio = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.float32) / 32768
    audio = soxr.resample(audio, rate, SAMPLE_RATE).astype(np.float32)
    loud = np.flatnonzero(np.abs(audio) > 0.006)
    if not len(loud):
        return audio[:0], 0.0
    first = max(0, int(loud[0]) - 400)
    return audio[first : loud[-1] + 800], first / SAMPLE_RATE


def cut_short(spoken: Spoken, random: np.random.Generator) -> Spoken:
    """Return a clip that ends, or begins, within a word; what is left of that word is not written."""
    if len(spoken.words) < 3:
        return spoken
    place = int(random.integers(1, len(spoken.words)))
    (_, previous), (at, moment) = spoken.words[place - 1 : place + 1]
    following = spoken.words[place + 1][1] if place + 1 < len(spoken.words) else len(spoken.audio) / SAMPLE_RATE
    if random.random() < 0.7:
        end = moment + random.uniform(-0.05, 0.3 * (following - moment))
        return Spoken(spoken.text[:at].rstrip(" .,?"), spoken.audio[: max(1600, int(end * SAMPLE_RATE))])
    start = moment - random.uniform(0.0, 0.5 * (moment - previous))
    text = spoken.text[at:]
    return Spoken(text[0].upper() + text[1:], spoken.audio[max(0, int(start * SAMPLE_RATE)) :])


SHAPES = ("white", "pink", "brown", "dull", "tones", "hum")


def colored_noise(random: np.random.Generator, count: int, shape: str) -> Samples:
    """Return `count` samples of level 1."""
    white = np.fft.rfft(random.standard_normal(count))
    hertz = np.fft.rfftfreq(count, 1 / SAMPLE_RATE)
    time = 2 * np.pi * np.arange(count) / SAMPLE_RATE
    match shape:
        case "pink":  # as that of fans and streets
            white /= np.sqrt(np.maximum(hertz, 20))
        case "brown":
            white /= np.maximum(hertz, 5)
        case "dull":
            white *= hertz < random.uniform(500, 3000)
    noise = np.fft.irfft(white, count)
    noise /= np.std(noise)
    if shape == "tones":
        tones = [np.sin(each * time + random.uniform(0, 6)) for each in random.uniform(60, 2000, 5)]
        noise = 0.3 * noise + np.sum([random.uniform(0.2, 1) * tone for tone in tones], axis=0)
    if shape == "hum":
        base = random.choice([50.0, 60.0])
        noise = 0.1 * noise + np.sum([random.uniform(0, 1) * np.sin(base * many * time) for many in range(1, 6)], 0)
    leveled: Samples = (noise / (np.std(noise) + 1e-6)).astype(np.float32)
    return leveled


def burst(random: np.random.Generator) -> Samples:
    """Return a cough, a clap, a slammed door, keys, breath or notes of an instrument, of peak 1."""
    kind = random.choice(["cough", "clap", "door", "keys", "breath", "notes"])
    seconds = {"cough": 0.45, "clap": 0.12, "door": 0.6}.get(kind, 2.0) * random.uniform(0.6, 1.5)
    count = int(seconds * SAMPLE_RATE)
    moments = np.arange(count) / SAMPLE_RATE
    spectrum = np.fft.rfft(random.standard_normal(count))
    hertz = np.fft.rfftfreq(count, 1 / SAMPLE_RATE)
    low, high = {"cough": (300, 3000), "clap": (800, 6000), "door": (40, 400)}.get(kind, (100, 5000))
    spectrum *= (hertz > low * random.uniform(0.6, 1.5)) * (hertz < high * random.uniform(0.6, 1.5))
    sound = np.fft.irfft(spectrum, count)
    match kind:
        case "cough":
            envelope = np.exp(-random.uniform(5, 14) * moments)
            sound = sound * envelope
            for _ in range(int(random.integers(1, 4))):
                later = int(random.uniform(0.3, 0.9) * count)
                sound[later:] += random.uniform(0.4, 1) * sound[: count - later]
        case "clap" | "door":
            sound = sound * np.exp(-moments * (random.uniform(30, 70) if kind == "clap" else random.uniform(5, 12)))
        case "keys":
            clicks = np.zeros(count)
            for start in random.integers(0, count - 500, 12):
                clicks[start : start + 400] += random.standard_normal(400) * np.geomspace(1, 0.01, 400)
            sound = clicks
        case "breath":
            sound = sound * np.maximum(0, np.sin(2 * np.pi * moments / random.uniform(1.5, 4))) ** 2
        case "notes":
            sound = np.zeros(count)
            for start in range(0, count - 1600, int(random.uniform(0.15, 0.6) * SAMPLE_RATE)):
                rest = moments[: count - start]
                for overtone in range(1, 4):
                    note = np.sin(2 * np.pi * overtone * 110 * 2 ** (random.integers(0, 30) / 12) * rest)
                    sound[start:] += note * np.exp(-random.uniform(1, 6) * rest) / overtone
    shaped: Samples = (sound / (np.max(np.abs(sound)) + 1e-6)).astype(np.float32)
    return shaped


def reverberated(audio: Samples, random: np.random.Generator, directness: float) -> Samples:
    """Return audio as a room of RT60 0.2 to 0.6 s gives it back; the later sound is 1 / `directness` of the first."""
    tail = int(random.uniform(0.2, 0.6) * SAMPLE_RATE)
    count = len(audio) + tail // 2
    response = random.standard_normal(tail) * 10 ** (-3.0 * np.arange(tail) / tail)
    response[: int(random.uniform(0.002, 0.02) * SAMPLE_RATE)] = 0
    response /= np.sqrt(np.sum(response**2)) * directness
    response[0] = 1.0
    size = 1 << (len(audio) + tail).bit_length()
    audio, response = (np.pad(each, (0, size - len(each))).astype(np.float32) for each in (audio, response))
    spectrum = torch.fft.rfft(torch.from_numpy(audio)) * torch.fft.rfft(torch.from_numpy(response))
    wet: Samples = torch.fft.irfft(spectrum)[:count].numpy()
    return wet


def in_a_room(audio: Samples, random: np.random.Generator, difficulty: float) -> Samples:
    """Return speech at another speed, with echoes and another tone, more so with `difficulty` up to 1."""
    if random.random() < 0.6:
        speed = random.uniform(1 - 0.03 - 0.1 * difficulty, 1 + 0.03 + 0.1 * difficulty)
        audio = np.interp(np.arange(int(len(audio) / speed)) * speed, np.arange(len(audio)), audio)
    level = np.sqrt(np.mean(np.square(audio))) + 1e-6
    if random.random() < 0.3 * difficulty:
        audio = reverberated(audio, random, random.uniform(0.8, 4))
    if random.random() < 0.4 * difficulty:
        audio = np.convolve(audio, [1, random.uniform(-0.6, 0.6)])[: len(audio)]
    leveled: Samples = (audio / level * LEVEL).astype(np.float32)
    return leveled
