#!/usr/bin/env python3
"""Make models/tiny-synthetic: a Whisper of 2.6 million parameters that knows synthesized speech.

    train_tiny_whisper.py synth  --work W              speech by espeak-ng and flite into W/clips.npz
    train_tiny_whisper.py train  --work W --minutes 60 learn; goes on with W/model.pt where it is
    train_tiny_whisper.py unpack --work W --model DIR  read W/model.pt back from an exported model, to learn on
    train_tiny_whisper.py export --work W --model DIR  write the model as CTranslate2 and faster-whisper read it
    train_tiny_whisper.py test   --work W --model DIR  word errors in voices that were held out, and what noises become

Needs torch and transformers beside the project, and espeak-ng and flite.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
from pathlib import Path

from tiny_whisper.clips import clips_to_learn, clips_to_test, read_clips, write_clips
from tiny_whisper.figures import print_figures


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def synth(options: argparse.Namespace) -> None:
    """Speak the texts to learn and the held-out ones."""
    options.work.mkdir(parents=True, exist_ok=True)
    say(write_clips(options.work / "clips.npz", clips_to_learn(options.clips, options.seed, options.threads)))
    for kind, clips in clips_to_test().items():
        say(write_clips(options.work / f"tested_{kind}.npz", clips))


def train(options: argparse.Namespace) -> None:
    """Learn for a set time."""
    from tiny_whisper.examples import build_tokenizer
    from tiny_whisper.training import Training, learn

    clips = read_clips(options.work / "clips.npz")
    if not (options.work / "tokenizer.json").exists():
        build_tokenizer(options.work / "tokenizer.json", [clip.text for clip in clips])
    learn(clips, options.work, Training(options.minutes, options.batch, options.threads, options.seed), say)


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
    """Print the word errors, what a decode costs, and how many noises become texts; and what was misheard."""
    kinds = {path.stem.removeprefix("tested_"): read_clips(path) for path in sorted(options.work.glob("tested_*.npz"))}
    for is_short in (False, True):
        asyncio.run(print_figures(options.model, kinds, is_short, say, options.verbose))


def main() -> None:
    """Run the stage that is asked for."""
    stages = {"synth": synth, "train": train, "unpack": unpack, "export": export, "test": test}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", choices=stages)
    parser.add_argument("--work", type=Path, required=True, help="folder for clips and weights")
    parser.add_argument(
        "--model", type=Path, default=Path("models/tiny-synthetic"), help="folder of the exported model"
    )
    parser.add_argument("--clips", type=int, default=6000)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verbose", action="store_true", help="print what was misheard in a test")
    options = parser.parse_args()
    stages[options.stage](options)


if __name__ == "__main__":
    main()
