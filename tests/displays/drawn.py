"""Draws events on a real terminal and writes down what the keys did: run inside tmux by the tests.

    python drawn.py EVENTS.py KEYS.txt

EVENTS.py holds a list EVENTS; every call of the controls becomes a line of KEYS.txt.
"""

from __future__ import annotations

import asyncio
import runpy
import sys
from pathlib import Path

from voicestream.displays.terminal import Terminal


class WrittenControls:
    """Writes down what the keys ask for."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def _write(self, line: str) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def take_line(self, line: str) -> bool:
        self._write(f"line {line}")
        return line != "/quit"

    def talk(self) -> None:
        self._write("talk")

    def toggle_mute(self) -> None:
        self._write("mute")

    def stop(self) -> None:
        self._write("stop")

    def repeat(self) -> None:
        self._write("repeat")

    def quit(self) -> None:
        self._write("quit")

    def spoken(self) -> str:
        return "It is"


def draw(events: Path, keys: Path) -> None:
    terminal = Terminal()
    controls = WrittenControls(keys)
    for event in runpy.run_path(str(events))["EVENTS"]:
        terminal(event)
    asyncio.run(terminal.run(controls, "speaking"))
    controls.quit()


if __name__ == "__main__":
    draw(Path(sys.argv[1]), Path(sys.argv[2]))
