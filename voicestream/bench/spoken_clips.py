"""Clips for the benches of hearing: recordings beside the checkout, and speech that espeak-ng makes here."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voicestream.errors import InputError
from voicestream.vocabulary import FRAME_SAMPLES, FRAME_SECONDS, SAMPLE_RATE, Frame, Samples

PHRASES = (
    "what time is it",
    "set a timer for five minutes",
    "turn on the kitchen lights",
    "turn off all of the lights in the kitchen",
    "what is today's date",
    "set the brightness of the kitchen to fifty percent",
    "add milk to my shopping list",
    "is the front door locked",
    "cancel all timers",
    "how much time is left on my timer",
    "start a timer for two hours and ten minutes",
    "what is the capital of france",
    "set the color of the kitchen lights to green",
    "remind me to call mom tomorrow",
    "open the garage door",
    "stop",
)
"""Known to the project's own tiny Whisper."""

LONG_PHRASES = (
    "set the brightness of the living room to twenty five percent",
    "set a timer for twenty five minutes and thirty seconds",
    "would you please turn on the living room lamp in the office",
    "turn off all of the lights in the living room and the kitchen",
    "set the color of the living room lights in the office to orange",
    "start a timer for two hours and forty five minutes please",
)
"""Each takes more than 3 s."""

OTHER_PHRASES = (
    "he was not an ill disposed young man",
    "the train to the harbour leaves every morning at a quarter past seven",
    "i never liked the colour of that old sofa",
    "my brother has bought a new bicycle",
    "did you see the game last night",
    "we should paint the fence before the winter comes",
    "she said that nobody would believe her",
    "there is no milk left for the coffee",
    "put the dog out before you go to bed",
    "what did the doctor say about your knee",
    "it was raining all day long",
    "they built a church on top of the hill",
    "all of us were tired after the long walk",
    "the price of bread has gone up again",
    "give me a minute i am on the phone",
    "some people never learn",
)
"""Speech that is no command."""

FLITE_VOICES = ("slt", "rms", "awb", "kal16")
"""Built from recordings of people, unlike espeak-ng's: the acoustic model of PocketSphinx understands them."""

VOICES = ("en-us+m1", "en-gb+f2", "en-us+m3", "en-gb-scotland")
RATES = (140, 165, 190)
"""Words a minute."""

LOUDNESS = 0.08
"""Root mean square of the speech."""


@dataclass(frozen=True, slots=True)
class Clip:
    """Audio at SAMPLE_RATE, with what is said in it."""

    name: str
    audio: Samples
    text: str = ""
    kind: str = "speech"


def synthesized(phrases: tuple[str, ...] = PHRASES, snr_db: float | None = None, before: float = 0.4) -> list[Clip]:
    """Return the phrases in varied voices and rates, with noise `snr_db` under them; raise InputError."""
    random = np.random.default_rng(5)
    clips = []
    for index, phrase in enumerate(phrases):
        voice, rate = VOICES[index % len(VOICES)], RATES[index % len(RATES)]
        silences = np.zeros(int(before * SAMPLE_RATE)), np.zeros(8000)
        audio = np.concatenate((silences[0], _speak(phrase, voice, rate), silences[1])).astype(np.float64)
        if snr_db is not None:
            audio = audio + random.standard_normal(len(audio)) * LOUDNESS * 10 ** (-snr_db / 20)
        clips.append(Clip(phrase, audio.astype(np.float32), phrase))
    return clips


def spoken_by_flite(phrases: tuple[str, ...]) -> list[Clip]:
    """Return the phrases in the voices of flite, in turn; raise InputError where it is missing."""
    import soundfile
    import soxr

    if not shutil.which("flite"):
        raise InputError("this bench speaks with flite, which is missing: sudo apt install flite")
    clips = []
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "speech.wav")
        for index, phrase in enumerate(phrases):
            voice = FLITE_VOICES[index % len(FLITE_VOICES)]
            subprocess.run(["flite", "-voice", voice, "-t", phrase, "-o", file], check=True)
            audio, rate = soundfile.read(file, dtype="float32")
            silence = np.zeros(6400, np.float32)
            audio = np.concatenate((silence, soxr.resample(audio, rate, SAMPLE_RATE), silence))
            clips.append(Clip(phrase, audio.astype(np.float32), phrase))
    return clips


def nobody_speaks() -> list[Clip]:
    """Return noise, hum, clicks, breath and a chord, made here."""
    random = np.random.default_rng(9)
    time = np.arange(10 * SAMPLE_RATE) / SAMPLE_RATE
    white = random.standard_normal(len(time))
    breath = np.convolve(white, np.ones(6) / 6, "same") * np.maximum(0, np.sin(2 * np.pi * time / 3)) ** 2
    clicks = np.zeros(len(time))
    for start in random.integers(0, len(time) - 400, 50):
        clicks[start : start + 400] += random.standard_normal(400) * np.geomspace(1, 0.01, 400)
    notes = (220.0, 277.2, 329.6, 440.0)
    sounds = {
        "silence": 0 * time,
        "hiss": 0.02 * white,
        "loud noise": 0.2 * white,
        "rumble": 0.02 * np.cumsum(white) / np.sqrt(np.arange(1, len(time) + 1)),
        "hum": 0.2 * np.sin(2 * np.pi * 50 * time) + 0.05 * np.sin(2 * np.pi * 150 * time),
        "breath": 0.1 * breath,
        "keyboard": 0.4 * clicks,
        "chord": sum(np.sin(2 * np.pi * note * time) for note in notes) * 0.08 * (time % 0.5 < 0.4),
    }
    return [Clip(name, np.clip(sound, -1, 1).astype(np.float32), kind="noise") for name, sound in sounds.items()]


def recordings(kinds: tuple[str, ...], folder: Path | None = None, within: tuple[str, ...] = ("",)) -> list[Clip]:
    """Return the recordings of these kinds in a folder, or none where they are missing.

    `folder`: None is the one beside the checkout; `within`: how their names begin.
    """
    folder = folder or shared_folder() / "audio"
    if not (folder / "manifest.tsv").is_file():
        return []
    import soundfile
    import soxr

    clips = []
    with (folder / "manifest.tsv").open(encoding="utf-8", newline="") as manifest:
        for row in csv.DictReader(manifest, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row["kind"] in kinds and row["file"].startswith(within):
                audio, rate = soundfile.read(folder / row["file"], dtype="float32", always_2d=True)
                audio = soxr.resample(audio[:, 0], rate, SAMPLE_RATE).astype(np.float32)
                clips.append(Clip(row["file"], audio, row["transcript"], row["kind"]))
    return clips


def frames_of(audio: Samples, after: float = 2.5) -> Iterator[Frame]:
    """Yield the frames of a clip and of some seconds of silence, in which its speech ends."""
    silence = np.zeros(int(after * SAMPLE_RATE) + (-len(audio)) % FRAME_SAMPLES, np.float32)
    audio = np.concatenate((audio, silence))
    for index in range(len(audio) // FRAME_SAMPLES):
        yield Frame(audio[index * FRAME_SAMPLES : (index + 1) * FRAME_SAMPLES], index * FRAME_SECONDS)


def _speak(text: str, voice: str, rate: int) -> Samples:
    import soxr

    if not shutil.which("espeak-ng"):
        raise InputError("this bench speaks with espeak-ng, which is missing: sudo apt install espeak-ng")
    command = ["espeak-ng", "-v", voice, "-s", str(rate), "--stdout", text]
    wave = subprocess.run(command, capture_output=True, check=True).stdout
    audio = np.frombuffer(wave[44:], "<i2").astype(np.float32) / 32768
    audio = soxr.resample(audio, 22_050, SAMPLE_RATE).astype(np.float32)
    loud = np.flatnonzero(np.abs(audio) > 0.006)
    audio = audio[loud[0] : loud[-1] + 1]
    lifted: Samples = (audio / np.sqrt(np.mean(np.square(audio))) * LOUDNESS).astype(np.float32)
    return lifted


def shared_folder() -> Path:
    """Return the folder beside the checkout that holds recordings, where it is there."""
    checkout = Path(__file__).resolve().parents[2]
    return Path(os.environ.get("VOICESTREAM_SHARED", checkout.parent / "shared"))
