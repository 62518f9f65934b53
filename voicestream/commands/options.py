"""The parser of every command, the options that they share, and what these mean."""

from __future__ import annotations

import argparse
import os
import sys
import textwrap
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO

from voicestream.errors import InputError

if TYPE_CHECKING:
    from voicestream.config import Config


class Parser(argparse.ArgumentParser):
    """Reads the words after one command; its help ends with examples, and its errors end with status 64."""

    def __init__(self, prog: str, description: str | None = None, examples: str = "") -> None:
        super().__init__(
            prog=prog,
            description=" ".join((description or "").split()),
            epilog=f"examples:\n{textwrap.indent(examples.strip(), '  ')}" if examples else None,
            formatter_class=_Help,
        )

    def error(self, message: str) -> NoReturn:
        """End with status 64, as sysexits.h has it, instead of 2."""
        self.exit(64, f"{self.prog}: {message}; `{self.prog} --help` tells more\n")
        raise AssertionError("exit returned")  # argparse does not say that it never does


class _Help(argparse.HelpFormatter):
    """Leaves lines as they are where there are several: examples."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if "\n" in text else super()._fill_text(text, width, indent)


def add_settings(parser: ArgumentParser) -> None:
    """Add --config and --set."""
    parser.add_argument(
        "--config", metavar="FILE", type=Path, help="the settings (default: your config.yaml, else the checkout's)"
    )
    parser.add_argument(
        "--set", metavar="KEY=VALUE", action="append", default=[], help="change one setting, any number of times"
    )


def add_verbose(parser: ArgumentParser) -> None:
    """Add --verbose."""
    parser.add_argument("--verbose", action="store_true", help="also the model's thinking and how long all took")


def add_input(parser: ArgumentParser) -> None:
    """Add --input."""
    parser.add_argument("--input", metavar="WHERE", help="mic, a device's name or number, a WAV or FLAC file, or -")


def add_fast(parser: ArgumentParser) -> None:
    """Add --fast."""
    parser.add_argument("--fast", action="store_true", help="do not read a file at the pace of speech, but at once")


def add_output(parser: ArgumentParser) -> None:
    """Add --output."""
    parser.add_argument("--output", metavar="WHERE", help="speaker, a device's name or number, a WAV file, or none")


def add_events(parser: ArgumentParser) -> None:
    """Add --events."""
    parser.add_argument("--events", metavar="FILE", help="write what happens as JSON lines; - for standard output")


def config_path(arguments: Namespace) -> Path | None:
    """Return the file of settings: the one given, else config.yaml here, else the user's, else none."""
    if arguments.config is not None:
        return Path(arguments.config)
    from platformdirs import user_config_path

    own = Path(__file__).resolve().parents[2] / "config.yaml"
    for path in (user_config_path("voicestream") / "config.yaml", own):
        if path.is_file():
            return path
    return None


def read_config(arguments: Namespace) -> Config:
    """Return the settings of the file, the environment, and --set, --input and --output; raise ConfigError."""
    from voicestream.config_file import load_config

    overrides = list(arguments.set)
    for name in ("input", "output"):
        if getattr(arguments, name, None) is not None:
            overrides.append(f"audio.{name}='{str(getattr(arguments, name)).replace(chr(39), chr(39) * 2)}'")
    return load_config(config_path(arguments), overrides, os.environ)


def open_events(arguments: Namespace) -> TextIO | None:
    """Open where --events goes, or return None; raise InputError."""
    if arguments.events is None:
        return None
    if arguments.events == "-":
        return sys.stdout
    try:
        return open(arguments.events, "w", encoding="utf-8")  # lives as long as the program
    except OSError as error:
        raise InputError(f"{arguments.events}: cannot be written: {error.strerror}") from error
