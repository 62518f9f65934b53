"""A server's voice that is away costs a notice, not the answer; and it speaks again when it is back."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncGenerator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicestream.cli import main
from voicestream.errors import VoiceError
from voicestream.parts import Voice
from voicestream.speaking.fallback_voice import RETRY_AFTER, RETRY_LATEST, FallbackVoice
from voicestream.vocabulary import Pcm


class Scripted:
    """A voice whose sound tells its name; it may be away, or break off."""

    def __init__(self, name: float) -> None:
        self.sound = Pcm(np.full(10, name, np.float32), 16_000)
        self.is_away = self.breaks_off = False
        self.asked = 0

    async def synthesize(self, text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
        self.asked += 1
        if self.is_away:
            raise VoiceError("the server is not there", "lost")
        yield self.sound
        if self.breaks_off:
            raise VoiceError("the server closed the line", "lost")
        yield self.sound


class Talk:
    """A fallback voice on a clock that is set by hand."""

    def __init__(self, *, has_second: bool = True) -> None:
        self.first, self.second = Scripted(0.1), Scripted(0.2)
        self.now, self.opened = 100.0, 0
        self.has_second = has_second
        self.notices: list[str] = []
        self.voice = FallbackVoice(self.first, self.open, self.notices.append, lambda: self.now)

    async def open(self) -> Voice:
        self.opened += 1
        if not self.has_second:
            raise VoiceError("there is no espeak", "missing")
        return self.second

    def say(self) -> list[float]:
        async def heard() -> list[float]:
            return [round(float(pcm.samples[0]), 1) async for pcm in self.voice.synthesize("hello")]

        return asyncio.run(heard())


def test_the_sentence_in_which_it_is_missed_is_spoken_by_the_other() -> None:
    talk = Talk()
    assert talk.say() == [0.1, 0.1]
    talk.first.is_away = True
    assert talk.say() == [0.2, 0.2]
    assert talk.notices == ["the server is not there; the local voice takes over"]
    assert talk.say() == [0.2, 0.2]
    assert (talk.first.asked, talk.opened) == (2, 1)


def test_a_sentence_that_breaks_off_is_not_begun_anew() -> None:
    talk = Talk()
    talk.first.breaks_off = True
    with pytest.raises(VoiceError, match="closed the line"):
        talk.say()
    assert talk.say() == [0.2, 0.2]


def test_it_speaks_again_when_it_is_back_and_is_asked_ever_more_rarely() -> None:
    talk = Talk()
    talk.first.is_away = True
    waits = []
    talk.say()
    for _ in range(6):
        asked, since = talk.first.asked, talk.now
        while talk.first.asked == asked:
            talk.now += 0.5
            talk.say()
        waits.append(talk.now - since)
    assert waits[0] == pytest.approx(RETRY_AFTER)
    assert waits == sorted(waits)
    assert waits[-1] == pytest.approx(RETRY_LATEST)
    talk.first.is_away = False
    talk.now += RETRY_LATEST
    assert talk.say() == [0.1, 0.1]
    assert talk.notices[1:] == ["the voice of the settings is back"]
    talk.first.is_away = True
    talk.say()
    talk.now += RETRY_AFTER
    talk.first.is_away = False
    assert talk.say() == [0.1, 0.1]


def test_without_another_the_fault_of_the_first_is_told() -> None:
    talk = Talk(has_second=False)
    talk.first.is_away = True
    for _ in range(2):
        with pytest.raises(VoiceError, match="the server is not there"):
            talk.say()
    assert talk.notices == []


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs espeak-ng")
def test_an_answer_is_heard_although_the_server_of_the_voice_is_away(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = ("thinking.provider=offline", "speaking.engine=remote", "speaking.address=http://127.0.0.1:9/v1")
    words = [word for setting in settings for word in ("--set", setting)]
    output = tmp_path / "answer.wav"
    assert main(["ask", "--config", os.devnull, "--output", str(output), *words, "tell me a joke"]) == 0
    samples, rate = soundfile.read(output)
    assert np.abs(samples).max() > 0.05
    assert len(samples) > 2 * rate
    printed = capsys.readouterr().out
    assert printed.count("the local voice takes over") == 1
    assert "! voice" not in printed
