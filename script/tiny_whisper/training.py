"""The training of the tiny Whisper: a process makes the batches, and this one learns from them."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, IterableDataset

from tiny_whisper.examples import Batch, ExampleMaker
from tiny_whisper.network import TinyWhisper, load_network
from tiny_whisper.sounds import Spoken

LEARNING_RATE = 1.5e-3
AVERAGE = 0.995
"""Share that the running average of the weights keeps in a step; it is what is stored."""
LETTERS_FIRST = 40
"""Batches for the layer of the CTC loss alone."""


@dataclass(frozen=True, slots=True)
class Training:
    """How long and how much at a time."""

    minutes: float
    batch: int
    threads: int
    seed: int


class Batches(IterableDataset[Batch]):
    """Batches without end, harder ones with time."""

    def __init__(self, clips: list[Spoken], tokenizer: Tokenizer, training: Training, is_new: bool) -> None:
        self._clips, self._tokenizer, self._training, self._is_new = clips, tokenizer, training, is_new
        self._started = time.monotonic()

    @property
    def done(self) -> float:
        """The share of the time that has gone."""
        return (time.monotonic() - self._started) / (60 * self._training.minutes)

    def __iter__(self) -> Iterator[Batch]:
        maker = ExampleMaker(self._clips, self._tokenizer, self._training.seed)
        while True:
            difficulty = max(0.0, (self.done - 0.15) / 0.35) if self._is_new else 0.4 + 1.2 * self.done
            yield from maker.batches(self._training.batch, min(1.0, difficulty))


def learn(clips: list[Spoken], work: Path, training: Training, say: Callable[[str], None]) -> None:
    """Learn: easy clips first, then with noise, echoes and cut windows; store the weights each minute."""
    tokenizer = Tokenizer.from_file(str(work / "tokenizer.json"))
    torch.manual_seed(training.seed)
    torch.set_num_threads(training.threads)
    torch.set_flush_denormal(True)
    stored, is_new = work / "model.pt", not (work / "model.pt").exists()
    tokens = tokenizer.get_vocab_size()
    network = TinyWhisper(tokens) if is_new else load_network(stored, tokens)
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(AVERAGE))
    learned = [weight for weight in network.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=LEARNING_RATE, betas=(0.9, 0.98), weight_decay=0.02, fused=True)
    source = Batches(clips, tokenizer, training, is_new)
    batches = iter(DataLoader(source, batch_size=None, num_workers=1, prefetch_factor=24))
    if not is_new:
        _learn_letters(network, itertools.islice(batches, LETTERS_FIRST))
    told, step, losses = 0.0, 0, []
    while (done := source.done) < 1:
        step += 1
        rate = LEARNING_RATE * (1.0 if is_new else 0.8) * min(1.0, step / 200)
        for group in optimizer.param_groups:
            group["lr"] = rate * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))
        losses.append(_step(network, optimizer, next(batches), 1.0 if is_new and done < 0.3 else 0.4))
        average.update_parameters(network)
        if (done - told) * training.minutes > 1:
            loss, letters = np.mean(losses, axis=0)
            say(f"{done:4.0%} step {step} loss {loss:.3f} letters {letters:.3f}")
            told, losses = done, []
            torch.save(average.module.state_dict(), stored)
    torch.save(average.module.state_dict(), stored)
    say(f"{step} steps")


def _learn_letters(network: TinyWhisper, batches: Iterable[Batch]) -> None:
    """Learn the layer of the CTC loss alone, which exported weights lack: at random it would spoil the encoder."""
    optimizer = torch.optim.Adam(network.ctc.parameters(), lr=0.01)
    for batch in batches:
        with torch.no_grad():
            heard, _ = network.encoder(torch.as_tensor(batch.features))
        optimizer.zero_grad()
        _letters_loss(network, heard, batch).backward()
        optimizer.step()


def _letters_loss(network: TinyWhisper, heard: Tensor, batch: Batch) -> Tensor:
    letters, counts, positions = map(torch.as_tensor, (batch.letters, batch.letter_counts, batch.positions))
    has_text = counts > 0
    guesses = functional.log_softmax(network.ctc(heard), -1).transpose(0, 1)[:, has_text]
    return functional.ctc_loss(guesses, letters, positions[has_text], counts[has_text], zero_infinity=True)


def _step(
    network: TinyWhisper, optimizer: torch.optim.Optimizer, batch: Batch, ctc_share: float
) -> tuple[float, float]:
    """Learn from one batch; return the losses of the text and of the letters."""
    arrays = (batch.features, batch.tokens, batch.targets, batch.weights)
    features, tokens, targets, weights = map(torch.as_tensor, arrays)
    network.train()
    heard, bias = network.encoder(features)
    logits = network.decoder(tokens, heard, bias)
    each = functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none", label_smoothing=0.05)
    loss = (each * weights.flatten()).sum() / weights.sum()
    letters = _letters_loss(network, heard, batch)
    optimizer.zero_grad()
    (loss + ctc_share * letters).backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
    return loss.item(), letters.item()
