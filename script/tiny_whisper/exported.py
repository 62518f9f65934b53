"""The trained network as a Hugging Face folder, from which CTranslate2 converts."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import WhisperConfig, WhisperForConditionalGeneration

from tiny_whisper.network import (
    DECODER_LAYERS,
    ENCODER_LAYERS,
    HEADS,
    INNER,
    LONGEST_TEXT,
    POSITIONS,
    SOUNDING,
    WIDTH,
    load_network,
)


def save_as_hugging_face(work: Path, folder: Path) -> float:
    """Write the model in `work` to `folder`; return how far its full form differs from the trained short one."""
    tokenizer = Tokenizer.from_file(str(work / "tokenizer.json"))
    marks = tokenizer.get_vocab()
    network = load_network(work / "model.pt", tokenizer.get_vocab_size()).eval()
    end = marks["<|endoftext|>"]
    config = WhisperConfig(
        vocab_size=tokenizer.get_vocab_size(),
        d_model=WIDTH,
        encoder_layers=ENCODER_LAYERS,
        decoder_layers=DECODER_LAYERS,
        encoder_attention_heads=HEADS,
        decoder_attention_heads=HEADS,
        encoder_ffn_dim=INNER,
        decoder_ffn_dim=INNER,
        num_mel_bins=80,
        max_source_positions=POSITIONS,
        max_target_positions=LONGEST_TEXT,
        bos_token_id=end,
        eos_token_id=end,
        pad_token_id=end,
        decoder_start_token_id=marks["<|startoftranscript|>"],
        suppress_tokens=[],
        begin_suppress_tokens=[],  # so that it may write nothing at once, where nobody speaks
    )
    full = WhisperForConditionalGeneration(config)
    weights = {f"model.{name}": value for name, value in network.state_dict().items() if not name.startswith("ctc")}
    full.load_state_dict({**weights, "proj_out.weight": weights["model.decoder.embed_tokens.weight"]}, strict=False)
    full.eval()
    full.generation_config.suppress_tokens, full.generation_config.begin_suppress_tokens = [], []
    full.generation_config.lang_to_id = {}
    full.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    names = dict.fromkeys(("bos_token", "eos_token", "unk_token"), "<|endoftext|>")
    _write(folder / "tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast", **names})
    features = {"chunk_length": 30, "feature_size": 80, "hop_length": 160, "n_fft": 400, "sampling_rate": 16_000}
    _write(folder / "preprocessor_config.json", {**features, "feature_extractor_type": "WhisperFeatureExtractor"})
    return _difference(full, network, marks)


def _difference(full, network, marks) -> float:  # transformers has no types
    features = torch.zeros(1, 80, 2 * POSITIONS)
    features[:, :, :300] = torch.randn(1, 80, 300)
    text = torch.tensor([[marks["<|startoftranscript|>"], marks["<|notimestamps|>"]]])
    with torch.no_grad():
        expected = full(input_features=features, decoder_input_ids=text).logits
        heard, bias = network.encoder(features[:, :, : 2 * SOUNDING + 2])
        found = network.decoder(text, heard, bias)
    return (expected - found).abs().max().item()


def _write(path: Path, content: dict[str, object]) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")
