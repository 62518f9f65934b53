"""Makes the README's pictures: a real `voicestream talk` in a terminal, with somebody to talk to.

    .venv-test/bin/python script/make_pictures.py      (script/test makes .venv-test, and installs tmux and PulseAudio)

A virtual sound card carries synthesized questions to the microphone; the project's tiny recognizer hears them; a server
on loopback streams answers that were written before; everything else is as it is at home.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soxr

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "whole")]

from chat_server import chat_server  # noqa: E402 - the tests' stage is the pictures' stage
from sound_card import RATE, SoundCard, virtual_sound_card  # noqa: E402
from spoken_questions import say  # noqa: E402
from terminal_picture import draw_terminal  # noqa: E402

from voicestream import events as told  # noqa: E402
from voicestream.displays.timeline_picture import timeline_picture  # noqa: E402
from voicestream.events import Event, from_json  # noqa: E402

PICTURES = ROOT / "script" / "pictures"

COLUMNS, ROWS = 80, 20

CONVERSATION = (
    ("what is the capital of france", "Paris. About two million people live there."),
    (
        "how far is the moon",
        "On average it is 384,400 kilometres away. Light needs 1.3 seconds for that, and a car at a hundred "
        "kilometres an hour more than five months. The way is not always the same, since its path is an ellipse: "
        "at its nearest the moon is 356,000 kilometres away, and at its farthest 407,000. It also leaves us, by "
        "nearly four centimetres a year. That was measured with light, too: the travellers of 1969 left a mirror "
        "there, and whoever has a large telescope and a laser can still see it answer.",
    ),
    ("set a timer for ten minutes", "Ten minutes, starting now."),
)
"""What is asked, and what the server answers."""

ROOM = 6_500
"""How loud the empty room is, as pacat counts: 65 dB below full scale. Perfect silence is that of a dead microphone."""

NOISE = ("--raw", "--format=u8", "--channels=1")

SETTINGS = {
    "thinking.provider": "openai",
    "thinking.model": "a-model-of-yours",
    "hearing.recognizer": "whisper",
    "hearing.model": "tiny-synthetic",
    "hearing.language": "en",
    "control.socket": "none",
}


class Stage:
    """The program on its terminal, and the person before it."""

    def __init__(self, folder: Path, card: SoundCard) -> None:
        self.events = folder / "events.jsonl"
        self._tmux = ["tmux", "-S", str(folder / "tmux"), "-f", "/dev/null"]
        self._card = card

    def start(self, base_url: str) -> None:
        """Start `voicestream talk`."""
        words = [sys.executable, "-m", "voicestream", "talk", "--input", "vs_mic", "--output", "vs_speaker"]
        for key, value in {**SETTINGS, "thinking.base_url": base_url}.items():
            words += ["--set", f"{key}={value}"]
        variables = {**self._card.environment, "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "TERM": "screen-256color"}
        environment = ["env", *(f"{name}={value}" for name, value in variables.items())]
        words = [*environment, *words, "--events", str(self.events)]
        self.tmux("new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS), *words)

    def tmux(self, *words: str) -> str:
        """Run a command of tmux; return what it prints."""
        return subprocess.run([*self._tmux, *words], capture_output=True, text=True, check=True).stdout

    def end(self) -> None:
        """End the terminal, and what still runs in it."""
        subprocess.run([*self._tmux, "kill-server"], capture_output=True, check=False)

    def speak(self, text: str) -> subprocess.Popen[bytes]:
        """Begin to say something into the microphone."""
        return self._card.speak(np.asarray(soxr.resample(say(text), 16_000, RATE), np.float32))

    def make_noise(self) -> subprocess.Popen[bytes]:
        """Let the room sound as rooms do."""
        with Path("/dev/urandom").open("rb") as noise:
            return subprocess.Popen(
                ["pacat", "--playback", "--device=mic_feed", f"--volume={ROOM}", *NOISE],
                env={**os.environ, **self._card.environment},
                stdin=noise,
            )

    def happened(self) -> list[Event]:
        """Return the events until now."""
        lines = self.events.read_text(encoding="utf-8").splitlines() if self.events.exists() else []
        return [event for line in lines if line.endswith("}") and (event := from_json(line))]

    async def until(self, kind: type[Event], **wanted: object) -> None:
        """Return when an event of that kind with these fields has happened."""
        async with asyncio.timeout(40):
            while not any(isinstance(event, kind) and _has(event, wanted) for event in self.happened()):  # noqa: ASYNC110
                await asyncio.sleep(0.03)  # a file tells nobody when it grows

    def picture(self, name: str) -> None:
        """Draw what stands on the terminal."""
        lines = self.tmux("capture-pane", "-e", "-p").splitlines()
        (PICTURES / name).write_text(draw_terminal(lines, COLUMNS, "voicestream talk"), encoding="utf-8")


def _has(event: Event, wanted: dict[str, object]) -> bool:
    return all(getattr(event, name) == value for name, value in wanted.items())


async def play(stage: Stage) -> None:
    """Hold the conversation, and draw what is seen of it."""
    (first, answer), (second, long_answer), (third, last_answer) = CONVERSATION
    async with chat_server(answer, tokens_per_second=10) as server:
        stage.start(server.base_url)
        await stage.until(told.Ready)
        await asyncio.to_thread(stage.speak(first).wait)
        await stage.until(told.Answer, turn=1)
        server.answers = [long_answer]
        await asyncio.to_thread(stage.speak(second).wait)
        await stage.until(told.SoundStarted, turn=2, index=1)
        await asyncio.sleep(1.6)  # into the middle of a sentence
        stage.picture("speaking.svg")
        server.answers = [last_answer]
        speaking = stage.speak(third)
        await stage.until(told.Interrupted, turn=2)
        await asyncio.sleep(0.6)
        stage.picture("interrupted.svg")
        await asyncio.to_thread(speaking.wait)
        await stage.until(told.Answer, turn=3)
        stage.tmux("send-keys", "F10")
    heard = [event.text for event in stage.happened() if isinstance(event, told.Turn)]
    if [text.lower().strip("?.") for text in heard] != [first, second, third]:
        raise SystemExit(f"Heard {heard}: the machine was too busy. Try again.")


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, virtual_sound_card() as card:
        stage = Stage(Path(folder), card)
        noise = stage.make_noise()
        try:
            asyncio.run(play(stage))
        finally:
            noise.kill()
            noise.wait()
            stage.end()
        (PICTURES / "timeline.svg").write_text(timeline_picture(stage.happened()), encoding="utf-8")


if __name__ == "__main__":
    main()
