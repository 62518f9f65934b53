"""A checklist is a line for each finding in a pipe, and fits any terminal."""

from __future__ import annotations

import io
import os

import pytest

from voicestream.displays.checklist import Checklist
from voicestream.displays.wrapping import cells


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def drawn(columns: int, monkeypatch: pytest.MonkeyPatch, *, is_coloured: bool = False) -> str:
    monkeypatch.setenv("COLUMNS", str(columns))
    out = Terminal()
    checklist = Checklist(out, is_coloured=is_coloured)
    checklist.done(
        "warning", "recognizer", "Whisper base.en is not here " * 4, "`voicestream models fetch base.en`, " * 3
    )
    checklist.end("ok", "`voicestream talk` would work, and it would work well.")
    return out.getvalue().replace("\r\x1b[K", "")


@pytest.mark.parametrize("columns", [30, 45, 60, 80, 200])
def test_no_line_is_wider_than_the_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert max(cells(line) for line in drawn(columns, monkeypatch).splitlines()) <= columns


def test_a_command_is_not_torn(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn(60, monkeypatch).count("`voicestream models fetch base.en`") == 3


def test_colour_is_only_where_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[33m" in drawn(80, monkeypatch, is_coloured=True)
    assert "\x1b" not in drawn(80, monkeypatch)


def test_a_pipe_gets_a_line_for_each_finding_and_one_for_its_fix() -> None:
    out = io.StringIO()
    checklist = Checklist(out, is_coloured=True)
    checklist.doing("asking")
    checklist.done("problem", "model", "cannot be reached " * 20, "start it " * 20)
    assert out.getvalue().count(os.linesep) == 2
    assert "\x1b" not in out.getvalue()


def test_what_a_device_is_called_cannot_steer_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    out = Terminal()
    Checklist(out, is_coloured=False).done("ok", "microphone", "evil\x1b]0;title\x07 name")
    assert "\x1b]" not in out.getvalue()
