"""The options that commands share, and what they mean."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from voicestream.errors import InputError

if TYPE_CHECKING:
    from voicestream.config import Config


def add_settings(parser: ArgumentParser) -> None:
    """Add --config, --set and --verbose."""
    parser.add_argument("--config", metavar="FILE", type=Path, help="settings (default: config.yaml of the user)")
    parser.add_argument(
        "--set", metavar="KEY=VALUE", action="append", default=[], help="one setting, speaking.rate=160"
    )
    parser.add_argument("--verbose", action="store_true", help="tell more")


def add_input(parser: ArgumentParser) -> None:
    """Add --input and --fast."""
    parser.add_argument("--input", metavar="WHERE", help="mic, a device's name or number, a WAV or FLAC file, or -")
    parser.add_argument("--fast", action="store_true", help="read a file without waiting for real time")


def add_output(parser: ArgumentParser) -> None:
    """Add --output."""
    parser.add_argument("--output", metavar="WHERE", help="speaker, a device's name or number, a WAV file, or none")


def add_events(parser: ArgumentParser) -> None:
    """Add --events."""
    parser.add_argument("--events", metavar="FILE", help="write the events as JSON lines, - for standard output")


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
    from voicestream.config import load_config

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
