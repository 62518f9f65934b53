"""`voicestream say`: text from standard input becomes speech while it arrives, in constant memory."""

from __future__ import annotations

import codecs
import json
import os
import stat
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack
from typing import TextIO

from voicestream import events as told
from voicestream.assemble import is_file, open_mouth
from voicestream.backends.standard_input import InputReader
from voicestream.config import Config
from voicestream.displays.json_lines import write_json_lines
from voicestream.displays.lines import printable, warn_of_notices
from voicestream.displays.reading_progress import ReadingProgress
from voicestream.errors import LOST_OUTPUT, VoiceError
from voicestream.events import Events
from voicestream.speaking.dry_run import dry_run
from voicestream.speaking.sentences import SentenceSplitter, split_options
from voicestream.stages import stage
from voicestream.steps import speak, split_sentences
from voicestream.vocabulary import Sentence
from voicestream.voice_choice import choose_language_guess, make_style

STANDARD_INPUT = 0

BLOCK = 4096
"""Bytes read at a time; a pipe gives what it has."""


def read_pieces(text: str, descriptor: int = STANDARD_INPUT) -> Iterator[str]:
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


class TextSource:
    """The text that is to be read aloud, as it arrives, and how long it is."""

    def __init__(self, text: str) -> None:
        """Take `text`, or else standard input."""
        self._text = text
        self._reader = None if text else InputReader(STANDARD_INPUT)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._characters = len(text)
        self._bytes = 0
        self._total_bytes = 0 if text else _size(STANDARD_INPUT)

    async def read(self) -> str | None:
        """Return what comes next, None at the end; raise InputError."""
        if self._reader is None:
            text, self._text = self._text, ""
            return text or None
        if not (block := await self._reader.read_some(BLOCK)):
            return self._decoder.decode(b"", final=True) or None
        piece = self._decoder.decode(block)
        self._bytes += len(block)
        self._characters += len(piece)
        return piece

    @property
    def total(self) -> float:
        """Return the characters of the whole text, estimated from its bytes; 0 where nobody knows its end."""
        if self._reader is None:
            return self._characters
        return self._total_bytes * self._characters / self._bytes if self._bytes else 0.0


def _size(descriptor: int) -> int:
    """Return the bytes that a file has left to read; 0 for a pipe or a terminal."""
    try:
        status = os.fstat(descriptor)
        return status.st_size - os.lseek(descriptor, 0, os.SEEK_CUR) if stat.S_ISREG(status.st_mode) else 0
    except OSError:
        return 0


@stage(ahead=4)
async def read_text(source: TextSource) -> AsyncGenerator[str, None]:
    """Yield the text as it arrives; nothing is read while nobody needs more."""
    while (piece := await source.read()) is not None:
        yield piece


async def say(text: str, config: Config, out: TextIO | None) -> int:
    """Speak `text`, or standard input while it arrives; return the exit status."""
    events = Events()
    if out:
        events.show_on(write_json_lines(out))
    source = TextSource(text)
    progress = ReadingProgress(sys.stderr)
    events.show_on(warn_of_notices)
    failures = 0

    def fail(error: VoiceError, sentence: Sentence) -> None:
        nonlocal failures
        failures += 1
        progress.clear()
        sys.stderr.write(f"voicestream: sentence {sentence.index}: {printable(str(error))}\n")
        events.emit(told.ErrorEvent(stage=error.stage, code=error.code, message=str(error)))

    async with AsyncExitStack() as stack:
        stack.callback(progress.clear)
        mouth = await open_mouth(config, events, stack, is_fast=is_file(config.audio.output))
        speaker = mouth.speaker
        begun = events.now()

        def notice_sound(kind: str, sentence: Sentence, at: float) -> None:
            if sentence.spoken:
                happened = told.SoundStarted if kind == "started" else told.SoundEnded
                events.emit(happened(turn=0, index=sentence.index), events.when(at))
            if kind == "ended":
                progress.show(events.now() - begun, sentence.start + len(sentence.text), source.total)

        speaker.on_sound = notice_sound
        style = make_style(config, choose_language_guess(config.speaking), fail)
        async with (
            read_text(source) as pieces,
            split_sentences(pieces, split_options(config.sentences), speaker.remaining) as sentences,
            speak(sentences, mouth.voice, speaker.rate, style) as sounds,
        ):
            try:
                async for sound in sounds:
                    await speaker.play(sound)
                await speaker.drain()
            finally:
                speaker.stop()
    return VoiceError.exit_status if failures else LOST_OUTPUT if events.is_lost else 0
