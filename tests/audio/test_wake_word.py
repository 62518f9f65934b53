"""The real wake word model hears its word once, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from voicestream.errors import ConfigError, UsageError
from voicestream.vocabulary import FRAME_SAMPLES, FRAME_SECONDS, SAMPLE_RATE, Frame, Samples

OTHERS = ("what is the weather today in london", "set a timer for five minutes", "okay thank you")


def spoken(text: str, voice: str, folder: Path) -> Samples:
    path = folder / "spoken.wav"
    subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(path)], check=True)
    samples, rate = soundfile.read(path, dtype="float32")
    return np.asarray(soxr.resample(samples, rate, SAMPLE_RATE), np.float32)


@pytest.mark.skipif(shutil.which("flite") is None, reason="needs flite to speak (apt install flite)")
@pytest.mark.parametrize("phrase", ["okay nabu", "hey jarvis"])
def test_the_wake_word_is_heard_once_each_time_and_other_speech_is_not(phrase: str, tmp_path: Path) -> None:
    pytest.importorskip("pymicro_wakeword", reason="needs the extra wake (pymicro-wakeword)")
    from voicestream.backends.wake_word import WakeWord

    ear = WakeWord(phrase.title() + "!")
    gap = np.zeros(2 * SAMPLE_RATE, np.float32)
    texts = [text for other in OTHERS for text in (phrase + ".", other)]
    said = np.concatenate([piece for text in texts for piece in (gap, spoken(text, "slt", tmp_path))] + [gap])
    starts = np.cumsum([0] + [len(gap) + len(spoken(text, "slt", tmp_path)) for text in texts]) / SAMPLE_RATE
    hits = []
    for index in range(len(said) // FRAME_SAMPLES):
        frame = Frame(said[index * FRAME_SAMPLES :][:FRAME_SAMPLES], index * FRAME_SECONDS)
        if ear.hears(frame):
            hits.append(int(np.searchsorted(starts, frame.time - 0.3)) - 1)
    assert [texts[hit] for hit in hits] == [phrase + "."] * 3


def test_a_phrase_without_a_model_names_those_that_there_are() -> None:
    pytest.importorskip("pymicro_wakeword", reason="needs the extra wake (pymicro-wakeword)")
    from voicestream.backends.wake_word import WakeWord

    with pytest.raises(ConfigError, match="alexa, hey jarvis, hey mycroft, okay nabu"):
        WakeWord("open sesame")


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from voicestream.backends.wake_word import WakeWord

    monkeypatch.setitem(sys.modules, "pymicro_wakeword", None)
    with pytest.raises(UsageError, match="pip install pymicro-wakeword"):
        WakeWord("okay nabu")
