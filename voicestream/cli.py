"""The command line: finds the command's file in commands/, gives it its arguments, turns errors into exit statuses.

Nothing heavy is imported here or by the commands' arguments, so that --help answers at once."""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
from collections.abc import Sequence

from voicestream import __version__
from voicestream.errors import VoicestreamError

COMMANDS = {
    "talk": "have a conversation (the default)",
    "demo": "hear a whole turn without microphone, key, network or download",
    "ask": "ask one typed question, and hear the answer",
    "say": "speak text as it streams in on standard input",
    "listen": "write down what is said, live",
    "devices": "list the sound devices and the rates that really open",
    "voices": "list the voices, or let one speak",
    "models": "list, fetch or remove models of speech",
    "doctor": "look at what a conversation needs here, and how to mend it",
    "control": "steer the conversation that runs: mute, stop, say, volume, events",
    "service": "keep it running in the background, as a systemd user service",
    "config": "write, check or show the settings",
    "timeline": "draw a conversation as a picture, from its events",
    "bench": "measure this machine: hearing, model, sentences, voice, conversation",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that `arguments` name and return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # an old locale lacks some signs, and must not end a conversation
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] in (["-h"], ["--help"], ["help"]):
        sys.stdout.write(_overview())
        return 0
    if words[:1] == ["--version"]:
        sys.stdout.write(f"voicestream {__version__}\n")
        return 0
    name = words.pop(0) if words and not words[0].startswith("-") else "talk"
    if name not in COMMANDS:
        sys.stderr.write(f"voicestream: there is no command {name!r}; `voicestream --help` lists them\n")
        return 64
    command = importlib.import_module(f"voicestream.commands.{name}")
    # httpx would load its own command line with rich and click, where they are installed: 6 MB that nobody uses.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type] # None is how an import is refused
    parser = _Parser(prog=f"voicestream {name}", description=command.__doc__)
    command.add_arguments(parser)
    try:
        return int(command.run(parser.parse_args(words)))
    except VoicestreamError as error:
        sys.stderr.write(f"voicestream: {error}\n")
        return error.exit_status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output is gone: nothing to say, and nobody to say it to
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


class _Parser(argparse.ArgumentParser):
    """Ends with status 64, as sysexits.h has it, instead of 2."""

    def error(self, message: str) -> None:  # type: ignore[override] # argparse says NoReturn, and this does not return
        self.exit(64, f"{self.prog}: {message}; `{self.prog} --help` tells more\n")


def _overview() -> str:
    rows = "\n".join(f"  {name:<10} {text}" for name, text in COMMANDS.items())
    return (
        "usage: voicestream [COMMAND] [OPTION …]\n\n"
        "A voice assistant: it speaks while the model still writes, and stops when you speak.\n\n"
        f"{rows}\n\n`voicestream COMMAND --help` tells more of each.\n"
    )
