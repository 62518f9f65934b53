"""`voicestream talk --record DIR`: keeps a session as files, from which `voicestream replay` runs it again.

    events.jsonl      what happened                    tape.jsonl        all that came from outside, with its moments
    microphone.flac   what was heard                   voice-RATE.flac   what the voice made
    speaker.flac      what was played, for people      reference.flac    what the echo canceller was told of it

The folder is its owner's alone. A program that is killed leaves files that can be read up to then; a disk that is full
costs the recording, and not the conversation.
"""

from __future__ import annotations

import asyncio
import dataclasses
import platform
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from voicestream import __version__
from voicestream.assistant import Assistant
from voicestream.config import Config, Control, Hooks
from voicestream.errors import InputError, UsageError
from voicestream.events import Event, Events, Level, Notice, as_json
from voicestream.parts import Speaker
from voicestream.stages import ended
from voicestream.stepped_time import SteppedLoop
from voicestream.vocabulary import SAMPLE_RATE

if TYPE_CHECKING:
    from voicestream.tape.recorder import Recorder

EVENTS = "events.jsonl"

EVERY = 0.2
"""Seconds between two looks at what was played: far less than a loudspeaker remembers."""

BEHIND = 0.5
"""Seconds that the recording stays behind the present, so that all of a look has been played."""


@asynccontextmanager
async def recording(folder: Path | None, config: Config, events: Events) -> AsyncGenerator[Recorder | None, None]:
    """Record every event from now on, and give the tape for all else; without a folder nothing happens.

    Raises InputError where the folder cannot be written to, UsageError on a system without a stepped loop.
    """
    if folder is None:
        yield None
        return
    from voicestream.tape.recorder import TAPE, Recorder

    loop = asyncio.get_running_loop()
    if not isinstance(loop, SteppedLoop):
        raise UsageError("--record is not possible on this system")
    try:
        lines, tape = _open_files(folder, TAPE)
    except OSError as error:
        raise InputError(f"{folder}: cannot be recorded to: {error.strerror}") from error
    with lines, tape:

        def tell(message: str) -> None:
            loop.call_soon(events.tell, Notice(code="recording", message=message))  # the displays may not be there yet

        recorder = Recorder(folder, tape, tell)
        versions = {"voicestream": __version__, "python": platform.python_version(), "system": platform.platform()}
        recorder.note("versions", versions)
        recorder.note("settings", writable(config))
        events.show_on(lambda event: _write_event(event, lines, recorder))
        events.teller = lambda event: recorder.arrive("event", as_json(event), lambda: events.emit(event))
        try:
            yield recorder
        finally:
            events.teller = events.emit
            await recorder.close()


def _open_files(folder: Path, tape: str) -> tuple[BinaryIO, BinaryIO]:
    """Make the folder, and open the events and the tape; unbuffered. An earlier recording is left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / EVENTS).exists():
        raise InputError(f"{folder}: holds a recording already; give another folder, or remove this one")
    folder.chmod(0o700)
    return (folder / EVENTS).open("wb", buffering=0), (folder / tape).open("wb", buffering=0)


def writable(config: Config) -> dict[str, Any]:
    """Return the settings without what may hold a secret, and is not needed again: hooks and the tools' servers."""
    tools = msgspec.structs.replace(config.tools, mcp=Config().tools.mcp)
    written = msgspec.structs.replace(config, hooks=Hooks(), control=Control(), tools=tools)
    settings: dict[str, Any] = msgspec.to_builtins(written)
    return settings


@asynccontextmanager
async def on_tape(assistant: Assistant, recorder: Recorder | None) -> AsyncGenerator[None, None]:
    """Put the parts of a conversation onto the tape for the length of the block."""
    if recorder is None:
        yield
        return
    from voicestream.tape.taped_parts import TapedMicrophone, TapedRecognizer, TapedVoice
    from voicestream.tape.taped_speaker import RecordedSpeaker

    loop = asyncio.get_running_loop()
    assert isinstance(loop, SteppedLoop)
    parts = assistant.parts
    speaker = RecordedSpeaker(recorder, parts.speaker, loop)
    speaker.on_sound = assistant.notice_sound
    assistant.parts = dataclasses.replace(
        parts,
        microphone=TapedMicrophone(recorder, parts.microphone, lambda: assistant.turn_taking.is_muted),
        recognizer=TapedRecognizer(recorder, parts.recognizer),
        voice=TapedVoice(recorder, parts.voice),
        speaker=speaker,
    )
    recorder.note("is_fast", assistant.is_fast)
    recorder.note("canceller", parts.canceller is not None)
    earlier = [message for message in assistant.history.messages() if message.role != "system"]
    recorder.note("history", [msgspec.to_builtins(message) for message in earlier])
    recorder.note("summary", assistant.history.summary())
    taping = asyncio.create_task(_record_speaker(parts.speaker, recorder), name="record")
    try:
        yield
    finally:
        await ended(taping)


async def hold(assistant: Assistant, recorder: Recorder | None) -> None:
    """Hold the conversation; where it is recorded, its begin and an end from outside are arrivals on the tape."""
    if recorder is None:
        await assistant.converse()
        return
    await recorder.arrival("begin")
    talking = asyncio.create_task(assistant.converse(), name="conversation")
    try:
        await asyncio.wait([talking])
    except asyncio.CancelledError:
        await recorder.arrival("end")
        raise
    finally:
        await ended(talking)
    recorder.came("over", asyncio.get_running_loop().time(), None)
    talking.result()


def _write_event(event: Event, lines: BinaryIO, recorder: Recorder) -> None:
    if isinstance(event, Level) or not recorder.is_writing:
        return
    try:
        lines.write(f"{as_json(event)}\n".encode())
    except OSError as error:
        recorder.give_up(error)


async def _record_speaker(speaker: Speaker, recorder: Recorder) -> None:
    """Write what the loudspeaker plays, silence included, until cancelled, and then up to the present."""
    loop = asyncio.get_running_loop()
    time = loop.time()

    def write(until: float) -> None:
        nonlocal time
        count = round((until - time) * SAMPLE_RATE)
        if count > 0:
            recorder.audio.add("speaker", SAMPLE_RATE, speaker.reference(time, count))
            time += count / SAMPLE_RATE

    try:
        while True:  # the loudspeaker is looked at in steps, as a recorder's tape would
            await asyncio.sleep(EVERY)
            write(loop.time() - BEHIND)
    finally:
        write(loop.time())
