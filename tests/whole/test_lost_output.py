"""Output that nobody reads any more, or that finds no room, ends a command soon, in one line, and hangs nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicestream import events as told
from voicestream.events import Events

LIMIT = 60.0
OFFLINE = ("--output", "none", "--config", os.devnull, "--set", "thinking.provider=offline")


def start(*words: str, **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-m", "voicestream", *words], stderr=subprocess.PIPE, text=True, **options)


@pytest.mark.parametrize(
    "words",
    [
        ("ask", *OFFLINE, "what can you do"),
        ("ask", *OFFLINE, "--events", "-", "what can you do"),
        ("say", *OFFLINE[:4], "--events", "-", "This is one. This is two. This is three, and it is longer."),
    ],
    ids=["lines", "events", "say"],
)
def test_a_reader_that_goes_away_ends_it(words: tuple[str, ...]) -> None:
    with start(*words, stdout=subprocess.PIPE) as command:
        assert command.stdout is not None
        assert command.stderr is not None
        assert command.stdout.readline()
        command.stdout.close()
        assert command.wait(LIMIT) == 141
        assert command.stderr.read() == ""


@pytest.mark.parametrize("words", [(), ("--plain",)], ids=["screen", "plain"])
def test_who_closes_the_terminal_ends_the_conversation(words: tuple[str, ...], tmp_path: Path) -> None:
    """Else it would go on listening, where nobody sees it any more."""
    termios = pytest.importorskip("termios", reason="needs a pseudo-terminal")
    fcntl = pytest.importorskip("fcntl", reason="needs a pseudo-terminal")
    soundfile.write(tmp_path / "silence.wav", np.zeros(60 * 16_000), 16_000)
    ours, theirs = os.openpty()

    def take_terminal() -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup, which the tests may run under, lets it be ignored

    command = subprocess.Popen(
        [
            *(sys.executable, "-m", "voicestream", "talk", *OFFLINE, "--input", tmp_path / "silence.wav", *words),
            *("--set", "hearing.recognizer=sphinx", "--set", "control.socket=none"),
        ],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm"},
        start_new_session=True,
        preexec_fn=take_terminal,
    )
    os.close(theirs)
    shown = b""
    while b"microphone" not in shown and b"built-in assistant" not in shown:
        shown += os.read(ours, 65_536)
    os.close(ours)
    try:
        assert command.wait(LIMIT / 2) == 0
    finally:
        command.kill()
        command.wait()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("words", [("ask", *OFFLINE, "what time is it"), ("config", "show", "--config", os.devnull)])
def test_a_full_disk_is_told_in_one_line(words: tuple[str, ...]) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full, start(*words, stdout=full) as command:
        assert command.stderr is not None
        assert command.wait(LIMIT) == 74
        assert command.stderr.read().count("\n") == 1


def test_a_display_that_cannot_go_on_costs_the_others_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    def full(event: told.Event) -> None:
        raise OSError(28, "No space left on device")

    seen: list[told.Event] = []
    events = Events()
    events.show_on(full)
    events.show_on(seen.append)
    for _ in range(3):
        events.emit(told.StateChanged(state="hearing"))
    assert len(seen) == 3
    assert capsys.readouterr().err.count("No space left on device") == 1
