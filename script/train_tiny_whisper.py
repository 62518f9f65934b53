#!/usr/bin/env python3
"""Make models/tiny-synthetic: a Whisper of 2.4 million parameters that knows synthesized speech.

    train_tiny_whisper.py synth  --work W              speech by espeak-ng and flite into W/clips.npz (9 min on a core)
    train_tiny_whisper.py train  --work W --minutes 60 learn; goes on with W/model.pt where it is
    train_tiny_whisper.py unpack --work W --model DIR  read W/model.pt back from an exported model, to learn on
    train_tiny_whisper.py export --work W --model DIR  write the model as CTranslate2 and faster-whisper read it
    train_tiny_whisper.py test   --work W --model DIR  word errors on sentences and voices that were held out

Needs torch and transformers beside the project, and espeak-ng and flite.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import random
import shutil
import sys
import time
from pathlib import Path

import numpy as np
from tiny_whisper.sentences import FIXED, held_out_sentences, sample_sentence
from tiny_whisper.sounds import HELD_OUT_VOICES, Spoken, choose_voice, speak

from voicestream.backends.whisper import WhisperSettings, open_whisper
from voicestream.bench.hearing_figures import word_errors
from voicestream.hearing.suspicion import plain_words
from voicestream.vocabulary import SAMPLE_RATE

LEARNING_RATE = 1.5e-3
BEGINNINGS = 0.2
"""Share of sentences that break off, as a partial transcript hears them."""


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def synth(options: argparse.Namespace) -> None:
    """Speak the sentences to learn and the held-out ones."""
    chance = random.Random(options.seed)
    held_out = held_out_sentences()
    learned: list[Spoken] = []
    while len(learned) < options.clips:
        sentence = chance.choice(FIXED) if chance.random() < 0.35 else sample_sentence(chance)
        if sentence in held_out:
            continue
        words = sentence.split()
        if len(words) > 2 and chance.random() < BEGINNINGS:
            sentence = " ".join(words[: chance.randint(1, len(words) - 1)])
        spoken = speak(sentence, choose_voice(chance), chance)
        if 0.15 * SAMPLE_RATE < len(spoken.audio) < 7.5 * SAMPLE_RATE:
            learned.append(spoken)
    test = random.Random(77)
    tested = [speak(text, test.choice(HELD_OUT_VOICES), test) for text in (*test.sample(FIXED, 40), *held_out[:60])]
    options.work.mkdir(parents=True, exist_ok=True)
    for name, clips in (("clips", learned), ("tested", tested)):
        ends = np.cumsum([len(clip.audio) for clip in clips])
        audio = (np.clip(np.concatenate([clip.audio for clip in clips]), -1, 1) * 32767).astype(np.int16)
        texts = np.array([clip.text for clip in clips])
        np.savez(options.work / f"{name}.npz", audio=audio, ends=ends, texts=texts)
        say(f"{name}: {len(clips)} clips, {len(audio) / SAMPLE_RATE / 60:.1f} minutes, {len(set(texts))} sentences")


def read_clips(path: Path) -> list[Spoken]:
    """Return the clips that `synth` wrote."""
    stored = np.load(path)
    audio = stored["audio"].astype(np.float32) / 32768
    pieces = np.split(audio, stored["ends"][:-1])
    return [Spoken(str(text), piece, "") for text, piece in zip(stored["texts"], pieces, strict=True)]


def train(options: argparse.Namespace) -> None:
    """Learn for a set time: easy and short clips first, then with noise, echoes and cut windows."""
    import torch
    from tiny_whisper.examples import ExampleMaker, build_tokenizer
    from tiny_whisper.network import TinyWhisper, load_network
    from tokenizers import Tokenizer

    clips = read_clips(options.work / "clips.npz")
    if not (options.work / "tokenizer.json").exists():
        build_tokenizer(options.work / "tokenizer.json", [clip.text for clip in clips])
    tokenizer = Tokenizer.from_file(str(options.work / "tokenizer.json"))
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    stored, is_new = options.work / "model.pt", not (options.work / "model.pt").exists()
    tokens = tokenizer.get_vocab_size()
    network = TinyWhisper(tokens) if is_new else load_network(stored, tokens)
    learned = [weight for weight in network.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=LEARNING_RATE, betas=(0.9, 0.98), weight_decay=0.02)
    maker = ExampleMaker(clips, tokenizer, options.seed)
    started = told = time.monotonic()
    step, losses = 0, []
    while (done := (time.monotonic() - started) / (60 * options.minutes)) < 1:
        difficulty = min(1.0, max(0.0 if is_new else 0.6, (done - 0.15) / 0.35))
        for batch in maker.batches(options.batch, difficulty):
            step += 1
            rate = LEARNING_RATE * (1.0 if is_new else 0.4) * min(1.0, step / 300)
            for group in optimizer.param_groups:
                group["lr"] = rate * (0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))
            losses.append(_step(network, optimizer, batch, 1.0 if difficulty < 0.5 else 0.4))
            if time.monotonic() - told > 60:
                say(f"{done:4.0%} step {step} loss {np.mean(losses):.3f} difficulty {difficulty:.2f}")
                told, losses = time.monotonic(), []
                torch.save(network.state_dict(), stored)
    torch.save(network.state_dict(), stored)
    say(f"{step} steps in {time.monotonic() - started:.0f} s")


def _step(network, optimizer, batch, ctc_share: float) -> float:  # torch's types, which only this stage imports
    import torch
    from torch.nn import functional

    arrays = (batch.features, batch.tokens, batch.weights, batch.letters, batch.letter_counts, batch.positions)
    features, tokens, weights, letters, counts, positions = map(torch.from_numpy, arrays)
    network.train()
    heard, bias = network.encoder(features, 0.05)
    logits = network.decoder(tokens[:, :-1], heard, bias, 0.05)
    each = functional.cross_entropy(
        logits.flatten(0, 1), tokens[:, 1:].flatten(), reduction="none", label_smoothing=0.05
    )
    loss = (each * weights[:, 1:].flatten()).sum() / weights[:, 1:].sum()
    has_text = counts > 0
    guesses = functional.log_softmax(network.ctc(heard), -1).transpose(0, 1)[:, has_text]
    ctc = functional.ctc_loss(guesses, letters, positions[has_text], counts[has_text], zero_infinity=True)
    optimizer.zero_grad()
    (loss + ctc_share * ctc).backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
    return loss.item()


def unpack(options: argparse.Namespace) -> None:
    """Read the int8 weights of an exported model back, to learn on from there."""
    import torch
    from tiny_whisper.network import TinyWhisper
    from tiny_whisper.unpacked import read_weights

    weights = {name: torch.tensor(values) for name, values in read_weights(options.model / "model.bin").items()}
    network = TinyWhisper(len(weights["decoder.embed_tokens.weight"]))
    missing = network.load_state_dict(weights, strict=False)
    options.work.mkdir(parents=True, exist_ok=True)
    torch.save(network.state_dict(), options.work / "model.pt")
    shutil.copy(options.model / "tokenizer.json", options.work)
    say(f"read {len(weights)} weights; new: {', '.join(missing.missing_keys)}")


def export(options: argparse.Namespace) -> None:
    """Write the model as faster-whisper loads it, int8."""
    from ctranslate2.converters import TransformersConverter
    from tiny_whisper.exported import save_as_hugging_face

    folder = options.work / "hugging_face"
    say(
        f"largest difference between 1,500 positions and their short form: {save_as_hugging_face(options.work, folder)}"
    )
    converter = TransformersConverter(str(folder), copy_files=["tokenizer.json", "preprocessor_config.json"])
    converter.convert(str(options.model), quantization="int8", force=True)


def test(options: argparse.Namespace) -> None:
    """Print the word errors with the whole and with a short window, and what a decode costs."""
    clips = read_clips(options.work / "tested.npz")

    async def errors(is_short: bool) -> tuple[float, float]:
        wrong = words = 0
        costs = []
        async with open_whisper(options.model, WhisperSettings(short_window=is_short, threads=1)) as whisper:
            for clip in clips:
                audio = np.concatenate((np.zeros(3200, np.float32), clip.audio, np.zeros(6400, np.float32)))
                found = await whisper.transcribe(audio, is_final=True)
                said = plain_words(clip.text)
                wrong, words = wrong + word_errors(said, plain_words(found.text)), words + len(said)
                costs.append(found.cost)
        return wrong / words, float(np.median(costs))

    for is_short in (False, True):
        share, cost = asyncio.run(errors(is_short))
        say(f"{'short' if is_short else 'whole'} window: word errors {share:.3f}, {cost * 1000:.0f} ms a clip")


def main() -> None:
    """Run the stage that is asked for."""
    stages = {"synth": synth, "train": train, "unpack": unpack, "export": export, "test": test}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", choices=stages)
    parser.add_argument("--work", type=Path, required=True, help="folder for clips and weights")
    parser.add_argument(
        "--model", type=Path, default=Path("models/tiny-synthetic"), help="folder of the exported model"
    )
    parser.add_argument("--clips", type=int, default=9000)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--batch", type=int, default=24)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    stages[options.stage](options)


if __name__ == "__main__":
    main()
