"""Keep the assistant running in the background: install, uninstall or show its systemd user service."""

from __future__ import annotations

from argparse import REMAINDER, ArgumentParser, Namespace

from voicestream.commands import talk
from voicestream.commands.options import Parser, read_config

LINGER = "To have it run without a login, as on a headless machine: `loginctl enable-linger`"

EXAMPLES = """
voicestream service install
voicestream service install --set turns.listening=wake_phrase --set "turns.wake_phrase=hey computer"
voicestream service show
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `voicestream service`."""
    parser.add_argument("action", choices=("install", "uninstall", "show"))
    parser.add_argument("arguments", nargs=REMAINDER, help="arguments for `voicestream talk`, such as --set KEY=VALUE")


def run(arguments: Namespace) -> int:
    """Write, remove or print the unit, and tell systemd."""
    from voicestream.sessions.service import NAME, install, systemctl, uninstall, write_unit

    words = [word for word in arguments.arguments if word != "--"]
    _check(words, arguments.action)
    match arguments.action:
        case "show":
            print(write_unit(words), end="")
        case "install":
            print(f"written: {install(words)}")
            fault = systemctl("daemon-reload") or systemctl("enable", "--now", NAME)
            if fault:
                print(f"systemd did not take it: {fault}")
                print(f"When it runs: `systemctl --user enable --now {NAME}`")
            else:
                print(f"It runs; its events: `journalctl --user -u {NAME} -f`")
            print(LINGER)
        case "uninstall":
            systemctl("disable", "--now", NAME)
            path = uninstall()
            systemctl("daemon-reload")
            print(f"removed: {path}" if path else "it was not installed")
    return 0


def _check(words: list[str], action: str) -> None:
    """End as `voicestream talk` would with these words, while somebody is there to read why; --help tells of them."""
    parser = Parser(f"voicestream service {action}", __doc__, EXAMPLES)
    talk.add_arguments(parser)
    parsed = parser.parse_args(words)
    if action == "install":
        read_config(parsed)
