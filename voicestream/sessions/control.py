"""Steers a running conversation from outside: a Unix socket of the user's own, one JSON object a line each way.

    {"command": "say", "text": "Dinner is ready."}  →  {"ok": true, "state": "listening"}

Commands: status, mute, unmute, listen, talk, stop, repeat, ask TEXT, say TEXT, volume VALUE (0 to 100), and
events, which answers with every event as it happens until the caller leaves.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
import struct
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from voicestream.config import Control
from voicestream.errors import NotRunningError, UsageError
from voicestream.events import Event, Events, Level, Notice, as_json
from voicestream.sessions.controls import Controls

COMMANDS = ("status", "mute", "unmute", "listen", "talk", "stop", "repeat", "ask", "say", "volume", "events")

LONGEST = 65_536
"""Bytes of a line: a text to be said, and no more."""

UNREAD = 1_000_000
"""Bytes that may wait for a caller of `events`; one that does not read is left."""

CALLERS = 16
"""Connections at a time."""


def socket_path(control: Control) -> Path | None:
    """Return where the socket is; None where the settings want none, or this system knows no such sockets."""
    if control.socket == "none" or not hasattr(socket, "AF_UNIX"):
        return None
    if control.socket:
        return Path(control.socket).expanduser()
    from platformdirs import user_runtime_path, user_state_path

    if sys.platform == "linux" and not _has_own_runtime_folder():
        return user_state_path("voicestream") / "control.sock"  # not in /tmp, where others can be first
    return user_runtime_path("voicestream") / "control.sock"


def _has_own_runtime_folder() -> bool:
    """Return whether XDG_RUNTIME_DIR is what it must be; after su, or in a container, it may name somebody else's.

    https://specifications.freedesktop.org/basedir-spec/latest/#variables
    """
    try:
        status = os.stat(os.environ.get("XDG_RUNTIME_DIR", ""))
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and stat.S_IMODE(status.st_mode) == 0o700


@asynccontextmanager
async def controlled(controls: Controls, events: Events, control: Control) -> AsyncGenerator[None, None]:
    """Take commands for the length of the block; where the socket cannot be had, say so and go on without."""
    path = socket_path(control)
    if path is None:
        yield
        return
    calls = Calls(controls, events)
    try:
        server = await asyncio.start_unix_server(calls.serve, sock=_bound(path), limit=LONGEST)
    except OSError as error:
        reason = error.strerror or str(error)
        events.tell(Notice(code="no_control", message=f"No control socket at {path}: {reason}"))
        yield
        return
    mark = path.stat().st_ino
    try:
        yield
    finally:
        server.close()
        calls.end()
        with suppress(OSError):
            if path.stat().st_ino == mark:  # not the socket of a later conversation
                path.unlink()


class Calls:
    """The connections of a socket."""

    def __init__(self, controls: Controls, events: Events) -> None:
        self._controls = controls
        self._events = events
        self._tasks: set[asyncio.Task[None]] = set()
        self._listening: set[asyncio.StreamWriter] = set()
        events.show_on(self._show)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one caller, line by line, until they leave."""
        task = asyncio.current_task()
        if task is None or len(self._tasks) >= CALLERS or not _is_ours(writer):
            writer.close()
            return
        self._tasks.add(task)
        try:
            while line := await reader.readline():
                writer.write(json.dumps(self._answer(line, writer), ensure_ascii=False).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError):  # ValueError: a line that is too long
            pass
        finally:
            self._tasks.discard(task)
            self._listening.discard(writer)
            writer.close()

    def end(self) -> None:
        """Leave every caller."""
        for task in self._tasks:
            task.cancel()

    def _answer(self, line: bytes, writer: asyncio.StreamWriter) -> dict[str, Any]:
        """Do what a line asks for, and return the answer (Any: JSON)."""
        try:
            request = json.loads(line)
        except ValueError:  # also what is no UTF-8
            return {"ok": False, "error": "expected one JSON object a line"}
        if not isinstance(request, dict) or request.get("command") not in COMMANDS:
            return {"ok": False, "error": f"expected a command: {', '.join(COMMANDS)}"}
        if request["command"] == "events":
            self._listening.add(writer)
        elif fault := perform(self._controls, request):
            return {"ok": False, "error": fault}
        return {"ok": True, "state": self._controls.state, "volume": round(100 * self._controls.volume)}

    def _show(self, event: Event) -> None:
        if isinstance(event, Level):
            return
        for writer in tuple(self._listening):
            if writer.transport.get_write_buffer_size() > UNREAD:
                self._listening.discard(writer)
                writer.transport.abort()
            else:
                writer.write(as_json(event).encode() + b"\n")


def perform(controls: Controls, request: dict[str, Any]) -> str:
    """Do what a request asks for; return what is wrong with it, or an empty text (Any: JSON)."""
    match request["command"]:
        case "ask" | "say" as command:
            text = request.get("text")
            if not isinstance(text, str) or not text.strip():
                return f"{command} needs a text"
            (controls.ask if command == "ask" else controls.say)(text.strip())
        case "volume":
            volume = request.get("value")
            if isinstance(volume, bool) or not isinstance(volume, int | float) or not 0 <= volume <= 100:
                return "volume needs a value from 0 to 100"
            controls.set_volume(volume / 100)
        case "mute":
            controls.mute()
        case "unmute":
            controls.unmute()
        case "listen":
            controls.listen()
        case "talk":
            controls.talk()
        case "stop":
            controls.stop()
        case "repeat":
            controls.repeat()
    return ""


async def call(control: Control, request: dict[str, Any], out: TextIO) -> int:
    """Send a request to the running conversation and print its answer, of `events` all; return the exit status."""
    path = socket_path(control)
    if path is None:
        raise UsageError("control.socket is none: there is no socket to call")
    try:
        reader, writer = await asyncio.open_unix_connection(path, limit=UNREAD)
    except OSError as error:
        raise NotRunningError(f"no conversation answers at {path}: start `voicestream talk` first") from error
    try:
        writer.write(json.dumps(request).encode() + b"\n")
        answer = json.loads(await reader.readline() or b'{"ok": false, "error": "the conversation ended"}')
        if not answer["ok"]:
            raise UsageError(answer["error"])
        if request["command"] == "status":
            out.write(json.dumps(answer) + "\n")
        while request["command"] == "events" and (line := await reader.readline()):
            out.write(line.decode())
            out.flush()
    finally:
        writer.close()
    return 0


def _bound(path: Path) -> socket.socket:
    """Return a socket at `path` that only this user can reach; raise OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    bound = socket.socket(socket.AF_UNIX)
    try:
        if path.exists() or path.is_symlink():
            if not stat.S_ISSOCK(path.lstat().st_mode):
                raise FileExistsError(None, "a file that is no socket is there")
            with socket.socket(socket.AF_UNIX) as trial:
                if trial.connect_ex(str(path)) == 0:
                    raise FileExistsError(None, "another conversation has it")
            path.unlink()  # left over from one that was killed
        mask = os.umask(0o177)
        try:
            bound.bind(str(path))
        finally:
            os.umask(mask)
    except OSError:
        bound.close()
        raise
    return bound


def _is_ours(writer: asyncio.StreamWriter) -> bool:
    """Return whether the caller is this user, or root; where the system cannot tell, the file's rights stand alone."""
    if sys.platform != "linux":
        return True
    calling = writer.get_extra_info("socket")
    _, user, _ = struct.unpack("3i", calling.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return user in (os.getuid(), 0)
