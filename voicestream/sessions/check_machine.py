"""Looks at the machine itself: Python, disk, clock, and whether a service would outlive its user's login."""

from __future__ import annotations

import asyncio
import ctypes
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

from voicestream.config import Config
from voicestream.sessions.findings import Finding

SPARE_MB = 200
"""Million bytes that should be left beside a model of speech: caches, recordings, the conversation."""

FIRST_YEAR = 2026
"""A clock that tells an earlier year was never set: certificates fail, and timers ring at the wrong time."""

UNSYNCHRONISED = 5
"""What adjtimex(2) answers where nothing sets the clock: TIME_ERROR of linux/timex.h."""

TIMEX_BYTES = 512
"""Room for its `struct timex`, which has 208 bytes on 64-bit Linux."""


async def check_python() -> Finding:
    """Tell the interpreter and the machine."""
    message = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    return Finding("python", "ok", f"{message}, {os.cpu_count()} cores")


async def check_disk(config: Config) -> Finding:
    """Look for room for models of speech, the one of the settings first of all."""
    from voicestream.backends.model_files import find_model, list_folders
    from voicestream.backends.model_list import find_entry

    folder = list_folders()[0]
    place = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(place).free
    entry = find_entry(config.hearing.model)
    needed = SPARE_MB + (entry.size_mb if entry and not find_model(config.hearing.model) else 0)
    message, figures = f"{free / 1e9:.1f} GB free for models in {folder}", {"free_bytes": float(free)}
    if free < needed * 1e6:
        fix = f"free {needed - free / 1e6:.0f} MB, or name another folder in VOICESTREAM_MODELS"
        return Finding("disk", "warning", message, fix, figures)
    if not os.access(place, os.W_OK):
        fix = "name a folder of yours in VOICESTREAM_MODELS to fetch models"
        return Finding("disk", "warning", f"{folder} cannot be written", fix, figures)
    return Finding("disk", "ok", message, figures=figures)


async def check_clock() -> Finding:
    """Look whether the wall clock was set, and is kept right."""
    told = time.strftime("%Y-%m-%d %H:%M %Z")
    fix = "set it by the network: `sudo timedatectl set-ntp true`"
    if time.localtime().tm_year < FIRST_YEAR:
        return Finding("clock", "warning", f"{told}: it was never set", fix)
    match _is_synchronised():
        case True:
            return Finding("clock", "ok", f"{told}, kept right by the network")
        case False:
            return Finding("clock", "warning", f"{told}, and nothing keeps it right", fix)
        case _:
            return Finding("clock", "ok", told)


def _is_synchronised() -> bool | None:
    """Return what Linux' kernel knows of whoever sets its clock (ntpd, chrony, systemd), else None."""
    if sys.platform != "linux":
        return None
    state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(TIMEX_BYTES))
    return None if state < 0 else bool(state != UNSYNCHRONISED)


async def check_service() -> Finding:
    """Look whether a service of this user would outlive their login."""
    from voicestream.sessions.service import unit_path

    if sys.platform != "linux" or shutil.which("loginctl") is None:
        return Finding("service", "ok", "no systemd here: `voicestream talk --headless` can be started by anything")
    if await asyncio.to_thread(_is_lingering):
        return Finding("service", "ok", "a service goes on without a login")
    if not unit_path().exists():
        return Finding("service", "ok", "none is installed (`voicestream service install`)")
    fix = "for a machine that nobody logs in to: `loginctl enable-linger`"
    return Finding("service", "warning", "it ends with your last login", fix)


def _is_lingering() -> bool:
    marker = Path("/var/lib/systemd/linger") / (os.environ.get("USER") or str(os.getuid()))
    if marker.exists():
        return True
    words = ["loginctl", "show-user", str(os.getuid()), "--property=Linger", "--value"]
    try:
        run = subprocess.run(words, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return run.stdout.strip() == "yes"
