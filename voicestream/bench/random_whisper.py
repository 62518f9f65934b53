"""Whisper models of the true shapes with random weights: for timing, since the arithmetic is the same.

Each position of the decoder is made to give a set token, so that every decode writes the same words, as many as are
wanted, and ends; real weights differ in nothing that takes time.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

TOKENS = 12
"""Words that a decode gives where nothing else is asked for, as in 3 to 4 s of speech."""

_TEXT_TOKENS = 50_256
_LANGUAGES = 99
_TIMESTAMPS = 1_501
_SPECIALS = ("translate", "transcribe", "startoflm", "startofprev", "nocaptions", "notimestamps")
_STRENGTH = 50.0
"""Length of a position's vector; an embedding has about 1, and all layers together add less than 10."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of a Whisper model."""

    layers: int
    width: int
    heads: int


SHAPES = {"tiny": Shape(4, 384, 6), "base": Shape(6, 512, 8), "small": Shape(12, 768, 12)}


def build_random_whisper(shape: Shape, folder: Path, languages: Sequence[str] = (), tokens: int = TOKENS) -> None:
    """Write a model of `shape`, int8, that CTranslate2 and faster-whisper load, and that writes `tokens` words.

    It is an English one, or one of several languages, where codes such as de are given; takes seconds.
    """
    from ctranslate2.specs import WhisperSpec

    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = _vocabulary(languages)
    random = np.random.default_rng(0)
    spec = WhisperSpec(shape.layers, shape.heads, shape.layers, shape.heads)
    _fill_encoder(spec.encoder, shape, random)
    _fill_decoder(spec.decoder, shape, random, vocabulary, tokens)
    spec.register_vocabulary(vocabulary)
    spec.config.suppress_ids, spec.config.suppress_ids_begin = [], [vocabulary.index("<|endoftext|>")]
    spec.config.lang_ids = [vocabulary.index(f"<|{language}|>") for language in languages]
    last_half = range(shape.layers // 2, shape.layers)
    spec.config.alignment_heads = [list(pair) for pair in itertools.product(last_half, range(shape.heads))]
    spec.validate()
    spec.optimize(quantization="int8")
    spec.save(str(folder))
    _write_tokenizer(folder / "tokenizer.json", vocabulary)
    features = {"chunk_length": 30, "feature_size": 80, "hop_length": 160, "n_fft": 400, "sampling_rate": 16_000}
    (folder / "preprocessor_config.json").write_text(json.dumps(features), encoding="utf-8")


def _vocabulary(languages: Sequence[str]) -> list[str]:
    """Return the tokens; by the empty one CTranslate2 knows a model of several languages."""
    from tokenizers.pre_tokenizers import ByteLevel

    letters = sorted(ByteLevel.alphabet())
    words = [f"Ġ{_word(index)}" for index in range(_TEXT_TOKENS - len(letters))] + [""] * bool(languages)
    others = [f"l{index}" for index in range(len(languages), _LANGUAGES)]
    named = [f"<|{language}|>" for language in (*languages, *others)]
    times = [f"<|{index * 0.02:.2f}|>" for index in range(_TIMESTAMPS)]
    specials = [f"<|{name}|>" for name in _SPECIALS]
    return [*letters, *words, "<|endoftext|>", "<|startoftranscript|>", *named, *specials, *times]


def _word(index: int) -> str:
    """Return a word of its own for each number, varied enough not to look like a loop."""
    letters = ""
    number = index * 7919 + 104_729
    while number:
        number, digit = divmod(number, 26)
        letters += chr(97 + digit)
    return letters


def _write_tokenizer(path: Path, vocabulary: list[str]) -> None:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    end = vocabulary.index("<|endoftext|>")
    words = {word: index for index, word in enumerate(vocabulary[:end])}
    tokenizer = Tokenizer(models.BPE(vocab=words, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    specials = [AddedToken(word, special=True, normalized=False) for word in vocabulary[end:]]
    tokenizer.add_special_tokens(specials)
    tokenizer.save(str(path))


# The specifications are CTranslate2's, which has no types: Any stays inside this file.


def _fill_encoder(encoder: Any, shape: Shape, random: np.random.Generator) -> None:
    width = shape.width
    for layer, channels in ((encoder.conv1, 80), (encoder.conv2, width)):
        layer.weight = _weights(random, width, channels, 3)
        layer.bias = np.zeros(width, np.float32)
    encoder.position_encodings.encodings = _weights(random, 1500, width)
    _fill_norm(encoder.layer_norm, width)
    for layer in encoder.layer:
        _fill_attention(layer.self_attention, [3 * width, width], width, random)
        _fill_forward(layer.ffn, width, random)


def _fill_decoder(decoder: Any, shape: Shape, random: np.random.Generator, vocabulary: list[str], tokens: int) -> None:
    width = shape.width
    embeddings = random.standard_normal((len(vocabulary), width)).astype(np.float32) / np.sqrt(width)
    positions = _weights(random, 448, width)
    end = vocabulary.index("<|endoftext|>")
    for position in range(448):
        token = end if position > tokens else 5_000 + 3_001 * position
        positions[position] = _STRENGTH * embeddings[token] / np.linalg.norm(embeddings[token])
    decoder.embeddings.weight = decoder.projection.weight = embeddings
    decoder.position_encodings.encodings = positions
    _fill_norm(decoder.layer_norm, width)
    for layer in decoder.layer:
        _fill_attention(layer.self_attention, [3 * width, width], width, random)
        _fill_attention(layer.attention, [width, 2 * width, width], width, random)
        _fill_forward(layer.ffn, width, random)


def _fill_attention(attention: Any, sizes: list[int], width: int, random: np.random.Generator) -> None:
    _fill_norm(attention.layer_norm, width)
    for linear, size in zip(attention.linear, sizes, strict=True):
        _fill_linear(linear, size, width, random)


def _fill_forward(forward: Any, width: int, random: np.random.Generator) -> None:
    _fill_norm(forward.layer_norm, width)
    _fill_linear(forward.linear_0, 4 * width, width, random)
    _fill_linear(forward.linear_1, width, 4 * width, random)


def _fill_linear(linear: Any, rows: int, columns: int, random: np.random.Generator) -> None:
    linear.weight = _weights(random, rows, columns)
    linear.bias = np.zeros(rows, np.float32)


def _fill_norm(norm: Any, width: int) -> None:
    norm.gamma, norm.beta = np.ones(width, np.float32), np.zeros(width, np.float32)


def _weights(random: np.random.Generator, *shape: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    return random.standard_normal(shape, np.float32) * np.float32(0.01)
