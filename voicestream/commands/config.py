"""Write, check or show the settings."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from voicestream.commands.options import add_settings, config_path
from voicestream.errors import UsageError

EXAMPLES = """
voicestream config init           writes config.yaml into your folder for settings
voicestream config check my.yaml
voicestream config show           every value, and where it came from
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `voicestream config`."""
    parser.add_argument("action", choices=["init", "check", "show"], help="write a commented file, check one, show all")
    parser.add_argument("file", nargs="?", type=Path, help="default: your config.yaml; init - prints it")
    add_settings(parser)


def run(arguments: Namespace) -> int:
    """Write, check or show the settings."""
    from voicestream.config import Config, as_yaml, load_config, sources

    if arguments.action == "init":
        return _write(arguments.file, as_yaml(Config()))
    path = arguments.file or config_path(arguments)
    config = load_config(path, arguments.set)
    if arguments.action == "check":
        print(f"{path or 'no file, only defaults'}: ok")
        return 0
    for key, value, source in sources(config, path, arguments.set):
        print(f"{key} = {value}  ({source})")
    return 0


def _write(path: Path | None, text: str) -> int:
    if path == Path("-"):
        sys.stdout.write(text)
        return 0
    if path is None:
        from platformdirs import user_config_path

        path = user_config_path("voicestream") / "config.yaml"
    if path.exists():
        raise UsageError(f"{path} exists already; move it away, or name another file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error
    print(f"wrote {path}")
    return 0
