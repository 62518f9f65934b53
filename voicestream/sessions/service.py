"""The systemd user service that keeps `voicestream talk --headless` running: its unit, put in place or taken away."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from voicestream.errors import UsageError

NAME = "voicestream.service"

UNIT = """\
# Written by `voicestream service install`; it is written anew by the next one.
[Unit]
Description=voicestream, a voice assistant
Documentation=man:systemd.service(5)
# The sound server may start later: voicestream finds the devices when they come.
After=pipewire.service pulseaudio.service
StartLimitIntervalSec=600
StartLimitBurst=20

[Service]
Type=notify
ExecStart={command}
ExecReload=/bin/kill -HUP $MAINPID
# A first start may fetch a model of speech.
TimeoutStartSec=600
TimeoutStopSec=5
WatchdogSec=30
Restart=on-failure
RestartSec=5
# 64 is a wrong command line, 78 wrong settings: another try would end the same way.
RestartPreventExitStatus=64 78
MemoryMax={memory}
# Limits that a user's own systemd can always set; those on folders would need namespaces, which not every kernel gives.
NoNewPrivileges=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
LockPersonality=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
UMask=0077

[Install]
WantedBy=default.target
"""

MEMORY = "2G"
"""Bytes that the service may take before the kernel ends it, and systemd starts it anew."""


def write_unit(arguments: list[str]) -> str:
    """Return the unit that runs `voicestream talk --headless` with these arguments, by this Python."""
    words = [sys.executable, "-m", "voicestream", "talk", "--headless", *arguments]
    return UNIT.format(command=" ".join(map(_quoted, words)), memory=MEMORY)


def unit_path() -> Path:
    """Return where systemd looks for the user's own units."""
    home = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(home) if home else Path.home() / ".config") / "systemd" / "user" / NAME


def install(arguments: list[str]) -> Path:
    """Write the unit and return its file; raise UsageError where it cannot be written."""
    path = unit_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".part")
        partial.write_text(write_unit(arguments), encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error
    return path


def uninstall() -> Path | None:
    """Remove the unit; return its file, or None where there was none."""
    path = unit_path()
    try:
        path.unlink()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"{path}: cannot be removed: {error.strerror}") from error
    return path


def systemctl(*words: str) -> str:
    """Run `systemctl --user`; return what went wrong, or an empty text."""
    if shutil.which("systemctl") is None:
        return "there is no systemctl here"
    run = subprocess.run(["systemctl", "--user", *words], capture_output=True, text=True, check=False)
    return run.stderr.strip() if run.returncode else ""


def _quoted(word: str) -> str:
    """Return a word as ExecStart takes it literally: systemd expands % and $, and reads C escapes in quotes."""
    word = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{word}"' if not word or any(letter in word for letter in " \t\n'\";") else word
