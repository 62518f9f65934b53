"""`voicestream say`: text from standard input becomes speech while it arrives, in constant memory."""

from __future__ import annotations

import asyncio
import codecs
import json
import os
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack
from typing import TextIO

from voicestream import events as told
from voicestream.assemble import is_file, open_mouth
from voicestream.config import Config
from voicestream.displays.json_lines import write_json_lines
from voicestream.displays.lines import printable, warn_of_notices
from voicestream.errors import VoiceError
from voicestream.events import Events
from voicestream.speaking.dry_run import dry_run
from voicestream.speaking.sentences import SentenceSplitter, split_options
from voicestream.stages import stage
from voicestream.steps import speak, split_sentences
from voicestream.vocabulary import Sentence
from voicestream.voice_choice import choose_language_guess, make_style

BLOCK = 4096
"""Bytes read at a time; a pipe gives what it has."""


def read_pieces(text: str, descriptor: int = 0) -> Iterator[str]:
    """Yield `text`, or else what arrives on the file descriptor, as it arrives; what is no UTF-8 becomes U+FFFD."""
    if text:
        yield text
        return
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while block := os.read(descriptor, BLOCK):
        if piece := decoder.decode(block):
            yield piece
    if piece := decoder.decode(b"", final=True):
        yield piece


def print_sentences(text: str, config: Config, out: TextIO, *, is_json: bool) -> int:
    """Print the sentences as they are released: plain, or one JSON object a line; return the exit status."""
    splitter = SentenceSplitter(options=split_options(config.sentences))
    for record in dry_run(read_pieces(text), splitter, "", config.sentences.pronunciations):
        if is_json:
            out.write(json.dumps(record, ensure_ascii=False) + "\n")
        elif record["spoken"]:
            out.write(printable(str(record["spoken"])) + "\n")
        out.flush()
    return 0


@stage(ahead=4)
async def read_text(text: str) -> AsyncGenerator[str, None]:
    """Yield the text as it arrives; a thread reads it, and waits while nobody needs more."""
    pieces = read_pieces(text)
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece


async def say(text: str, config: Config, out: TextIO | None) -> int:
    """Speak `text`, or standard input while it arrives; return the exit status."""
    events = Events()
    if out:
        events.show_on(write_json_lines(out))
    events.show_on(warn_of_notices)
    failures = 0

    def fail(error: VoiceError, sentence: Sentence) -> None:
        nonlocal failures
        failures += 1
        sys.stderr.write(f"voicestream: sentence {sentence.index}: {error}\n")
        events.emit(told.ErrorEvent(stage=error.stage, code=error.code, message=str(error)))

    async with AsyncExitStack() as stack:
        mouth = await open_mouth(config, events, stack, is_fast=is_file(config.audio.output))
        speaker = mouth.speaker

        def notice_sound(kind: str, sentence: Sentence, at: float) -> None:
            if sentence.spoken:
                happened = told.SoundStarted if kind == "started" else told.SoundEnded
                events.emit(happened(turn=0, index=sentence.index), events.when(at))

        speaker.on_sound = notice_sound
        style = make_style(config, choose_language_guess(config.speaking), fail)
        async with (
            read_text(text) as pieces,
            split_sentences(pieces, split_options(config.sentences), speaker.remaining) as sentences,
            speak(sentences, mouth.voice, speaker.rate, style) as sounds,
        ):
            try:
                async for sound in sounds:
                    await speaker.play(sound)
                await speaker.drain()
            finally:
                speaker.stop()
    return VoiceError.exit_status if failures else 0
