"""The demo: a question spoken by one voice goes through the whole pipeline at the pace of speech, another answers."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec
import numpy as np

from voicestream import events as told
from voicestream.config import Config
from voicestream.displays.timeline_picture import timeline_picture
from voicestream.displays.timeline_text import timeline_of
from voicestream.events import Events
from voicestream.hearing.frames import cut_frames, pace_frames
from voicestream.parts import Speaker
from voicestream.sessions.conversation import open_assistant
from voicestream.stages import ended
from voicestream.vocabulary import SAMPLE_RATE, Frame, Samples, Sentence, Sound
from voicestream.voice_choice import open_voice

BEFORE = 0.6
"""Seconds of silence before the question."""

LOOK = 0.1
"""Seconds between two looks at what the loudspeaker played."""

BEHIND = 0.5
"""Seconds that the recording stays behind the present, so that all of a look has been played."""

DEMO_MODEL = "tiny-synthetic"
"""A recognizer that lies in the checkout and knows synthesized speech only."""


class SpokenQuestion:
    """A microphone before which a question is spoken once; the loudspeaker plays it too, so that people hear it."""

    def __init__(self, samples: Samples, rate: int) -> None:
        self.samples = np.concatenate((np.zeros(round(BEFORE * rate), np.float32), samples))
        self.rate = rate

    @asynccontextmanager
    async def listen(self) -> AsyncGenerator[AsyncIterator[Frame], None]:
        """Hand out the question's frames at the pace of the clock."""
        frames = pace_frames(cut_frames(self._pieces(), self.rate), is_fast=False)
        try:
            yield frames
        finally:
            await frames.aclose()

    async def _pieces(self) -> AsyncGenerator[Samples, None]:
        yield self.samples

    async def play(self, speaker: Speaker) -> None:
        """Let it be heard by people, and stand in the recording."""
        import soxr

        samples = np.asarray(soxr.resample(self.samples, self.rate, speaker.rate), np.float32)
        await speaker.play(Sound(Sentence(-1, "", ""), samples, is_last=True))


async def demonstrate(question: str, config: Config, events: Events, wav: str) -> bool:
    """Play the turn, print its timeline and write its sound to `wav`; return whether it was heard and answered."""
    from voicestream.backends.model_files import find_model

    if find_model(DEMO_MODEL):
        hearing = msgspec.structs.replace(config.hearing, recognizer="whisper", model=DEMO_MODEL, language="en")
        events.emit(told.Notice(code="demo", message="The demo's recognizer knows synthesized speech only."))
    else:
        hearing = msgspec.structs.replace(config.hearing, recognizer="sphinx")
    config = msgspec.structs.replace(config, hearing=hearing)
    seen: list[told.Event] = []
    events.show_on(seen.append)
    microphone = await speak_question(question, config)
    async with open_assistant(config, events, microphone=microphone) as assistant:
        recording = asyncio.create_task(record(assistant.parts.speaker, Path(wav)), name="record")
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(microphone.play(assistant.parts.speaker))
                group.create_task(assistant.converse())
            await asyncio.sleep(BEHIND)
        finally:
            await ended(recording)
    picture = Path(wav).with_suffix(".svg")
    await asyncio.to_thread(picture.write_text, timeline_picture(seen), encoding="utf-8")
    sys.stdout.write(f"\n{timeline_of(seen)}\n· the sound of it: {wav}\n· the picture of it: {picture}\n")
    return any(isinstance(event, told.Answer) and event.heard for event in seen)


async def speak_question(question: str, config: Config) -> SpokenQuestion:
    """Speak the question with another voice than the answer's."""
    async with AsyncExitStack() as stack:
        voice = await open_voice(config.speaking, stack)
        others = [each.id for each in await voice.voices() if each.language.lower().startswith("en")]
        default = config.speaking.voice
        chosen = next((each for each in others if "US" in each or ("us" in each and each != default)), default)
        speaking = msgspec.structs.replace(config.speaking, voice=chosen, rate=150)
        asking = await open_voice(speaking, stack)
        pieces = [pcm async for pcm in asking.synthesize(question)]
    return SpokenQuestion(np.concatenate([pcm.samples for pcm in pieces]), pieces[0].rate)


async def record(speaker: Speaker, path: Path) -> None:
    """Write what the loudspeaker plays to a WAV file, silence included, until cancelled."""
    from voicestream.backends.audio_wav import WavFile

    loop = asyncio.get_running_loop()
    with path.open("wb", buffering=0) as file:
        wav = WavFile(file, SAMPLE_RATE)
        time = loop.time()
        while True:
            await asyncio.sleep(LOOK)
            count = round((loop.time() - BEHIND - time) * SAMPLE_RATE)
            if count > 0:
                wav.write(speaker.reference(time, count))
                time += count / SAMPLE_RATE
