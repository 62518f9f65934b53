"""Thoughts are never spoken, and no border between pieces changes what is."""

from __future__ import annotations

import random

import pytest

from voicestream.thinking.reply_text import ReplyText
from voicestream.vocabulary import Delta, Reasoning


def read(pieces: list[str]) -> tuple[str, str]:
    text = ReplyText()
    parts: list[Delta | Reasoning] = [part for piece in pieces for part in text.add(piece)]
    parts += text.finish()
    spoken = "".join(part.text for part in parts if isinstance(part, Delta))
    thought = "".join(part.text for part in parts if isinstance(part, Reasoning))
    return spoken, thought


CASES = [
    ("Plain words.", "Plain words.", ""),
    ("<think>hm</think>Yes.", "Yes.", "hm"),
    ("\n <think>\nhm < 3\n</think>\n\nYes.", "\n \n\nYes.", "\nhm < 3\n"),
    ("<thinking>a</thinking>b", "b", "a"),
    ("◁think▷a◁/think▷b", "b", "a"),
    ("<think>never ends", "", "never ends"),
    ("The tag <think> is written so.", "The tag <think> is written so.", ""),
    ("so</think>It is.", "soIt is.", ""),
    ("1 < 2 and <b>bold</b> <", "1 < 2 and <b>bold</b> <", ""),
    ("<|im_end|>doctor\n<", "<|im_end|>doctor\n<", ""),
    ("<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>Yes.", "Yes.", "hm"),
    ("<|channel|>commentary to=f<|message|>{}<|call|>", "", "{}"),
    ("one \ud83d\ude00 \ud83d two \ude00", "one 😀 \ufffd two \ufffd", ""),
    ("a\ud83d", "a\ufffd", ""),
]


@pytest.mark.parametrize(("written", "spoken", "thought"), CASES)
def test_thoughts_are_told_from_speech(written: str, spoken: str, thought: str) -> None:
    assert read([written]) == (spoken, thought)


@pytest.mark.parametrize(("written", "spoken", "thought"), CASES)
def test_no_border_between_pieces_changes_anything(written: str, spoken: str, thought: str) -> None:
    assert read(list(written)) == (spoken, thought)
    chance = random.Random(len(written))
    for _ in range(20):
        at = sorted(chance.choices(range(len(written) + 1), k=3))
        pieces = [written[start:end] for start, end in zip([0, *at], [*at, len(written)], strict=True)]
        assert read(pieces) == (spoken, thought)


def test_plain_text_is_never_held_back() -> None:
    text = ReplyText()
    for word in ("So", " it", " is,", " isn't", " it?"):
        assert text.add(word) == [Delta(word)]
