"""The conversation on disk, so that it goes on after a restart. One file, for its owner's eyes only.

A save writes a new file beside the old one and renames it over, so that a kill or a power cut leaves either the one or
the other, whole. A damaged file is set aside and never overwritten."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from voicestream.errors import VoicestreamError
from voicestream.vocabulary import Message


class ConversationFileError(VoicestreamError):
    """The conversation cannot be kept or read; it goes on without."""

    stage = "conversation file"


class _Conversation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file's content."""

    messages: tuple[Message, ...]
    summary: str = ""
    version: Literal[1] = 1


class ConversationFile:
    """Keeps one conversation; saves are made in their order, off the event loop."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = asyncio.Lock()

    def load(self) -> tuple[tuple[Message, ...], str]:
        """Return the messages and the summary kept; nothing where there is no file; raise ConversationFileError."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return (), ""
        except OSError as error:
            raise ConversationFileError(f"{self._path}: cannot be read: {error.strerror}") from error
        try:
            conversation = msgspec.json.decode(data, type=_Conversation)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            aside = self._set_aside()
            raise ConversationFileError(
                f"{self._path}: is damaged ({error}); it lies now at {aside}, and a new conversation begins"
            ) from error
        return conversation.messages, conversation.summary

    async def save(self, messages: Sequence[Message], summary: str = "") -> None:
        """Keep `messages` in place of what was kept; raise ConversationFileError."""
        data = msgspec.json.encode(_Conversation(tuple(messages), summary))
        async with self._turn:
            await asyncio.shield(asyncio.to_thread(self._write, data))

    def forget(self) -> None:
        """Delete the file; raise ConversationFileError."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise ConversationFileError(f"{self._path}: cannot be deleted: {error.strerror}") from error

    def _write(self, data: bytes) -> None:
        try:
            target = self._path.resolve()  # a link stays a link
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # mkstemp gives the file to its owner alone, whatever the umask is
            descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(name, target)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(name)
                raise
            _sync_folder(target.parent)
        except OSError as error:
            raise ConversationFileError(f"{self._path}: cannot be written: {error.strerror}") from error

    def _set_aside(self) -> Path:
        for number in range(1, 1000):
            aside = self._path.with_name(f"{self._path.name}.damaged-{number}")
            if not aside.exists():
                with contextlib.suppress(OSError):
                    self._path.rename(aside)
                return aside
        return self._path


def _sync_folder(folder: Path) -> None:
    """Make the rename itself outlast a power cut, where the system can (Windows cannot open a folder)."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
