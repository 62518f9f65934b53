"""The terminal display in a real pseudo-terminal: tmux draws it, and its screen is read back."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sound_card import has_sound_devices

ROOT = Path(__file__).resolve().parents[2]

EVENTS = """
from voicestream import events as told
EVENTS = [
    told.Ready(recognizer="Whisper tiny.en", model="a model", voice="a voice", input="mic", output="speaker"),
    told.Level(db=-30.0, speech=0.9),
    told.Turn(turn=1, text="what is the weather"),
    told.DeltaEvent(turn=1, text="It is sunny. \\x1b[2J\\x1b]0;owned\\x07Tomorrow it rains."),
    told.SentenceEvent(turn=1, index=0, text="It is sunny. ", spoken="It is sunny."),
    told.StateChanged(state="speaking"),
    told.Latency(turn=1, first_sound=0.84),
    told.SoundStarted(turn=1, index=0),
    told.TranscriptEvent(text="wait a mo meant", stable="wait a", final=False),
]
"""


class Tmux:
    """One program in a terminal of tmux's own server."""

    def __init__(self, folder: Path) -> None:
        self._socket = str(folder / "tmux")

    def run(self, *words: str) -> str:
        return subprocess.run(
            ["tmux", "-S", self._socket, "-f", "/dev/null", *words], capture_output=True, text=True, check=True
        ).stdout

    def keys(self, *keys: str) -> None:
        self.run("send-keys", *keys)

    def screen(self, *options: str) -> str:
        return self.run("capture-pane", "-p", *options)

    def wait_for(self, is_there: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + 20
        while not is_there():
            assert time.monotonic() < deadline, f"no {what} on:\n{self.screen()}"
            time.sleep(0.05)  # tmux tells no one when a screen changes

    def wait_for_text(self, text: str) -> str:
        self.wait_for(lambda: text in self.screen(), text)
        return self.screen()


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    if shutil.which("tmux") is None:
        pytest.skip("needs tmux (apt install tmux)")
    tmux = Tmux(tmp_path)
    yield tmux
    subprocess.run(["tmux", "-S", str(tmp_path / "tmux"), "kill-server"], capture_output=True, check=False)


def start(tmux: Tmux, folder: Path, width: int = 80, height: int = 24, **environment: str) -> Path:
    """Draw the events; return the file of pressed keys."""
    (folder / "events.py").write_text(EVENTS, encoding="utf-8")
    variables = {"PYTHONPATH": str(ROOT), "TERM": "screen-256color", "LANG": "C.UTF-8", "NO_COLOR": "", **environment}
    command = [sys.executable, str(Path(__file__).parent / "drawn.py"), str(folder / "events.py"), str(folder / "keys")]
    words = ["env", *(f"{name}={value}" for name, value in variables.items()), *command]
    tmux.run("new-session", "-d", "-x", str(width), "-y", str(height), *words, ";", "set", "remain-on-exit", "on")
    tmux.wait_for_text("speaking")
    return folder / "keys"


def pressed(keys: Path) -> list[str]:
    return keys.read_text(encoding="utf-8").splitlines() if keys.exists() else []


def test_the_whole_conversation_stands_on_80_by_24(tmux: Tmux, tmp_path: Path) -> None:
    start(tmux, tmp_path)
    lines = [line.rstrip() for line in tmux.wait_for_text("F10 quit").splitlines()]
    assert lines[0].startswith("● speaking   mic ━━━━━───── voice   ")
    assert lines[0].endswith("   answered in 0.84 s")
    assert lines[1] == "Whisper tiny.en · a model · a voice"
    assert [line for line in lines[2:21] if line] == [
        "› what is the weather",
        "▸ It is sunny. [2J]0;ownedTomorrow it rains.",
        "… wait a mo meant",
    ]
    assert (lines[22], lines[23]) == (">", "F2 talk  F3 mute  F4 stop  F5 repeat  F10 quit")


def test_the_spoken_sentence_and_the_settled_words_are_bold(tmux: Tmux, tmp_path: Path) -> None:
    start(tmux, tmp_path)
    drawn = tmux.screen("-e").splitlines()
    answer = next(line for line in drawn if "is" in line and "▸" in line)
    assert "\x1b[1m" in answer[: answer.index("It is")]
    live = next(line for line in drawn if "wait a" in line)
    settled, moving = live.index("wait a"), live.index("mo meant")
    assert "\x1b[1m" in live[:settled]
    assert "\x1b[3m" in live[settled:moving] or "\x1b[0;3m" in live[settled:moving]


def test_without_colour_no_colour_is_sent_and_all_is_still_told_apart(tmux: Tmux, tmp_path: Path) -> None:
    start(tmux, tmp_path, NO_COLOR="1")
    drawn = tmux.screen("-e")
    assert "\x1b[3" not in drawn.replace("\x1b[39m", "").replace("\x1b[3m", "")
    assert "… wait a [mo meant]" in tmux.screen()


@pytest.mark.parametrize(("width", "height"), [(40, 12), (24, 9), (20, 5)])
def test_a_small_terminal_shows_what_matters(tmux: Tmux, tmp_path: Path, width: int, height: int) -> None:
    start(tmux, tmp_path, width, height)
    lines = [line.rstrip() for line in tmux.wait_for_text(">").splitlines()]
    assert lines[0].startswith("● speaking")
    assert "… wait a mo meant" in lines
    assert ">" in lines


def test_it_is_drawn_again_when_the_terminal_is_resized(tmux: Tmux, tmp_path: Path) -> None:
    start(tmux, tmp_path)
    tmux.wait_for_text("F10 quit")
    tmux.run("resize-window", "-x", "30", "-y", "16")
    tmux.wait_for(lambda: [line.rstrip() for line in tmux.screen().splitlines()][14:15] == [">"], "line 14 to type on")
    lines = tmux.wait_for_text("› what is the weather").splitlines()
    assert any(line.startswith("▸ It is sunny.") for line in lines)


def test_keys_and_typed_lines_reach_the_conversation(tmux: Tmux, tmp_path: Path) -> None:
    keys = start(tmux, tmp_path)
    tmux.keys("how far is the moon", "Enter", "F2", "F3", "F4", "F5", "C-t", "C-o", "C-r", "Escape")
    wanted = ["line how far is the moon", "talk", "mute", "stop", "repeat", "talk", "mute", "repeat", "stop"]
    tmux.wait_for(lambda: pressed(keys) == wanted, f"keys {wanted}")
    assert tmux.screen().splitlines()[22].rstrip() == ">", "the line is not emptied"


@pytest.mark.parametrize("key", ["F10", "C-q", "C-c", "C-d"])
def test_quitting_gives_the_terminal_back(tmux: Tmux, tmp_path: Path, key: str) -> None:
    keys = start(tmux, tmp_path)
    tmux.wait_for_text("F10 quit")
    tmux.keys(key)
    tmux.wait_for(lambda: pressed(keys) == ["quit"], "end")
    tmux.wait_for(lambda: "speaking" not in tmux.screen(), "free screen")


def test_a_typed_command_quits_where_a_terminal_has_no_such_keys(tmux: Tmux, tmp_path: Path) -> None:
    keys = start(tmux, tmp_path)
    tmux.wait_for_text("F10 quit")
    tmux.keys("/quit", "Enter")
    tmux.wait_for(lambda: pressed(keys) == ["line /quit", "quit"], "end")


def silent_home(folder: Path) -> list[str]:
    """Return the words before a command that give it a home of its own, and no sound device."""
    if has_sound_devices():
        pytest.skip("needs a machine without sound devices")
    variables = {
        "PYTHONPATH": ROOT,
        "PATH": os.environ["PATH"],
        "HOME": folder,
        "TERM": "screen-256color",
        "LANG": "C.UTF-8",
        "PULSE_SERVER": f"unix:{folder}/none",
    }
    return ["env", "-i", *(f"{name}={value}" for name, value in variables.items())]


def test_talk_draws_on_a_terminal_and_answers_what_is_typed(tmux: Tmux, tmp_path: Path) -> None:
    settings = ["thinking.provider=offline", "hearing.recognizer=sphinx", "audio.output=none"]
    words = [sys.executable, "-m", "voicestream", "talk", *(word for each in settings for word in ("--set", each))]
    shell = f'{shlex.join([*silent_home(tmp_path), *words])}; echo "ended with $?"; sleep 60'
    tmux.run("new-session", "-d", "-x", "80", "-y", "24", shell)
    tmux.wait_for_text("voicestream is getting ready")
    tmux.wait_for_text("Type what")
    tmux.wait_for_text("F10 quit")
    tmux.keys("what can you do", "Enter")
    tmux.wait_for_text("▸ I can tell the time")
    tmux.keys("F4")
    tmux.wait_for_text("· interrupted")
    tmux.keys("F10")
    tmux.wait_for_text("ended with 0")


def test_plain_talk_writes_whole_lines_only_and_takes_typed_commands(tmux: Tmux, tmp_path: Path) -> None:
    settings = ["thinking.provider=offline", "hearing.recognizer=sphinx", "audio.output=none"]
    words = [sys.executable, "-m", "voicestream", "talk", "--plain"]
    words += [word for each in settings for word in ("--set", each)]
    shell = f'{shlex.join([*silent_home(tmp_path), *words])}; echo "ended"; sleep 60'
    tmux.run("new-session", "-d", "-x", "80", "-y", "24", shell, ";", "pipe-pane", f"cat > {tmp_path}/sent")
    tmux.wait_for_text("Type what")
    tmux.keys("what is two plus three", "Enter")
    tmux.wait_for_text("voicestream: 5.")
    tmux.keys("/quit", "Enter")
    tmux.wait_for_text("ended")
    sent = (tmp_path / "sent").read_bytes().replace(b"\r\n", b"\n")
    assert b"voicestream: 5." in sent
    assert not set(b"\x1b\r") & set(sent)
