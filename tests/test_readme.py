"""The README says what the code does."""

from __future__ import annotations

from pathlib import Path

from voicestream.cli import COMMANDS
from voicestream.displays.event_table import event_table

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_it_opens_with_the_two_commands() -> None:
    lines = [line.split("#")[0].strip() for line in README.splitlines() if line.startswith("    ")]
    assert lines[:2] == ["script/run demo", "script/test"]


def test_the_table_of_events_is_made_from_the_code() -> None:
    start = README.index("checked in the tests -->\n") + len("checked in the tests -->\n")
    assert README[start : README.index("<!-- /events -->")] == event_table()


def test_every_command_has_its_file() -> None:
    for name in COMMANDS:
        assert (ROOT / "voicestream" / "commands" / f"{name}.py").is_file(), name


def test_the_file_tree_names_what_is_there() -> None:
    package = ROOT / "voicestream"
    named = {word.rstrip(";,") for line in README.splitlines() if line.startswith("      ") for word in line.split()}
    for path in package.iterdir():
        if path.is_dir() and path.name != "__pycache__":
            assert f"{path.name}/" in named, path.name
        elif path.suffix == ".py" and not path.name.startswith("__"):
            assert path.name in named, path.name
