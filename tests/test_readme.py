"""The README says what the code does."""

from __future__ import annotations

import importlib.util
import re
import shlex
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from voicestream.cli import COMMANDS, command_of, main, parser_of
from voicestream.commands.options import Parser
from voicestream.config_file import load_config, settings
from voicestream.displays.event_table import event_table
from voicestream.displays.settings_table import settings_table

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = textwrap.indent("\n".join(command_of(name).EXAMPLES for name in COMMANDS), "    ")

CALL = re.compile(r"(?:^ {4,}|[|`;&] ?)(?:script/run|voicestream)(?= |$|`)([^|`#;&<>\n]*)", re.MULTILINE)


def calls_of(text: str) -> list[str]:
    """Return the words after each call of voicestream that can be run as it stands."""
    calls = [re.split(r"  +", call.strip())[0] for call in CALL.findall(text.replace("\\|", "|"))]
    return sorted({call for call in calls if not re.search(r"…|COMMAND|/make|\[", call)})


def test_it_opens_with_the_two_commands() -> None:
    lines = [line.split("#")[0].strip() for line in README.splitlines() if line.startswith("    ")]
    assert lines[:2] == ["script/run demo", "script/test"]


@pytest.mark.parametrize(("name", "table"), [("events", event_table), ("settings", settings_table)])
def test_tables_are_made_from_the_code(name: str, table: Callable[[], str]) -> None:
    inside = re.search(rf"<!-- {name}: .*? -->\n(.*?)<!-- /{name} -->", README, re.DOTALL)
    assert inside is not None
    assert inside[1] == table()


@pytest.mark.parametrize("call", sorted({*calls_of(README), *calls_of(EXAMPLES)}))
def test_every_command_that_is_shown_can_be_given(call: str) -> None:
    words = shlex.split(call)
    if words[:1] == ["--version"] or "--help" in words:
        return
    name = words.pop(0) if words and not words[0].startswith("-") else "talk"
    assert name in COMMANDS
    arguments = parser_of(name).parse_args(words)
    load_config(None, getattr(arguments, "set", []))
    if name == "bench" and arguments.rest:
        bench, parser = importlib.import_module(f"voicestream.bench.{arguments.name}"), Parser("bench")
        bench.add_arguments(parser)
        parser.parse_args(arguments.rest)
    if name == "service":
        load_config(None, parser_of("talk").parse_args(arguments.arguments).set)


def test_many_commands_are_shown() -> None:
    assert len(calls_of(README)) > 30
    assert len(calls_of(EXAMPLES)) > 30


def test_every_setting_that_is_named_exists() -> None:
    known = {setting.path for setting in settings()}
    sections = "|".join({setting.section for setting in settings()})
    assert set(re.findall(rf"`((?:{sections})\.[a-z_]+)", README)) - known == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_row_and_a_help_with_examples(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert f"| `voicestream {name}" in README or f"or `voicestream {name}`" in README
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    told = capsys.readouterr().out
    assert ended.value.code == 0
    assert "\nexamples:\n" in told
    assert f"voicestream {name}" in told.partition("examples:")[2]
    assert max(map(len, told.splitlines())) <= 120
    for line, below in zip(told.splitlines(), told.splitlines()[1:], strict=False):
        if re.match(r"  --?\w", line):
            assert "  " in line.strip() or below.startswith("      "), f"not explained: {line}"


def test_the_overview_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    told = capsys.readouterr().out
    for name, text in COMMANDS.items():
        assert f"  {name:<10} {text}" in told


def tree() -> list[str]:
    """Return the files and folders that the file tree names."""
    start = README.index("    voicestream/\n      assistant.py")
    block = README[start : README.index("\n\n", start)]
    return re.findall(r"[\w.]+\.py\b|[\w.]+\.yaml|\b[a-z]+/(?=\s)", block)


def test_the_file_tree_names_what_is_there_and_nothing_else() -> None:
    package = ROOT / "voicestream"
    there = {path.name for path in package.iterdir() if path.suffix == ".py" and not path.name.startswith("__")}
    there |= {f"{path.name}/" for path in package.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert there - set(tree()) == set()
    for name in tree():
        assert (ROOT / name).exists() or any(package.rglob(name.rstrip("/"))), name


def test_every_picture_and_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert "://" in target or (ROOT / target).is_file(), target
    titles = re.findall(r"^#+ (.+)$", README, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    for anchor in re.findall(r"\]\(#([^)]+)\)", README):
        assert anchor in anchors, anchor


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "models/README.md"])
def test_files_that_are_named_exist(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    for name in re.findall(r"[`( ]((?:script|tests|voicestream|models)/[\w./]*\w)", text):
        assert (ROOT / name).exists(), name
    for name in re.findall(r"python -m ([\w.]+)", text):
        assert importlib.util.find_spec(name), name
