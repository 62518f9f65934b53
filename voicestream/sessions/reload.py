"""Takes changed settings into a running conversation, as far as that needs nothing to be opened anew."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec

from voicestream.assistant import Assistant
from voicestream.config import Config
from voicestream.errors import ConfigError
from voicestream.events import ErrorEvent, Notice
from voicestream.sessions.record import writable
from voicestream.voice_choice import make_style

if TYPE_CHECKING:
    from voicestream.tape.recorder import Recorder

LIVE = ("turns.", "hooks.", "sentences.", "speaking.pause", "speaking.rate", "memory.summarize")
"""Begins of the keys that count at once."""

NOT_LIVE = ("turns.listening", "turns.wake_phrase")
"""What of them needs another microphone's ear all the same."""


@asynccontextmanager
async def reloaded_on_hangup(
    assistant: Assistant, read: Callable[[], Config], tape: Recorder | None = None
) -> AsyncGenerator[None, None]:
    """Read the settings again whenever SIGHUP comes, for the length of the block."""
    if not hasattr(signal, "SIGHUP"):  # Windows
        yield
        return
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, lambda: reload(assistant, read, tape))
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


def reload(assistant: Assistant, read: Callable[[], Config], tape: Recorder | None = None) -> None:
    """Take what the settings say now; tell what of it counts only after a restart; wrong settings change nothing."""
    try:
        wanted = read()
    except ConfigError as error:
        assistant.events.tell(ErrorEvent(stage=error.stage, code=error.code, message=f"{error}; nothing is changed"))
        return
    if tape is None:
        take_settings(assistant, wanted)
    else:
        tape.arrive("settings", writable(wanted), lambda: take_settings(assistant, wanted))


def take_settings(assistant: Assistant, wanted: Config) -> None:
    """Let settings count, as far as they can; tell what of them counts only after a restart."""
    before = assistant.config
    changed = [key for key in _keys(wanted) if _value(wanted, key) != _value(before, key)]
    later = [key for key in changed if not _is_live(key)]
    assistant.config = config = _with_live_keys(before, wanted)
    assistant.turn_taking.change_rules(config.turns)
    style = make_style(config, assistant.speaking_style.detect_language, assistant.speaking_style.report)
    assistant.speaking_style = style
    if (delivery := assistant.parts.delivery) and "speaking.rate" in changed:
        delivery.rate = config.speaking.rate
    message = "The settings were read again."
    if later:
        message += f" These count after a restart: {', '.join(later)}."
    assistant.events.emit(Notice(code="reloaded", message=message))


def _is_live(key: str) -> bool:
    return key.startswith(LIVE) and key not in NOT_LIVE


def _with_live_keys(before: Config, wanted: Config) -> Config:
    """Return the settings from before with what counts at once of those that are wanted."""
    sections = {}
    for section in before.__struct_fields__:
        new = getattr(wanted, section)
        live = {key: getattr(new, key) for key in new.__struct_fields__ if _is_live(f"{section}.{key}")}
        sections[section] = msgspec.structs.replace(getattr(before, section), **live)
    return msgspec.structs.replace(before, **sections)


def _keys(config: Config) -> list[str]:
    return [
        f"{section}.{key}" for section in config.__struct_fields__ for key in getattr(config, section).__struct_fields__
    ]


def _value(config: Config, key: str) -> object:
    section, _, name = key.partition(".")
    return getattr(getattr(config, section), name)
