"""Keeps the audio of short fixed phrases on disk, so that they sound at once and cost nothing; bounded."""

from __future__ import annotations

import hashlib
import os
import struct
import tempfile
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from pathlib import Path

import numpy as np

from voicestream.backends.voice_wire import (
    Audio,
    FrameDecoder,
    Kind,
    SpokenWord,
    VoiceFrame,
    decode_audio,
    encode,
    encode_audio,
)
from voicestream.errors import VoiceError
from voicestream.parts import Voice
from voicestream.vocabulary import Pcm, WordTime

MOST_BYTES = 20_000_000
"""About seven minutes of espeak; the phrases not heard for longest are forgotten first."""


class CachedVoice:
    """A voice that speaks its fixed phrases from disk; fulfils Voice.

    Only phrases that the caller names as fixed are kept: what a model answers is nobody's business but the user's.
    """

    def __init__(
        self,
        voice: Voice,
        folder: Path,
        key: Callable[[], str],
        is_fixed: Callable[[str], bool],
        most_bytes: int = MOST_BYTES,
    ) -> None:
        """Keep what `voice` makes in `folder`; `key` names engine, voice, rate now, and whatever else changes it."""
        self._voice = voice
        self._folder = folder
        self._key = key
        self._is_fixed = is_fixed
        self._most_bytes = most_bytes

    async def synthesize(self, text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
        """Yield the audio of `text`, from disk where it is there; raise VoiceError."""
        if not self._is_fixed(text):
            async with aclosing(self._voice.synthesize(text, language)) as pieces:
                async for pcm in pieces:
                    yield pcm
            return
        path = self._path(text, language)
        if kept := _read(path):
            for pcm in kept:
                yield pcm
            return
        made = []
        async with aclosing(self._voice.synthesize(text, language)) as pieces:
            async for pcm in pieces:
                made.append(pcm)
                yield pcm
        self._keep(path, made)

    def _path(self, text: str, language: str) -> Path:
        name = hashlib.sha256("\0".join((self._key(), language, text)).encode("utf-8", "replace")).hexdigest()
        return self._folder / f"{name}.speech"

    def _keep(self, path: Path, made: list[Pcm]) -> None:
        """Write a phrase whole or not at all, and forget old ones; a disk that refuses costs nothing but the cache."""
        data = b"".join(encode(VoiceFrame(Kind.AUDIO, 0, encode_audio(_as_audio(pcm)))) for pcm in made)
        if not data or len(data) > self._most_bytes:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._folder, suffix=".new", delete=False) as file:
                file.write(data + _checksum(data))
            os.replace(file.name, path)
            self._forget()
        except OSError:
            return

    def _forget(self) -> None:
        ages = sorted((file.stat().st_mtime_ns, file.stat().st_size, file) for file in self._files())
        excess = sum(size for _, size, _ in ages) - self._most_bytes
        for _, size, file in ages:
            if excess <= 0:
                return
            file.unlink(missing_ok=True)
            excess -= size

    def _files(self) -> Iterator[Path]:
        yield from self._folder.glob("*.speech")
        yield from self._folder.glob("*.new")  # of a process that was killed


def _read(path: Path) -> list[Pcm]:
    """Return a phrase that was kept, nothing where there is none or it is damaged."""
    try:
        data = path.read_bytes()
        if data[-4:] != _checksum(data[:-4]):
            return []
        pieces = [decode_audio(frame.payload) for frame in FrameDecoder().add(data[:-4])]
        os.utime(path)  # heard just now
    except (OSError, VoiceError, struct.error):
        return []
    return [
        Pcm(
            np.frombuffer(audio.pcm, "<i2").astype(np.float32) / np.float32(32768),
            audio.rate,
            tuple(WordTime(word.start, word.end, word.time) for word in audio.words),
        )
        for audio in pieces
    ]


def _as_audio(pcm: Pcm) -> Audio:
    samples = (pcm.samples * 32768).clip(-32768, 32767).astype("<i2")
    return Audio(samples.tobytes(), pcm.rate, tuple(SpokenWord(word.start, word.end, word.time) for word in pcm.words))


def _checksum(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()[:4]
