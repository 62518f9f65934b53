"""`voicestream talk --record DIR`: keeps a session as files: events.jsonl, microphone.flac and speaker.flac."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from voicestream.assistant import Assistant
from voicestream.displays.json_lines import write_json_lines
from voicestream.errors import InputError
from voicestream.events import Events
from voicestream.parts import Microphone, Speaker
from voicestream.stages import ended
from voicestream.vocabulary import SAMPLE_RATE, Frame

if TYPE_CHECKING:
    from soundfile import SoundFile

EVERY = 0.2
"""Seconds between two looks at what was played: far less than a loudspeaker remembers."""

BEHIND = 0.5
"""Seconds that the recording stays behind the present, so that all of a look has been played."""


class RecordedMicrophone:
    """A microphone whose frames are written down as they pass."""

    def __init__(self, microphone: Microphone, file: SoundFile) -> None:
        self._microphone = microphone
        self._file = file

    @asynccontextmanager
    async def listen(self) -> AsyncGenerator[AsyncIterator[Frame], None]:
        """Hand out the frames of the microphone."""
        async with self._microphone.listen() as frames:
            yield self._written(frames)

    async def _written(self, frames: AsyncIterator[Frame]) -> AsyncGenerator[Frame, None]:
        async for frame in frames:
            self._file.write(frame.samples)
            yield frame


def record_events(events: Events, folder: Path, stack: ExitStack) -> None:
    """Write every event from now on to events.jsonl in the folder; raise InputError where it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        out = stack.enter_context((folder / "events.jsonl").open("w", encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{folder}: cannot be recorded to: {error.strerror}") from error
    events.show_on(write_json_lines(out))


@asynccontextmanager
async def recorded(assistant: Assistant, folder: Path | None) -> AsyncGenerator[None, None]:
    """Record what the assistant hears and says for the length of the block; without a folder nothing happens."""
    if folder is None:
        yield
        return
    with ExitStack() as stack:
        microphone, speaker = (
            stack.enter_context(_flac(folder / name)) for name in ("microphone.flac", "speaker.flac")
        )
        parts = assistant.parts
        assistant.parts = dataclasses.replace(parts, microphone=RecordedMicrophone(parts.microphone, microphone))
        recording = asyncio.create_task(_record_speaker(parts.speaker, speaker), name="record")
        try:
            yield
        finally:
            await ended(recording)


async def _record_speaker(speaker: Speaker, file: SoundFile) -> None:
    """Write what the loudspeaker plays, silence included, until cancelled."""
    loop = asyncio.get_running_loop()
    time = loop.time()
    while True:  # the loudspeaker is looked at in steps, as a recorder's tape would
        await asyncio.sleep(EVERY)
        count = round((loop.time() - BEHIND - time) * SAMPLE_RATE)
        if count > 0:
            file.write(speaker.reference(time, count))
            time += count / SAMPLE_RATE


def _flac(path: Path) -> SoundFile:
    import soundfile

    return soundfile.SoundFile(path, "w", SAMPLE_RATE, 1, subtype="PCM_16", format="FLAC")
