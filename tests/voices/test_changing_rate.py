"""The user asks to be spoken to faster or slower: the next sentence is."""

from __future__ import annotations

import asyncio

import pytest

from voicestream.backends.voice_process import ESPEAK, PYTTSX3, ChildProgram, ChildVoice
from voicestream.backends.voice_wire import VoiceSettings


@pytest.mark.parametrize("program", [ESPEAK, PYTTSX3], ids=["espeak", "pyttsx3"])
def test_the_next_sentence_is_spoken_at_the_rate_that_is_wanted_then(program: ChildProgram) -> None:
    wanted = [175]

    async def seconds(voice: ChildVoice) -> float:
        return sum([len(pcm.samples) / pcm.rate async for pcm in voice.synthesize("This is a sentence of some words.")])

    async def speak() -> tuple[float, float, float]:
        async with ChildVoice(program, VoiceSettings(rate=175)) as voice:
            voice.follow_rate(lambda: wanted[0])
            usual = await seconds(voice)
            wanted[0] = 350
            quick = await seconds(voice)
            wanted[0] = 175
            return usual, quick, await seconds(voice)

    usual, quick, again = asyncio.run(speak())
    assert quick < 0.75 * usual
    assert abs(again - usual) < 0.15
