"""Devices that refuse the wished-for rate, fall silent or outrun their reader: on a card that the test drives."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import numpy as np
import pytest

from voicestream.backends.loudspeaker import RESTING_BLOCK, Loudspeaker
from voicestream.backends.microphone import KEPT, MUTED, RESTING_FRAMES, Microphone
from voicestream.parts import Playing, Recording, SoundStream
from voicestream.vocabulary import FRAME_SAMPLES, FRAME_SECONDS, SAMPLE_RATE, Frame, Samples, Sentence, Sound


class Card:
    """A sound card whose device runs at `rate` and calls when the test says so."""

    name = "test card"

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.wish: Recording | Playing
        self.lost_because: list[str] = []
        self.blocks: list[float] = []

    @asynccontextmanager
    async def keep(self, wish: Recording | Playing) -> AsyncGenerator[SoundStream, None]:
        self.wish = wish
        wish.on_open(self.rate)
        yield self

    def lose(self, reason: str) -> None:
        self.lost_because.append(reason)

    def change_block(self, block: float) -> None:
        self.blocks.append(block)

    def gather(self, blocks: int) -> None:
        self.at_a_time = blocks

    def bring(self, block: Samples, ago: float) -> None:
        """Bring a block."""
        assert isinstance(self.wish, Recording)
        self.wish.on_block(block.tobytes(), 1, time.monotonic() - ago)

    def record(self, samples: Samples) -> None:
        """Bring samples block by block."""
        size = round(self.wish.block * self.rate)
        for begin in range(0, len(samples) - size + 1, size):
            self.bring(samples[begin : begin + size], 0.0)

    def play(self, seconds: float) -> Samples:
        """Ask for blocks, and return them."""
        assert isinstance(self.wish, Playing)
        blocks = []
        for _ in range(round(seconds / self.wish.block)):
            block = np.zeros(round(self.wish.block * self.rate), np.float32)
            self.wish.on_block(block, time.monotonic() + 0.01)
            blocks.append(block)
        return np.concatenate(blocks)


def tone(rate: int, seconds: float) -> Samples:
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(round(rate * seconds)) / rate)).astype(np.float32)


async def arrived(frames: object) -> list[Frame]:
    """Return what has come in, once the event loop has seen it."""
    await asyncio.sleep(0.01)
    got = []
    while True:
        try:
            async with asyncio.timeout(0.01):
                got.append(await frames.__anext__())  # type: ignore[attr-defined] # an iterator of frames
        except TimeoutError:
            return got


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_a_microphone_of_any_rate_gives_the_same_frames(rate: int) -> None:
    async def listen() -> list[Frame]:
        card = Card(rate)
        async with Microphone(card).listen() as frames:
            card.record(tone(rate, 1.5))
            return await arrived(frames)

    got = asyncio.run(listen())
    heard = np.concatenate([frame.samples for frame in got])
    assert len(heard) > 1.4 * SAMPLE_RATE
    assert all(len(frame.samples) == FRAME_SAMPLES for frame in got)
    assert np.abs(heard[1_000:20_000] - tone(SAMPLE_RATE, 1.5)[1_000:20_000]).max() < 2e-3


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_a_loudspeaker_of_any_rate_plays_the_same_tone(rate: int) -> None:
    async def talk() -> Samples:
        card = Card(rate)
        async with Loudspeaker(card) as speaker:
            await speaker.play(Sound(Sentence(0, "a", "a"), tone(speaker.rate, 1), is_last=True))
            heard = card.play(1.2)
            await speaker.drain()
            assert [account.is_whole for account in speaker.stop()] == [True]
            return heard

    heard = asyncio.run(talk())
    assert np.abs(heard[2_000 : rate - 2_000] - tone(rate, 1)[2_000 : rate - 2_000]).max() < 5e-3


@pytest.mark.skipif(sys.platform != "linux", reason="rests on Linux only")
def test_a_loudspeaker_rests_after_a_short_sound_that_nobody_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after the sound that it woke up, when no question follows: all night it would take the processor's time."""
    monkeypatch.setattr("voicestream.backends.loudspeaker.RESTS_AFTER", 0.1)

    async def wake() -> list[float]:
        card = Card(48_000)
        async with Loudspeaker(card) as speaker:
            speaker.wake()
            await speaker.play(Sound(Sentence(-1, "", ""), tone(speaker.rate, 0.1), is_last=True))
            await asyncio.sleep(0.15)
            assert card.blocks == []  # it has not sounded yet
            card.play(0.2)
            await asyncio.sleep(0.15)
            speaker.wake()
            return card.blocks

    assert asyncio.run(wake()) == [RESTING_BLOCK, 0.01]


def test_no_sound_is_told_to_have_begun_before_it_was_handed_over() -> None:
    """A device that stood still for a moment leaves the line of its times behind."""
    told: list[float] = []

    async def talk() -> float:
        card = Card(48_000)
        async with Loudspeaker(card) as speaker:
            speaker.on_sound = lambda kind, sentence, at: told.append(at)
            card.play(0.1)
            await asyncio.sleep(0.3)
            await speaker.play(Sound(Sentence(0, "a", "a"), tone(speaker.rate, 1), is_last=True))
            handed_over = time.monotonic()
            card.play(0.02)
            await asyncio.sleep(0.05)
            return handed_over

    handed_over = asyncio.run(talk())
    assert told[0] >= handed_over


def test_a_slow_reader_loses_the_oldest_and_time_tells_it() -> None:
    told: list[str] = []

    async def listen() -> list[Frame]:
        card = Card(SAMPLE_RATE)
        async with Microphone(card, on_notice=lambda code, message: told.append(code)).listen() as frames:
            card.record(tone(SAMPLE_RATE, KEPT + 2))
            return await arrived(frames)

    got = asyncio.run(listen())
    assert len(got) == round(KEPT / FRAME_SECONDS)
    assert got[0].time == pytest.approx(2, abs=0.05)
    assert got[-1].time == pytest.approx(KEPT + 2, abs=0.1)
    assert told == ["overrun"]


def test_a_resting_microphone_brings_the_same_frames_a_few_at_a_time() -> None:
    async def listen() -> tuple[list[Frame], list[int]]:
        card = Card(SAMPLE_RATE)
        microphone = Microphone(card)
        microphone.rest(True)
        got, counts = [], []
        async with microphone.listen() as frames:
            await asyncio.sleep(0)  # the stream begins
            for number in range(2 * RESTING_FRAMES - 1):
                card.record(tone(SAMPLE_RATE, 1)[number * FRAME_SAMPLES : (number + 1) * FRAME_SAMPLES])
                new = await arrived(frames)
                counts.append(len(new))
                got += new
            microphone.rest(False)
            return got + await arrived(frames), counts

    got, counts = asyncio.run(listen())
    assert counts == [0] * (RESTING_FRAMES - 1) + [RESTING_FRAMES] + [0] * (RESTING_FRAMES - 1)
    heard = np.concatenate([frame.samples for frame in got])
    assert np.array_equal(heard, tone(SAMPLE_RATE, 1)[: len(heard)])
    assert len(got) == 2 * RESTING_FRAMES - 1
    assert [frame.time for frame in got] == pytest.approx([number * FRAME_SECONDS for number in range(len(got))])


def test_a_muted_microphone_is_told_once() -> None:
    told: list[str] = []

    async def listen() -> None:
        card = Card(SAMPLE_RATE)
        async with Microphone(card, on_notice=lambda code, message: told.append(code)).listen() as frames:
            zeros = np.zeros(round((MUTED / 2) * SAMPLE_RATE), np.float32)
            for samples in (zeros, zeros, zeros, tone(SAMPLE_RATE, 1), zeros, zeros, zeros):
                card.record(samples)
                await arrived(frames)

    asyncio.run(listen())
    assert told == ["microphone_silent"]


@pytest.mark.parametrize("is_wire", [True, False])
def test_only_a_wire_from_our_own_loudspeaker_makes_the_microphone_lost(is_wire: bool) -> None:
    chance = np.random.default_rng(1)
    far = chance.standard_normal(6 * SAMPLE_RATE).astype(np.float32) * np.float32(0.1)
    near = np.convolve(far, [0.5, *([0] * 300), 0.4, *([0] * 500), -0.3])[: len(far)].astype(np.float32)
    start = time.monotonic()

    def reference(at: float, count: int) -> Samples:
        begin = round((at - start) * SAMPLE_RATE) % len(far)
        return np.roll(far, -begin)[:count]

    async def listen() -> list[str]:
        card = Card(SAMPLE_RATE)
        async with Microphone(card, reference=reference).listen() as frames:
            for begin in range(0, 4 * SAMPLE_RATE, FRAME_SAMPLES):
                recorded_ago = time.monotonic() - (start + (begin + FRAME_SAMPLES) / SAMPLE_RATE)
                piece = (far if is_wire else near)[begin : begin + FRAME_SAMPLES]
                card.bring(piece, recorded_ago)
                await asyncio.sleep(0)
            await arrived(frames)
        return card.lost_because

    lost_because = asyncio.run(listen())
    assert bool(lost_because) == is_wire
    assert all(reason == "" for reason in lost_because[1:]), "told once, however often it is opened in vain"
    assert len(lost_because) > 1 or not is_wire
