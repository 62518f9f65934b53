"""`voicestream listen`: only writes down what is said."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack
from typing import TextIO

from voicestream import events as told
from voicestream.assemble import choose_microphone, open_ears
from voicestream.config import Config
from voicestream.displays.json_lines import write_json_lines
from voicestream.displays.lines import CLEAR_LINE, live_line, printable
from voicestream.events import Event, Events
from voicestream.steps import AudioClock, find_speech, hear, linger
from voicestream.vocabulary import RecognitionFailed, SpeechEnded, SpeechStarted, Transcript


async def listen(config: Config, out: TextIO | None, *, is_fast: bool) -> None:
    """Publish what is said until the input ends."""
    events = Events()
    if out:
        events.show_on(write_json_lines(out))
    if out is not sys.stdout:
        events.show_on(Transcripts())
    async with AsyncExitStack() as stack:
        ears = await open_ears(config, events, stack)
        microphone = choose_microphone(config.audio.input, events, is_fast=is_fast)
        events.emit(told.Ready(recognizer=ears.recognizer_name, input=config.audio.input))
        async with (
            microphone.listen() as recorded,
            linger(recorded, lambda _: True) as frames,
            find_speech(frames, ears.detector, config, AudioClock(), asyncio.Event(), events) as speech,
            hear(speech, ears.recognizer, config, is_fast) as heard,
        ):
            async for happened in heard:
                match happened:
                    case SpeechStarted(time):
                        events.emit(told.SpeechStartedEvent(audio_time=time))
                    case SpeechEnded(time):
                        events.emit(told.SpeechEndedEvent(audio_time=time))
                    case Transcript(text, stable, is_final):
                        events.emit(told.TranscriptEvent(text=text, stable=stable, final=is_final))
                    case RecognitionFailed(message):
                        events.emit(told.ErrorEvent(stage="recognizer", code="recognition", message=message))


class Transcripts:
    """Shows partial words on the terminal's error stream, and writes each speech as a line once it is over."""

    def __init__(self) -> None:
        self._is_live = sys.stderr.isatty()
        self._is_over = False

    def __call__(self, event: Event) -> None:
        """Show one event."""
        match event:
            case told.Notice(message=message) | told.ErrorEvent(message=message):
                sys.stderr.write(f"voicestream: {printable(message)}\n")
            case told.Ready():
                sys.stderr.write(f"voicestream: {printable(event.recognizer)} listens on {event.input}; Ctrl-C ends\n")
            case told.SpeechEndedEvent():
                self._is_over = True
            case told.TranscriptEvent(text=text, final=True) if self._is_over:
                self._is_over = False
                self._clear()
                if text:
                    sys.stdout.write(printable(text) + "\n")
                    sys.stdout.flush()
            case told.TranscriptEvent(text=text) if self._is_live:
                sys.stderr.write(live_line(text))
                sys.stderr.flush()

    def _clear(self) -> None:
        if self._is_live:
            sys.stderr.write(CLEAR_LINE)
