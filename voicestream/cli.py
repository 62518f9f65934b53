"""The command line: finds the command's file in commands/, gives it its arguments, turns errors into exit statuses.

Nothing heavy is imported here or by the commands' arguments, so that --help answers at once."""

from __future__ import annotations

import errno
import importlib
import io
import os
import select
import sys
from collections.abc import Sequence
from types import ModuleType

from voicestream import __version__
from voicestream.commands.options import Parser
from voicestream.errors import LOST_OUTPUT, VoicestreamError

COMMANDS = {
    "talk": "have a conversation (the default)",
    "demo": "hear a whole turn without microphone, key, network or download",
    "ask": "ask one typed question, and hear the answer",
    "say": "speak text as it streams in on standard input",
    "listen": "write down what is said, live",
    "devices": "list the sound devices and the rates that really open",
    "voices": "list the voices, or let one speak",
    "models": "list, fetch or remove models of speech",
    "config": "write, check or show the settings",
    "doctor": "look at what a conversation needs here, and how to mend it",
    "control": "steer the conversation that runs: mute, stop, say, volume, events",
    "service": "keep it running in the background, as a systemd user service",
    "replay": "run a recorded conversation again, exactly, and compare",
    "timeline": "draw a conversation as a picture, from its events",
    "bench": "measure this machine: hearing, model, sentences, voice, conversation",
}

TITLES = {
    "talk": "\ntalk and listen:\n",
    "devices": "\nset up:\n",
    "control": "\nwhile it runs:\n",
    "replay": "\nlook back, and measure:\n",
}
"""What stands above the first command of each kind."""


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
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy's matrices are small here: a second thread only spins
    # httpx would load its own command line with rich and click, where they are installed: 6 MB that nobody uses.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type] # None is how an import is refused
    status = 0
    try:
        status = int(command_of(name).run(parser_of(name).parse_args(words)))
        sys.stdout.flush()
        return status
    except VoicestreamError as error:
        from voicestream.discreet import hide_keys  # late, as all that --help does not need
        from voicestream.displays.lines import printable

        sys.stderr.write(f"voicestream: {printable(hide_keys(str(error)))}\n")  # may hold what a server wrote
        return error.exit_status
    except KeyboardInterrupt:
        return 141 if _is_reader_gone() else 130
    except BrokenPipeError:  # nothing to say, and nobody to say it to
        _write_no_more()
        return 141
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        _write_no_more()
        if status != LOST_OUTPUT:  # else it is told; from Python 3.13 on, what could not be written is tried once more
            sys.stderr.write(f"voicestream: the output cannot be written: {error.strerror}\n")
        return LOST_OUTPUT


def _is_reader_gone() -> bool:
    """Tell whether nobody reads standard output any more, which ends a conversation as Ctrl-C does."""
    try:
        polled = select.poll()  # not on Windows
        polled.register(sys.stdout, 0)
        is_gone = any(flags & select.POLLERR for _, flags in polled.poll(0))
    except (AttributeError, OSError, ValueError):
        return False
    if is_gone:
        _write_no_more()
    return is_gone


def _write_no_more() -> None:
    """Let what is still to be written to standard output go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def command_of(name: str) -> ModuleType:
    """Return the command's file."""
    return importlib.import_module(f"voicestream.commands.{name}")


def parser_of(name: str) -> Parser:
    """Return what reads the words after the command."""
    command = command_of(name)
    parser = Parser(f"voicestream {name}", command.__doc__, command.EXAMPLES)
    command.add_arguments(parser)
    return parser


def _overview() -> str:
    rows = "\n".join(f"{TITLES.get(name, '')}  {name:<10} {text}" for name, text in COMMANDS.items())
    return f"""\
usage: voicestream [COMMAND] [OPTION …]

A voice assistant: it speaks while the model still writes, and stops when you speak.
{rows}

`voicestream COMMAND --help` tells the options of each, with examples.

first steps:
  voicestream demo       needs no microphone, key, network or download
  voicestream doctor     checks microphone, loudspeaker, models and server
  voicestream            speak, or type a line; F10, /quit or Ctrl-C ends

exit status:
  0 done; 64 wrong command line; 65 wrong input file; 69 a device or server is missing; 70 recognizer or voice failed;
  74 the output cannot be written; 78 wrong settings; 130 Ctrl-C
"""
