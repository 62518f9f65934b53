"""Examples to learn from: sentences in noise and silence, with the tokens that Whisper would write for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from tiny_whisper.network import SOUNDING
from tiny_whisper.sounds import LEVEL, SHAPES, Spoken, burst, colored_noise, cut_short, in_a_room, reverberated
from tiny_whisper.talk import WORDS
from voicestream.vocabulary import SAMPLE_RATE, Samples

SPECIALS = (
    *("<|endoftext|>", "<|startoftranscript|>", "<|translate|>", "<|transcribe|>", "<|startoflm|>"),
    *("<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"),
)
PIECES = 2_200
TIMESTAMPS = 1_501
LETTERS = {letter: index + 1 for index, letter in enumerate("abcdefghijklmnopqrstuvwxyz' ")}
LONGEST = 6.5
"""Seconds of speech in an example of two texts."""


@dataclass(frozen=True, slots=True)
class Example:
    """Features (80, n), the tokens, what follows each, the first token that counts, and the letters."""

    features: NDArray[np.float32]
    tokens: list[int]
    targets: list[int]
    first: int
    letters: list[int]


@dataclass(frozen=True, slots=True)
class Batch:
    """Examples of like length, padded; the arguments of the two losses."""

    features: NDArray[np.float32]
    tokens: NDArray[np.int64]
    targets: NDArray[np.int64]
    weights: NDArray[np.float32]
    letters: NDArray[np.int64]
    letter_counts: NDArray[np.int64]
    positions: NDArray[np.int64]


def build_tokenizer(path: Path, sentences: list[str]) -> None:
    """Write a tokenizer of PIECES pieces, most words one of them, and Whisper's marks and times after them."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    corpus = [f" {sentence}" for sentence in sentences]
    corpus += [f" {word}" for word in WORDS] * 6
    corpus += [f" {chr(code)}" for code in range(97, 123)] * 50 + [" -", " '"] * 400
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=PIECES, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(corpus, trainer)
    names = [*SPECIALS, *(f"<|{index * 0.02:.2f}|>" for index in range(TIMESTAMPS))]
    tokenizer.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in names])
    tokenizer.save(str(path))


class Features:
    """Makes the features that faster-whisper makes, in a fifth of its time."""

    def __init__(self) -> None:
        from faster_whisper.feature_extractor import FeatureExtractor

        self._mels = torch.as_tensor(FeatureExtractor().mel_filters)
        self._window = torch.hann_window(400)

    def __call__(self, audio: Samples) -> NDArray[np.float32]:
        """Return features (80, n)."""
        padded = torch.nn.functional.pad(torch.from_numpy(audio), (0, 160))
        spectrum = torch.stft(padded, 400, 160, window=self._window, return_complex=True)[:, :-1]
        mels = (self._mels @ spectrum.abs().square()).clamp(min=1e-10).log10()
        features: NDArray[np.float32] = ((mels.clamp(min=float(mels.max()) - 8) + 4) / 4).numpy()
        return features


class ExampleMaker:
    """Makes examples from clips, harder ones with `difficulty` up to 1."""

    def __init__(self, clips: list[Spoken], tokenizer: Tokenizer, seed: int) -> None:
        self._clips = clips
        self._short = [clip for clip in clips if len(clip.audio) < 1.9 * SAMPLE_RATE]
        self._tokenizer = tokenizer
        self._marks = tokenizer.get_vocab()
        self._features = Features()
        self._random = np.random.default_rng(seed)
        kinds = ("pink",) * 10 + SHAPES * 3
        self._noises = [colored_noise(self._random, 12 * SAMPLE_RATE, kind) for kind in kinds]
        self._bursts = [burst(self._random) for _ in range(400)]
        self._residues = [self._new_residue() for _ in range(150)]

    def batches(self, size: int, difficulty: float) -> Iterator[Batch]:
        """Yield eight batches of examples, sorted by length within them."""
        examples = sorted((self._example(difficulty) for _ in range(8 * size)), key=lambda each: each.features.shape[1])
        groups = [examples[start : start + size] for start in range(0, len(examples), size)]
        for index in self._random.permutation(len(groups)):
            yield self._batch(groups[index])

    def _example(self, difficulty: float) -> Example:
        random = self._random
        sentences: list[tuple[float, float, str]] = []
        is_empty = random.random() < 0.1 * difficulty
        audio = self._nobody() if is_empty else np.zeros(0, np.float32)
        if not is_empty:
            audio, sentences = self._talk(difficulty)
            if random.random() < 0.3 * difficulty:
                audio = audio + self._residue(len(audio), random.uniform(-20, -6))
            if random.random() < 0.05 * difficulty:
                audio = self._with_burst(audio)
        if random.random() < 0.9:
            audio = audio + self._noise(len(audio), random.uniform(42 - 38 * difficulty, 42 - 14 * difficulty))
        gain = 10 ** (random.uniform(-22, 14) * difficulty / 20)
        features = self._features(np.clip(audio * gain, -1, 1).astype(np.float32))[:, : 2 * SOUNDING - 10]
        tokens, first = self._tokens(sentences)
        targets = [*tokens[1:], self._marks["<|endoftext|>"]]
        if is_empty:
            targets[first - 1] = self._marks["<|nospeech|>"]
        text = " ".join(text for _, _, text in sentences).lower()
        letters = [LETTERS[letter] for letter in text if letter in LETTERS]
        is_masked = random.random() < 0.2 * difficulty
        return Example(self._masked(features) if is_masked else features, tokens, targets, first, letters)

    def _talk(self, difficulty: float) -> tuple[Samples, list[tuple[float, float, str]]]:
        """Return one or two texts with silence around them, and the start and end of each in seconds."""
        random = self._random
        before = random.uniform(0.5, 0.7) if random.random() < 0.25 else random.uniform(0, 0.15 + 0.25 * difficulty)
        parts = [np.zeros(int(before * SAMPLE_RATE), np.float32)]
        sentences: list[tuple[float, float, str]] = []
        for index in range(2 if random.random() > 1 - 0.1 * difficulty else 1):
            clips = self._short if (index or difficulty < 0.3) and self._short else self._clips
            clip = clips[int(random.integers(len(clips)))]
            if random.random() < 0.15 * difficulty:
                clip = cut_short(clip, random)
            audio = in_a_room(clip.audio, random, difficulty)
            start = sum(map(len, parts)) / SAMPLE_RATE
            end = start + len(audio) / SAMPLE_RATE
            if index and end > LONGEST:
                break
            sentences.append((start, end, clip.text))
            parts += [audio, np.zeros(int(random.uniform(0.02, 0.25 + 0.25 * difficulty) * SAMPLE_RATE), np.float32)]
        return np.concatenate(parts)[: int(7.8 * SAMPLE_RATE)], sentences

    def _nobody(self) -> Samples:
        """Return silence, perhaps with a burst in it, perhaps with what an echo canceller leaves of a voice."""
        random = self._random
        audio = np.zeros(int(random.uniform(0.4, 3.0) * SAMPLE_RATE), np.float32)
        has_burst = random.random() < 0.7
        if has_burst:
            audio = self._with_burst(audio)
        if random.random() < 0.4:
            audio = audio + self._residue(len(audio), random.uniform(-26, -10 if has_burst else -20))
        return audio

    def _with_burst(self, audio: Samples) -> Samples:
        sound = (
            self._bursts[int(self._random.integers(len(self._bursts)))]
            * LEVEL
            * 10 ** (self._random.uniform(-6, 18) / 20)
        )
        start = int(self._random.uniform(0, max(0.01, len(audio) / SAMPLE_RATE - 0.3)) * SAMPLE_RATE)
        audio = audio.copy()
        audio[start : start + len(sound)] += sound[: len(audio) - start]
        return audio

    def _new_residue(self) -> Samples:
        """Return 10 s of another voice in the room, of level 1."""
        parts = [self._clips[int(self._random.integers(len(self._clips)))].audio for _ in range(6)]
        sound = np.resize(reverberated(np.concatenate(parts), self._random, 0.7), 10 * SAMPLE_RATE)
        leveled: Samples = (sound / (np.sqrt(np.mean(np.square(sound))) + 1e-6)).astype(np.float32)
        return leveled

    def _residue(self, count: int, level_db: float) -> Samples:
        """Return what an echo canceller leaves of another voice, which is not to be written."""
        return self._some_of(self._residues, count) * np.float32(LEVEL * 10 ** (level_db / 20))

    def _noise(self, count: int, snr_db: float) -> Samples:
        return self._some_of(self._noises, count) * np.float32(LEVEL * 10 ** (-snr_db / 20))

    def _some_of(self, sounds: list[Samples], count: int) -> Samples:
        sound = sounds[int(self._random.integers(len(sounds)))]
        start = int(self._random.integers(len(sound) - count))
        return sound[start : start + count]

    def _tokens(self, sentences: list[tuple[float, float, str]]) -> tuple[list[int], int]:
        """Return the tokens up to the last of the text, and the place of the first that is to be foretold."""
        random, marks = self._random, self._marks
        tokens: list[int] = []
        if random.random() < 0.1:
            other = self._clips[int(random.integers(len(self._clips)))].text
            tokens = [marks["<|startofprev|>"], *self._encode(other)]
        tokens.append(marks["<|startoftranscript|>"])
        first = len(tokens)
        if not sentences or random.random() < 0.85:
            tokens += [marks["<|notimestamps|>"], *(token for _, _, text in sentences for token in self._encode(text))]
        else:
            for start, end, text in sentences:
                tokens += [self._time(start), *self._encode(text), self._time(end)]
        return tokens, first

    def _encode(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(f" {text}").ids)

    def _time(self, seconds: float) -> int:
        return int(self._marks["<|0.00|>"]) + round(min(max(seconds, 0.0), 30.0) / 0.02)

    def _masked(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return features with two stripes of bands and of time blanked (SpecAugment)."""
        random, features = self._random, features.copy()
        for _ in range(2):
            height = int(random.integers(0, 12))
            low = int(random.integers(0, 80 - height))
            features[low : low + height] = features.mean()
            width = int(random.integers(0, max(1, min(25, features.shape[1] // 6))))
            start = int(random.integers(0, features.shape[1] - width + 1))
            features[:, start : start + width] = features.mean()
        return features

    def _batch(self, examples: list[Example]) -> Batch:
        longest = max(example.features.shape[1] for example in examples) + 10
        count, length = len(examples), max(len(example.tokens) for example in examples)
        features = np.zeros((count, 80, longest + longest % 2), np.float32)
        tokens, targets = (np.full((count, length), self._marks["<|endoftext|>"]) for _ in range(2))
        weights = np.zeros((count, length), np.float32)
        for index, example in enumerate(examples):
            features[index, :, : example.features.shape[1]] = example.features
            tokens[index, : len(example.tokens)] = example.tokens
            targets[index, : len(example.targets)] = example.targets
            weights[index, example.first - 1 : len(example.targets)] = 1
        letters = np.array([letter for example in examples for letter in example.letters], np.int64)
        counts = np.array([len(example.letters) for example in examples])
        positions = np.array([max(1, example.features.shape[1] // 2) for example in examples])
        return Batch(features, tokens, targets, weights, letters, counts, positions)
