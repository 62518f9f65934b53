"""Write, check or show the settings."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from voicestream.commands.options import add_settings, config_path
from voicestream.errors import UsageError

if TYPE_CHECKING:
    from voicestream.config import Config

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
    from voicestream.config_file import as_yaml, load_config

    if arguments.action == "init":
        return _write(arguments.file, as_yaml())
    path = arguments.file or config_path(arguments)
    config = load_config(path, arguments.set, os.environ)
    if arguments.action == "check":
        print(f"{path or 'no file, only defaults'}: ok")
    else:
        _show(path, arguments.set, config)
    return 0


def _show(path: Path | None, overrides: list[str], config: Config) -> None:
    """Print each key with its value and where that comes from; no key or password is shown."""
    from voicestream.config_file import sources
    from voicestream.discreet import hide_keys
    from voicestream.displays.lines import printable

    print(f"# settings of {path}" if path else "# no file of settings: `voicestream config init` writes one")
    for key, value, place in sources(path, overrides, os.environ):
        print(f"{key} = {printable(hide_keys(value))}  # {place.removesuffix(f' of {path}')}")
    for name in _variables(config):
        if os.environ.get(name):
            print(f"{name} is set  # environment")


def _variables(config: Config) -> list[str]:
    """Return the environment variables that matter beside those that stand for a key of the settings."""
    from voicestream.backends.model_download import ENDPOINT_VARIABLE
    from voicestream.backends.model_files import FOLDER_VARIABLE
    from voicestream.model_choice import CLOUD

    named = [config.thinking.key_variable, config.thinking.fallback_key_variable, config.speaking.key_variable]
    keys = [*named, config.remote_hearing.key_variable, *(name for owner in CLOUD for name in owner.key_variables)]
    return list(dict.fromkeys([FOLDER_VARIABLE, ENDPOINT_VARIABLE, *filter(None, keys)]))


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
