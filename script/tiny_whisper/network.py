"""A small Whisper in PyTorch, with the names of the Hugging Face model, made cheap to train.

faster-whisper pads every window to 1,500 positions. Beyond the audio all features are zero, and where the positions'
vectors are zero too (from SOUNDING on) all those positions are the same in every layer: one copy of them with an
attention bias of log(count) is the same network. So training runs over a few hundred positions instead of 1,500, and
a cut window is nothing but another count, which is drawn at random: the model learns any window.
"""

from __future__ import annotations

import math
import random
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

SOUNDING = 400
"""Positions, 50 a second, in which audio may lie: 8 s."""

POSITIONS = 1_500
WIDTH, HEADS, ENCODER_LAYERS, DECODER_LAYERS, INNER = 144, 4, 4, 2, 576
LONGEST_TEXT = 448
LETTERS = 29
"""Of the auxiliary CTC loss on the encoder, without which the decoder learned the language only: a–z ' space, blank."""

WHOLE_WINDOW, SHORT_WINDOW = 0.3, 0.5
"""Shares of the batches that are learned with the whole window, and of the others with the short one."""

MARGIN, LEAST = 50, 100
"""Positions of a short window after the audio, and in all (backends/whisper.py)."""


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.q_proj, self.v_proj, self.out_proj = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.k_proj = nn.Linear(WIDTH, WIDTH, bias=False)

    def forward(self, x: Tensor, heard: Tensor | None, bias: Tensor | None, is_causal: bool) -> Tensor:
        source = x if heard is None else heard

        def heads(each: Tensor) -> Tensor:
            return each.view(*each.shape[:2], HEADS, WIDTH // HEADS).transpose(1, 2)

        query, key, value = heads(self.q_proj(x)), heads(self.k_proj(source)), heads(self.v_proj(source))
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias, is_causal=is_causal)
        return self.out_proj(mixed.transpose(1, 2).reshape(x.shape))


class Layer(nn.Module):
    def __init__(self, listens: bool) -> None:
        super().__init__()
        self.self_attn, self.self_attn_layer_norm = Attention(), nn.LayerNorm(WIDTH)
        if listens:
            self.encoder_attn, self.encoder_attn_layer_norm = Attention(), nn.LayerNorm(WIDTH)
        self.fc1, self.fc2, self.final_layer_norm = (
            nn.Linear(WIDTH, INNER),
            nn.Linear(INNER, WIDTH),
            nn.LayerNorm(WIDTH),
        )

    def forward(self, x: Tensor, bias: Tensor, heard: Tensor | None) -> Tensor:
        own_bias = bias if heard is None else None
        x = x + self.self_attn(self.self_attn_layer_norm(x), None, own_bias, heard is not None)
        if heard is not None:
            x = x + self.encoder_attn(self.encoder_attn_layer_norm(x), heard, bias, False)
        return x + self.fc2(functional.gelu(self.fc1(self.final_layer_norm(x))))


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(80, WIDTH, 3, padding=1)
        self.conv2 = nn.Conv1d(WIDTH, WIDTH, 3, stride=2, padding=1)
        self.embed_positions = nn.Embedding(POSITIONS, WIDTH)
        self.layers = nn.ModuleList(Layer(False) for _ in range(ENCODER_LAYERS))
        self.layer_norm = nn.LayerNorm(WIDTH)
        slopes = torch.exp(-math.log(10_000) / (WIDTH // 2 - 1) * torch.arange(WIDTH // 2))
        angles = torch.arange(POSITIONS)[:, None] * slopes[None]
        positions = torch.cat([angles.sin(), angles.cos()], 1) * 0.3
        positions[SOUNDING:] = 0
        self.embed_positions.weight = nn.Parameter(positions, requires_grad=False)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Take (batch, 80, 2 × count) whose last 8 frames are zero; return the sound and its attention bias."""
        x = functional.gelu(self.conv2(functional.gelu(self.conv1(features)))).transpose(1, 2)
        count = x.shape[1]
        sounding = x[:, :-1] + self.embed_positions.weight[: count - 1]
        x = torch.cat([sounding, x[:, -2:-1] + self.embed_positions.weight[SOUNDING : SOUNDING + 1]], 1)
        bias = torch.zeros(count)
        bias[-1] = math.log(self._padding(POSITIONS - (count - 1)))
        bias = bias.view(1, 1, 1, count)
        for layer in self.layers:
            x = layer(x, bias, None)
        return self.layer_norm(x), bias

    def _padding(self, whole: int) -> float:
        """Return how many padding positions the window has: all, or in training as few as a short window has."""
        if not self.training or random.random() < WHOLE_WINDOW:
            return whole
        if random.random() < SHORT_WINDOW:
            return max(LEAST - (POSITIONS - whole), MARGIN)
        return min(whole, math.exp(random.uniform(math.log(40), math.log(1_200))))


class Decoder(nn.Module):
    def __init__(self, tokens: int) -> None:
        super().__init__()
        self.embed_tokens, self.embed_positions = nn.Embedding(tokens, WIDTH), nn.Embedding(LONGEST_TEXT, WIDTH)
        nn.init.normal_(self.embed_tokens.weight, std=0.05)
        nn.init.normal_(self.embed_positions.weight, std=0.02)
        self.layers = nn.ModuleList(Layer(True) for _ in range(DECODER_LAYERS))
        self.layer_norm = nn.LayerNorm(WIDTH)

    def forward(self, text: Tensor, heard: Tensor, bias: Tensor) -> Tensor:
        x = self.embed_tokens(text) + self.embed_positions.weight[: text.shape[1]]
        for layer in self.layers:
            x = layer(x, bias, heard)
        return self.layer_norm(x) @ self.embed_tokens.weight.T


class TinyWhisper(nn.Module):
    def __init__(self, tokens: int) -> None:
        super().__init__()
        self.encoder, self.decoder, self.ctc = Encoder(), Decoder(tokens), nn.Linear(WIDTH, LETTERS)


def load_network(path: Path, tokens: int) -> TinyWhisper:
    """Return the network whose weights lie in `path`."""
    network = TinyWhisper(tokens)
    network.load_state_dict(torch.load(path))
    return network
