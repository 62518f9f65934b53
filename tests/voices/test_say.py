"""Laws of `voicestream say` as a Unix tool, on the real program and the real espeak-ng."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from spoken import has_espeak

from voicestream.backends.voice_process import ESPEAK, ChildVoice
from voicestream.displays.reading_progress import ReadingProgress
from voicestream.speaking.pcm_stream import PcmStream
from voicestream.speaking.synthesis import SpeakingStyle, synthesize
from voicestream.vocabulary import Samples, Sentence

pytestmark = pytest.mark.skipif(
    not has_espeak() or sys.platform == "win32", reason="needs libespeak-ng.so.1 (apt install espeak-ng) and POSIX"
)

SENTENCE = "The quick brown fox jumps over the lazy dog near the river."
SAY = [sys.executable, "-m", "voicestream", "say", "--set", "speaking.engine=espeak"]
LIMIT = 30.0


def run_say(*words: str, text: bytes = b"", limit: float = LIMIT) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*SAY, *words], input=text, capture_output=True, check=False, timeout=limit)


def made_directly(text: str, rate: int) -> Samples:
    async def one() -> AsyncIterator[Sentence]:
        yield Sentence(0, text, text)

    async def run() -> Samples:
        async with ChildVoice(ESPEAK) as voice:
            sounds = synthesize(one(), voice, rate, SpeakingStyle())
            return np.concatenate([sound.samples async for sound in sounds])

    return asyncio.run(run())


def test_a_file_holds_what_the_voice_made_and_nothing_faded_between(tmp_path: Path) -> None:
    done = run_say("--output", str(tmp_path / "fox.wav"), SENTENCE)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    samples, rate = soundfile.read(tmp_path / "fox.wav", dtype="float32")
    made = made_directly(SENTENCE, rate)
    assert abs(len(samples) - len(made)) < 0.06 * rate  # espeak's lengths vary by some milliseconds
    length = min(len(samples), len(made), rate // 2)
    assert float(np.abs(samples[:length] - made[:length]).max()) < 0.001


def test_a_stream_is_spoken_while_it_arrives_and_the_pipe_is_a_wav_of_open_length() -> None:
    with subprocess.Popen([*SAY, "--output", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as speaker:
        assert speaker.stdin is not None
        assert speaker.stdout is not None
        speaker.stdin.write(b"The first sentence is here. And the second ")
        speaker.stdin.flush()
        head = speaker.stdout.read(44 + 48_000)  # a second of sound, before the text has ended
        assert head[:4] == b"RIFF"
        assert head[40:44] == b"\xdb\xff\xff\xff"
        stream = PcmStream()
        assert float(np.abs(stream.add(head)).max()) > 0.1
        assert stream.rate == 24_000
        speaker.stdin.write(b"one too.")
        speaker.stdin.close()
        rest = stream.add(speaker.stdout.read())
        assert len(rest) > 24_000
        assert speaker.wait() == 0


def test_a_reader_that_goes_away_ends_it_without_a_word() -> None:
    with subprocess.Popen(
        [*SAY, "--output", "-", f"{SENTENCE} " * 200], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as speaker:
        assert speaker.stdout is not None
        assert speaker.stderr is not None
        assert len(speaker.stdout.read(100_000)) == 100_000
        speaker.stdout.close()
        assert speaker.wait(LIMIT) == 141
        assert speaker.stderr.read() == b""


@pytest.mark.parametrize("case", ["speaking", "waiting for text", "reader does not read"])
def test_ctrl_c_ends_it_whatever_it_waits_for(case: str) -> None:
    words = {
        "speaking": ["--output", "none", "--events", "-", f"{SENTENCE} " * 20],
        "waiting for text": ["--output", "none", "--events", "-"],
        "reader does not read": ["--output", "-", "--events", "/dev/stderr", f"{SENTENCE} " * 200],
    }[case]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([*SAY, *words], **pipes) as speaker:  # type: ignore[call-overload] # all three are pipes
        if case == "waiting for text":
            speaker.stdin.write(b"Hello. ")
            speaker.stdin.flush()
        told = speaker.stderr if case == "reader does not read" else speaker.stdout
        assert b"sound_started" in told.readline()
        if case == "reader does not read":
            threading.Thread(target=told.read, daemon=True).start()
            time.sleep(0.2)  # the pipe fills
        watchdog = threading.Timer(5, speaker.kill)
        watchdog.start()
        speaker.send_signal(signal.SIGINT)
        assert speaker.wait() == 130
        watchdog.cancel()
        if case != "reader does not read":
            assert speaker.stderr.read() == b""


def test_voice_and_rate_are_chosen_by_option(tmp_path: Path) -> None:
    seconds = {}
    for name, options in {"usual": [], "quick": ["--rate", "350"], "german": ["--voice", "German"]}.items():
        path = tmp_path / f"{name}.wav"
        assert run_say("--output", str(path), *options, SENTENCE).returncode == 0
        seconds[name] = soundfile.info(path).duration
    assert seconds["quick"] < 0.7 * seconds["usual"]
    assert abs(seconds["german"] - seconds["usual"]) > 0.1


@pytest.mark.parametrize(
    ("options", "status", "told"),
    [
        (["--voice", "Germn"], 70, b"German"),
        (["--rate", "fast"], 78, b"speaking.rate"),
        (["--rate", "9"], 78, b"speaking.rate"),
        (["--output", "/no/such/folder/a.wav"], 69, b"cannot be written"),
    ],
)
def test_what_cannot_be_is_one_clear_line(options: list[str], status: int, told: bytes) -> None:
    done = run_say("--output", "none", *options, "Hello.")
    assert done.returncode == status
    assert told in done.stderr
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("text", [b"", b"\n\n", b"...", "🎉".encode(), b"\xff\xfe\x00"])
def test_a_text_with_nothing_to_say_is_silent_and_fine(text: bytes, tmp_path: Path) -> None:
    done = run_say("--output", str(tmp_path / "silence.wav"), text=text)
    assert (done.returncode, done.stderr) == (0, b"")
    assert soundfile.info(tmp_path / "silence.wav").frames == 0


def test_progress_of_a_long_text_is_shown_on_a_terminal_only(tmp_path: Path) -> None:
    import pty  # not on Windows

    book = tmp_path / "book.txt"
    book.write_text(f"{SENTENCE} " * 60, encoding="utf-8")
    ours, theirs = pty.openpty()
    try:
        with book.open() as text:
            words = [*SAY, "--output", str(tmp_path / "book.wav")]
            status = subprocess.run(words, stdin=text, stderr=theirs, check=False, timeout=LIMIT).returncode
        shown = os.read(ours, 100_000).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert status == 0
    assert "100 %" in shown
    assert "left" in shown
    assert shown.endswith("\r")  # and the line is free again
    assert shown.replace("\r", "").isprintable()
    assert run_say("--output", "none", "--set", "speaking.rate=450", "Short.").stderr == b""


def test_progress_tells_time_and_share() -> None:
    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Screen()
    progress = ReadingProgress(screen)
    progress.show(10, 100, 500)
    assert screen.getvalue() == ""  # not long
    progress.show(60, 1_000, 4_000)
    progress.show(60, 1_000, 4_000)
    progress.show(3_725, 50_000, 0)
    progress.clear()
    lines = screen.getvalue().split("\r")
    assert [line.rstrip() for line in lines] == ["", " 25 %  1:00, about 3:00 left", "1:02:05", "", ""]
