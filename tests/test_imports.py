"""Imports point one way: cli and commands → assistant, backends, displays → pure packages → vocabulary, errors."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "voicestream"
MODULES = sorted(PACKAGE.rglob("*.py"))
PURE = {"hearing", "thinking", "speaking", "turns"}
FOUNDATION = {"vocabulary", "errors"}
HEAVY = ["sounddevice", "faster_whisper", "httpx", "httpx_sse", "pyttsx3", "pocketsphinx", "soundfile", "onnxruntime"]


def imports_of(path: Path) -> set[str]:
    """Return what of voicestream a file imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return {name.removeprefix("voicestream.") for name in found if name.startswith("voicestream.")}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_imports_only_what_lies_below_it(path: Path) -> None:
    area = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    wanted = {name.split(".")[0] for name in imports_of(path)} - {"__version__"}
    above = {
        "vocabulary": set(),
        "errors": {"vocabulary"},
        "stages": set(),
        "discreet": set(),
        "events": {"discreet"},
        "config": set(),
        "config_file": {"config", "errors"},
        "parts": {"vocabulary"},
        "backends": FOUNDATION | PURE | {"backends", "config", "parts", "stages"},
        "__init__": set(),
        "displays": {"events", "vocabulary", "config", "config_file", "displays", "speaking"},
    } | {name: FOUNDATION | {"config", "parts", "stages", name} for name in PURE}
    if area in above:
        assert wanted <= above[area] | {area}, f"{path.name} reaches upwards or sideways"


@pytest.mark.parametrize("path", sorted((PACKAGE / "backends").glob("*.py")), ids=lambda path: path.name)
def test_backends_do_not_know_each_other(path: Path) -> None:
    own = path.stem.split("_")[0]
    others = {name for name in imports_of(path) if name.startswith("backends.")}
    assert {name for name in others if not name.split(".")[1].startswith(own)} == set()


def test_the_assistant_loads_without_any_heavy_library() -> None:
    script = (
        "import sys\n"
        f"for name in {HEAVY!r}: sys.modules[name] = None\n"  # as if it were not installed
        "import voicestream.assistant\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=PACKAGE.parent)


def test_help_loads_no_heavy_library() -> None:
    script = (
        "import sys\nfrom voicestream.cli import main\n"
        "try: main(['talk', '--help'])\nexcept SystemExit: pass\n"
        f"heavy = [name for name in {[*HEAVY, 'numpy', 'yaml', 'msgspec']!r} if name in sys.modules]\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=PACKAGE.parent, capture_output=True)
