"""Examples to learn from: sentences in noise and silence, with the tokens that Whisper would write for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from tiny_whisper.network import SOUNDING
from tiny_whisper.sentences import written
from tiny_whisper.sounds import LEVEL, Spoken, colored_noise, in_a_room
from voicestream.vocabulary import SAMPLE_RATE, Samples

SPECIALS = (
    *("<|endoftext|>", "<|startoftranscript|>", "<|translate|>", "<|transcribe|>", "<|startoflm|>"),
    *("<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"),
)
TIMESTAMPS = 1_501
LETTERS = {letter: index + 1 for index, letter in enumerate("abcdefghijklmnopqrstuvwxyz' ")}
LONGEST = 7.2
"""Seconds of speech in an example."""


@dataclass(frozen=True, slots=True)
class Example:
    """Features (80, n), the tokens, the first token that counts, and the letters."""

    features: NDArray[np.float32]
    tokens: list[int]
    first: int
    letters: list[int]


@dataclass(frozen=True, slots=True)
class Batch:
    """Examples of like length, padded; the arguments of the two losses."""

    features: NDArray[np.float32]
    tokens: NDArray[np.int64]
    weights: NDArray[np.float32]
    letters: NDArray[np.int64]
    letter_counts: NDArray[np.int64]
    positions: NDArray[np.int64]


def build_tokenizer(path: Path, sentences: list[str]) -> None:
    """Write a tokenizer of 640 pieces, and Whisper's marks and times after them."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    corpus = [f" {written(sentence)}" for sentence in sentences]
    corpus += [f" {chr(code)}" for code in range(97, 123)] * 50 + [" -", " '"] * 400
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=640, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(corpus, trainer)
    names = [*SPECIALS, *(f"<|{index * 0.02:.2f}|>" for index in range(TIMESTAMPS))]
    tokenizer.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in names])
    tokenizer.save(str(path))


class ExampleMaker:
    """Makes examples from clips, harder ones with `difficulty` up to 1."""

    def __init__(self, clips: list[Spoken], tokenizer: Tokenizer, seed: int) -> None:
        from faster_whisper.feature_extractor import FeatureExtractor

        self._clips = clips
        self._short = [clip for clip in clips if len(clip.audio) < 1.9 * SAMPLE_RATE]
        self._tokenizer = tokenizer
        self._marks = tokenizer.get_vocab()
        self._features = FeatureExtractor()
        self._random = np.random.default_rng(seed)

    def batches(self, size: int, difficulty: float) -> Iterator[Batch]:
        """Yield eight batches of examples, sorted by length within them."""
        examples = sorted((self._example(difficulty) for _ in range(8 * size)), key=lambda each: each.features.shape[1])
        groups = [examples[start : start + size] for start in range(0, len(examples), size)]
        for index in self._random.permutation(len(groups)):
            yield self._batch(groups[index])

    def _example(self, difficulty: float) -> Example:
        random = self._random
        sentences: list[tuple[float, float, str]] = []
        if random.random() < 0.06 * difficulty:
            audio = np.zeros(int(random.uniform(0.5, 3.0) * SAMPLE_RATE), np.float32)
        else:
            audio, sentences = self._talk(difficulty)
        if random.random() < 0.8:
            snr_db = random.uniform(42 - 34 * difficulty, 46)
            audio = audio + colored_noise(random, len(audio)) * LEVEL * 10 ** (-snr_db / 20)
        gain = 10 ** (random.uniform(-22, 14) * difficulty / 20)
        features = self._features(np.clip(audio * gain, -1, 1).astype(np.float32))[:, : 2 * SOUNDING - 10]
        tokens, first = self._tokens(sentences)
        letters = [LETTERS[letter] for letter in " ".join(text for _, _, text in sentences) if letter in LETTERS]
        return Example(
            self._masked(features) if random.random() < 0.5 * difficulty else features, tokens, first, letters
        )

    def _talk(self, difficulty: float) -> tuple[Samples, list[tuple[float, float, str]]]:
        """Return one or two sentences with silence around them, and the start and end of each in seconds."""
        random = self._random
        longest = 0.15 + (1.25 if random.random() < 0.4 else 0.45) * difficulty
        parts = [np.zeros(int(random.uniform(0, longest) * SAMPLE_RATE), np.float32)]
        sentences: list[tuple[float, float, str]] = []
        for index in range(2 if random.random() > 1 - 0.12 * difficulty else 1):
            clips = self._short if difficulty < 0.3 and self._short else self._clips
            clip = clips[int(random.integers(len(clips)))]
            audio = in_a_room(clip.audio, random, difficulty)
            start = sum(map(len, parts)) / SAMPLE_RATE
            end = start + len(audio) / SAMPLE_RATE
            if index and end > LONGEST:
                break
            sentences.append((start, end, clip.text))
            parts += [audio, np.zeros(int(random.uniform(0.05, 0.8 + difficulty) * SAMPLE_RATE), np.float32)]
        return np.concatenate(parts)[: int(7.8 * SAMPLE_RATE)], sentences

    def _tokens(self, sentences: list[tuple[float, float, str]]) -> tuple[list[int], int]:
        random, marks = self._random, self._marks
        tokens: list[int] = []
        if random.random() < 0.15:
            other = self._clips[int(random.integers(len(self._clips)))].text
            tokens = [marks["<|startofprev|>"], *self._encode(other)]
        tokens.append(marks["<|startoftranscript|>"])
        first = len(tokens)
        if not sentences:
            tokens.append(marks["<|nospeech|>" if random.random() < 0.7 else "<|notimestamps|>"])
        elif random.random() < 0.5:
            tokens += [marks["<|notimestamps|>"], *(token for _, _, text in sentences for token in self._encode(text))]
        else:
            for start, end, text in sentences:
                tokens += [self._time(start), *self._encode(text), self._time(end)]
        return [*tokens, marks["<|endoftext|>"]], first

    def _encode(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(f" {written(text)}").ids)

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
        tokens = np.full((count, length), self._marks["<|endoftext|>"])
        weights = np.zeros((count, length), np.float32)
        for index, example in enumerate(examples):
            features[index, :, : example.features.shape[1]] = example.features
            tokens[index, : len(example.tokens)] = example.tokens
            weights[index, example.first : len(example.tokens)] = 1
        letters = np.array([letter for example in examples for letter in example.letters], np.int64)
        counts = np.array([len(example.letters) for example in examples])
        positions = np.array([max(1, example.features.shape[1] // 2) for example in examples])
        return Batch(features, tokens, weights, letters, counts, positions)
