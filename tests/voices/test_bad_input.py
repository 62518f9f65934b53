"""Laws of texts that no voice was made for: each goes the whole way of `say`, is harmless, and the next is spoken."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicestream.backends.voice_process import PYTTSX3, ChildProgram
from voicestream.config import Config
from voicestream.config_file import load_config
from voicestream.errors import VoiceError
from voicestream.sessions.say import say

SILENT = {
    "blank": " \n\t \n",
    "punctuation": "... ?! — … ;;;",
    "emoji": "🎉🎉 ✨ 👩‍👩‍👧",
    "marks of direction": "\u202e \u2066 \u200b",
    "control characters": "\x00\x01\x1b\x07\x9b",
    "empty markup": "<break/> <p></p> ** ** ```\n```",
}
SPOKEN = {
    "words without a stop": ("word " * 500, 25.0, 400.0),
    "letters without a stop": ("a" * 10_000, 30.0, 2_000.0),
    "no blank": ("Donaudampfschifffahrt" * 20, 2.0, 100.0),
    "control characters": ("one \x01450S two \x1b[2J\x1b]0;title\x07 three \x00 four.", 0.5, 8.0),
    "ssml": (
        '<speak>one <break time="30s"/> two <audio src="http://x/"/><prosody rate="1%">three</prosody></speak>',
        0.5,
        6.0,
    ),
    "espeak phonemes": ("[[h@l'oU]] one two.", 0.5, 6.0),
    "apple commands": ("[[slnc 30000]] one [[rate 10]] two.", 0.5, 8.0),
    "entities": ("&lt;break time=&quot;30s&quot;/&gt; one &amp; two &#0; three.", 0.5, 9.0),
    "right to left": ("שלום עולם. مرحبا بالعالم.", 0.5, 20.0),
    "a language the voice lacks": ("你好，世界。 สวัสดีชาวโลก Γειά σου", 0.5, 30.0),
    "surrogates and strange letters": ("abc \ud800 \ue000 \uffff e\u0301\u0302\u0303 ﬁ ½ Ⅷ", 0.5, 15.0),
    "emoji among words": ("Yes 🎉 we 👍🏽 can 🇩🇪 now.", 0.5, 12.0),
    "markup": ("**bold** _it_ `code` # head [link](http://x) | a | b |", 0.5, 12.0),
}  # each with the fewest and the most seconds that it may take


def settings(program: ChildProgram, output: Path, *more: str) -> Config:
    engine = "pyttsx3" if program is PYTTSX3 else "espeak"
    return load_config(None, [f"speaking.engine={engine}", f"audio.output='{output}'", *more])


def seconds_of_sound(path: Path) -> float:
    samples, rate = soundfile.read(path, dtype="float32")
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    return float(loud[-1] - loud[0]) / rate if loud.size else 0.0


@pytest.mark.parametrize("kind", SILENT)
def test_a_text_with_nothing_to_say_is_silent(program: ChildProgram, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "speech.wav"
    assert asyncio.run(say(SILENT[kind], settings(program, path), None)) == 0
    assert seconds_of_sound(path) == 0


@pytest.mark.parametrize("kind", SPOKEN)
def test_a_strange_text_is_spoken_and_never_obeyed(program: ChildProgram, kind: str, tmp_path: Path) -> None:
    text, least, most = SPOKEN[kind]
    path = tmp_path / "speech.wav"
    rate = 450 if len(text) > 1_000 else 175
    assert asyncio.run(say(text, settings(program, path, f"speaking.rate={rate}"), None)) == 0
    assert least < seconds_of_sound(path) < most


def test_an_unknown_voice_names_the_nearest(program: ChildProgram, tmp_path: Path) -> None:
    for wanted, near in (("Germn", "German"), ("french", "French"), ("en-uss", "en-us")):
        with pytest.raises(VoiceError, match=near):
            asyncio.run(say("Hello.", settings(program, tmp_path / "a.wav", f"speaking.voice={wanted}"), None))


def test_an_unknown_voice_for_a_language_names_the_nearest(program: ChildProgram, tmp_path: Path) -> None:
    config = settings(program, tmp_path / "a.wav", "speaking.voices={de: Germn}")
    with pytest.raises(VoiceError, match="nearest"):
        asyncio.run(say("Hallo.", config, None))
