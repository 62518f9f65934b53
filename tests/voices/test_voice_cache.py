"""Laws of the cache of fixed phrases."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import numpy as np
from spoken import say

from voicestream.backends.voice_cache import CachedVoice
from voicestream.vocabulary import Pcm, WordTime


class CountingVoice:
    """Speaks a second in two pieces, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def synthesize(self, text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
        self.asked += 1
        tone = np.sin(np.arange(4_000) / (5 + len(text) + len(language))).astype(np.float32) * 0.5
        yield Pcm(tone, 8_000, (WordTime(0, 3, 0.0),))
        yield Pcm(tone, 8_000, (WordTime(4, 6, 0.6),))


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def cached(voice: CountingVoice, folder: Path, key: str = "k", most: int = 1_000_000) -> CachedVoice:
    return CachedVoice(voice, folder, lambda: key, lambda text: text.startswith("Fixed"), most)


def test_a_fixed_phrase_is_made_once_and_sounds_the_same(tmp_path: Path) -> None:
    async def run() -> None:
        voice = CountingVoice()
        first = await say(cached(voice, tmp_path), "Fixed one.")
        again = await say(cached(voice, tmp_path), "Fixed one.")
        assert voice.asked == 1
        np.testing.assert_allclose(first.samples, again.samples, atol=1 / 32_000)
        assert [(word.start, word.end) for word in again.words] == [(0, 3), (4, 6)]
        assert again.rate == 8_000
        await say(cached(voice, tmp_path), "Fixed one.", "de")
        await say(cached(voice, tmp_path, "other voice"), "Fixed one.")
        assert voice.asked == 3

    asyncio.run(run())


def test_nothing_else_is_written(tmp_path: Path) -> None:
    async def run() -> None:
        voice = CountingVoice()
        for _ in range(2):
            await say(cached(voice, tmp_path), "What the model answered.")
        async with aclosing(cached(voice, tmp_path).synthesize("Fixed, but closed early.")) as pieces:
            await anext(pieces)
        assert voice.asked == 3
        assert files(tmp_path) == []

    asyncio.run(run())


def test_it_stays_below_its_bound_and_forgets_what_was_not_heard_for_longest(tmp_path: Path) -> None:
    async def run() -> None:
        voice = CountingVoice()
        cache = cached(voice, tmp_path, most=70_000)  # four phrases of 16 kB
        for number in range(4):
            await say(cache, f"Fixed {number}")
            for file in files(tmp_path):  # an hour passes
                status = file.stat()
                os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns - 3_600_000_000_000))
        await say(cache, "Fixed 0")
        await say(cache, "Fixed 4")
        assert sum(file.stat().st_size for file in files(tmp_path)) <= 70_000
        asked = voice.asked
        await say(cache, "Fixed 0")
        assert voice.asked == asked
        await say(cache, "Fixed 1")
        assert voice.asked == asked + 1

    asyncio.run(run())


def test_a_damaged_file_or_a_disk_that_refuses_costs_nothing_but_time(tmp_path: Path) -> None:
    async def run() -> None:
        voice = CountingVoice()
        good = await say(cached(voice, tmp_path), "Fixed one.")
        (file,) = files(tmp_path)
        data = file.read_bytes()
        for damage in (b"", data[:100], data[:-9], b"\xff" * 500, data[:50] + b"?" + data[51:]):
            file.write_bytes(damage)
            np.testing.assert_allclose(
                (await say(cached(voice, tmp_path), "Fixed one.")).samples, good.samples, atol=1e-4
            )
        blocked = tmp_path / "file"
        blocked.write_bytes(b"")
        assert (await say(cached(voice, blocked), "Fixed one.")).seconds == 1.0
        assert (await say(cached(voice, blocked / "below"), "Fixed one.")).seconds == 1.0

    asyncio.run(run())
