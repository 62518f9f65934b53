"""Recordings of every form come in as the same frames; what is no recording is refused with one line."""

from __future__ import annotations

import asyncio
import os
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicestream.backends.audio_files import FileMicrophone, FileSpeaker
from voicestream.backends.audio_wav import wav_header
from voicestream.backends.standard_input import InputMicrophone
from voicestream.errors import DeviceError, InputError
from voicestream.parts import Microphone
from voicestream.vocabulary import FRAME_SAMPLES, FRAME_SECONDS, SAMPLE_RATE, Frame, Samples, Sentence, Sound, WordTime


def tone(rate: int, seconds: float = 1.0) -> Samples:
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(round(rate * seconds)) / rate)).astype(np.float32)


async def all_frames(microphone: Microphone) -> list[Frame]:
    async with microphone.listen() as frames:
        return [frame async for frame in frames]


def heard(microphone: Microphone) -> Samples:
    return np.concatenate([frame.samples for frame in asyncio.run(all_frames(microphone))])


@pytest.mark.parametrize(
    ("rate", "subtype", "channels"),
    [(rate, "PCM_16", 2) for rate in (8_000, 16_000, 22_050, 44_100, 48_000)]
    + [(SAMPLE_RATE, subtype, 1) for subtype in ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")],
)
def test_every_rate_width_and_channel_count_gives_the_same_tone(
    tmp_path: Path, rate: int, subtype: str, channels: int
) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, np.stack([tone(rate)] * channels, axis=1), rate, subtype=subtype)
    from_file = heard(FileMicrophone(path, is_fast=True))
    with path.open("rb") as file:
        from_pipe = heard(InputMicrophone(file.fileno(), is_fast=True))
    assert abs(len(from_file) - SAMPLE_RATE) <= FRAME_SAMPLES
    error = from_file[2000:14000] - tone(SAMPLE_RATE)[2000:14000]
    assert np.abs(error).max() < (0.02 if subtype == "PCM_U8" else 2e-3)
    assert np.array_equal(from_file, from_pipe)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT"])
@pytest.mark.parametrize("live", [0, 1, 5])
def test_a_voice_beside_dead_channels_is_neither_lost_nor_halved(tmp_path: Path, subtype: str, live: int) -> None:
    path = tmp_path / "tone.wav"
    channels = np.zeros((SAMPLE_RATE, 2 if live < 2 else 6), np.float32)
    channels[:, live] = tone(SAMPLE_RATE)
    soundfile.write(path, channels, SAMPLE_RATE, subtype=subtype)
    from_file = heard(FileMicrophone(path, is_fast=True))
    with path.open("rb") as file:
        from_pipe = heard(InputMicrophone(file.fileno(), is_fast=True))
    assert np.abs(from_file[:SAMPLE_RATE] - tone(SAMPLE_RATE)).max() < (0.02 if subtype == "PCM_U8" else 2e-3)
    assert np.array_equal(from_file, from_pipe)


def test_flac_is_read(tmp_path: Path) -> None:
    path = tmp_path / "tone.flac"
    soundfile.write(path, tone(SAMPLE_RATE), SAMPLE_RATE)
    assert np.abs(heard(FileMicrophone(path, is_fast=True))[:SAMPLE_RATE] - tone(SAMPLE_RATE)).max() < 1e-3


def test_raw_samples_on_standard_input_are_taken_as_16_bit_at_16_khz() -> None:
    reading, writing = os.pipe()
    pcm = (tone(SAMPLE_RATE, 0.5) * 32768).astype("<i2").tobytes()
    os.write(writing, pcm)
    os.close(writing)
    samples = heard(InputMicrophone(reading, is_fast=True))
    os.close(reading)
    assert np.abs(samples[: SAMPLE_RATE // 2] - tone(SAMPLE_RATE, 0.5)).max() < 1e-4


def test_a_recorder_that_does_not_know_its_length_is_read_to_the_end(tmp_path: Path) -> None:
    path = tmp_path / "open.wav"
    path.write_bytes(wav_header(SAMPLE_RATE, None) + np.full(1600, 1000, "<i2").tobytes())
    assert np.count_nonzero(heard(FileMicrophone(path, is_fast=True))) == 1600
    with path.open("rb") as file:
        assert np.count_nonzero(heard(InputMicrophone(file.fileno(), is_fast=True))) == 1600


def bad_file(tmp_path: Path, kind: str) -> Path:
    path = tmp_path / "bad.wav"
    whole = wav_header(SAMPLE_RATE, 32_000) + bytes(32_000)
    match kind:
        case "empty":
            path.write_bytes(b"")
        case "text":
            path.write_text("this is a text, not a recording\n" * 20)
        case "short":
            path.write_bytes(whole[:20_000])
        case "header only":
            path.write_bytes(whole[:30])
        case "no samples":
            path.write_bytes(wav_header(SAMPLE_RATE, 0))
        case "folder":
            path.mkdir()
        case "noise":
            path.write_bytes(np.random.default_rng(1).bytes(5000))
        case "mad format":
            path.write_bytes(whole[:20] + struct.pack("<HHIIHH", 77, 0, 1, 1, 0, 3) + whole[36:])
    return path


@pytest.mark.parametrize(
    "kind", ["missing", "empty", "text", "short", "header only", "no samples", "folder", "noise", "mad format"]
)
def test_what_is_no_recording_is_one_clear_line(tmp_path: Path, kind: str) -> None:
    path = bad_file(tmp_path, kind)
    with pytest.raises(InputError) as caught:
        asyncio.run(all_frames(FileMicrophone(path, is_fast=True)))
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    assert "None" not in message


@pytest.mark.parametrize(
    "data", [b"", b"RIFF", b"fLaC" + bytes(100), b"RIFF\x00\x00\x00\x00WAVE", b"RIFF1234WAVEdata1234"]
)
def test_standard_input_without_audio_is_one_clear_line_or_silence(data: bytes) -> None:
    reading, writing = os.pipe()
    os.write(writing, data)
    os.close(writing)
    try:
        if data == b"RIFF":
            assert len(asyncio.run(all_frames(InputMicrophone(reading, is_fast=True)))) == 1
        else:
            with pytest.raises(InputError, match="standard input"):
                asyncio.run(all_frames(InputMicrophone(reading, is_fast=True)))
    finally:
        os.close(reading)


def test_a_recording_comes_at_the_pace_of_the_clock(tmp_path: Path, run_virtually) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "tone.wav"
    soundfile.write(path, tone(SAMPLE_RATE), SAMPLE_RATE)

    async def listen() -> list[tuple[float, float, float]]:
        loop = asyncio.get_running_loop()
        start = loop.time()
        async with FileMicrophone(path).listen() as frames:
            return [(frame.time, frame.captured_at - start, loop.time() - start) async for frame in frames]

    times = run_virtually(listen())
    assert len(times) == 32
    for index, (time, captured, now) in enumerate(times):
        assert time == pytest.approx(index * FRAME_SECONDS)
        assert captured == pytest.approx((index + 1) * FRAME_SECONDS)
        assert now == pytest.approx(captured, abs=1e-3)


# ------------------------------------------------------------------------------------------ files as loudspeaker


def spoken(index: int, seconds: float, rate: int = 24_000, is_last: bool = True) -> Sound:
    sentence = Sentence(index, f"Sentence {index}. ", f"Sentence {index}.")
    return Sound(sentence, np.full(round(seconds * rate), 0.5, np.float32), is_last=is_last)


def test_the_file_has_the_time_line_of_the_conversation(tmp_path: Path, run_virtually) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "answer.wav"
    told: list[tuple[str, int, float]] = []

    async def talk() -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        announce = lambda kind, sentence, time: told.append((kind, sentence.index, time - start))  # noqa: E731
        async with FileSpeaker(str(path)) as speaker:
            speaker.on_sound = announce
            await asyncio.sleep(1)
            await speaker.play(spoken(0, 0.5))
            await speaker.play(spoken(1, 0.5))
            await speaker.drain()
            assert loop.time() - start == pytest.approx(2, abs=0.011)
            assert [account.is_whole for account in speaker.played()] == [True, True]
            await speaker.play(spoken(2, 0.1))
            await asyncio.sleep(0.05)
            assert [account.sentence.index for account in speaker.played()] == [2]
            await asyncio.sleep(0.5)

    run_virtually(talk())
    samples, rate = soundfile.read(path, dtype="float32")
    assert rate == 24_000
    assert len(samples) / rate == pytest.approx(2.55, abs=0.02)
    assert np.flatnonzero(samples)[[0, -1]] / rate == pytest.approx([1, 2.1], abs=0.011)
    assert [f"{kind} {index}" for kind, index, _ in told] == [
        *("started 0", "ended 0", "started 1", "ended 1", "started 2", "ended 2")
    ]
    assert [item[2] for item in told[:4]] == pytest.approx([1, 1.5, 1.5, 2], abs=1e-3)


def test_play_waits_when_enough_lies_ahead(run_virtually) -> None:  # type: ignore[no-untyped-def]
    async def talk() -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        async with FileSpeaker(ahead=1.0) as speaker:
            await speaker.play(spoken(0, 0.9))
            assert loop.time() == start
            await speaker.play(spoken(1, 0.9))
            assert loop.time() - start == pytest.approx(0.8, abs=0.011)

    run_virtually(talk())


def test_stop_and_pause_act_at_once_and_tell_what_was_heard(tmp_path: Path, run_virtually) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "answer.wav"

    async def talk() -> None:
        async with FileSpeaker(str(path)) as speaker:
            await speaker.play(spoken(0, 2))
            await asyncio.sleep(0.5)
            speaker.pause()
            await asyncio.sleep(0.5)
            speaker.resume()
            await asyncio.sleep(0.25)
            (account,) = speaker.stop()
            assert account.seconds == pytest.approx(0.76, abs=1e-3)
            assert not account.is_whole
            await asyncio.sleep(1)

    run_virtually(talk())
    samples, rate = soundfile.read(path, dtype="float32")
    sounding = np.abs(samples) > 0
    assert np.flatnonzero(sounding)[-1] / rate == pytest.approx(1.255, abs=1e-3)
    assert not sounding[round(0.506 * rate) : round(0.999 * rate)].any()
    assert np.abs(np.diff(samples[10:])).max() < 0.01


def test_a_fast_speaker_writes_all_at_once_and_no_silence(tmp_path: Path, run_virtually) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "answer.wav"

    async def talk() -> None:
        async with FileSpeaker(str(path), is_fast=True) as speaker:
            for index in range(20):
                await speaker.play(spoken(index, 1))
            await speaker.drain()
            assert asyncio.get_running_loop().time() == 1000

    run_virtually(talk())
    assert len(soundfile.read(path)[0]) == 20 * 24_000


def test_a_fast_speaker_fades_nothing_however_the_voice_cuts_its_pieces(tmp_path: Path, run_virtually) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "answer.wav"
    sentence = Sentence(0, "One.", "One.")
    chance = np.random.default_rng(7)

    async def talk() -> None:
        async with FileSpeaker(str(path), is_fast=True) as speaker:
            for size in chance.integers(0, 900, 60):
                await speaker.play(Sound(sentence, np.full(size, 0.5, np.float32)))
            await speaker.play(Sound(sentence, np.full(100_000, 0.5, np.float32)))
            await speaker.drain()

    run_virtually(talk())
    samples, _ = soundfile.read(path)
    assert len(samples) > 100_000
    assert (samples == 0.5).all()


def test_a_book_is_played_in_constant_memory(run_virtually) -> None:  # type: ignore[no-untyped-def]
    words = tuple(WordTime(place, place + 4, place / 100) for place in range(0, 100, 5))

    async def grown() -> int:
        async with FileSpeaker(is_fast=True) as speaker:
            for index in range(6_000):
                if index == 1_000:
                    tracemalloc.start()
                sentence = Sentence(index, "word " * 20, "word " * 20)
                await speaker.play(Sound(sentence, np.zeros(240, np.float32), tuple(words), is_last=True))
            return tracemalloc.get_traced_memory()[0]

    try:
        assert run_virtually(grown()) < 500_000
    finally:
        tracemalloc.stop()


def test_a_wav_longer_than_its_header_can_tell_is_one_of_open_length() -> None:
    assert wav_header(24_000, 5_000_000_000) == wav_header(24_000, None)


def test_the_file_can_be_read_while_it_grows(tmp_path: Path, run_virtually) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "answer.wav"

    async def talk() -> None:
        async with FileSpeaker(str(path)) as speaker:
            await speaker.play(spoken(0, 1))
            await asyncio.sleep(0.5)
            assert len(soundfile.read(path)[0]) / 24_000 == pytest.approx(0.5, abs=0.02)
            assert len(await all_frames(FileMicrophone(path, is_fast=True))) == 16

    run_virtually(talk())


def test_what_was_played_can_be_asked_for_as_the_far_end(run_virtually) -> None:  # type: ignore[no-untyped-def]
    async def talk() -> Samples:
        async with FileSpeaker(rate=48_000) as speaker:
            loop = asyncio.get_running_loop()
            await asyncio.sleep(0.3)
            start = loop.time()
            sound = Sound(Sentence(0, "a", "a"), tone(48_000), is_last=True)
            await speaker.play(sound)
            await asyncio.sleep(0.8)
            return np.concatenate([speaker.reference(start + k * FRAME_SECONDS, FRAME_SAMPLES) for k in range(20)])

    far = run_virtually(talk())
    assert np.abs(far[400:] - tone(SAMPLE_RATE)[400 : len(far)]).max() < 2e-3


def test_a_file_that_cannot_be_written_is_a_device_error(tmp_path: Path) -> None:
    async def talk() -> None:
        async with FileSpeaker(str(tmp_path / "no" / "such" / "folder.wav")):
            pass

    with pytest.raises(DeviceError, match=r"folder\.wav: cannot be written"):
        asyncio.run(talk())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_costs_the_file_and_is_told(run_virtually) -> None:  # type: ignore[no-untyped-def]
    async def talk() -> None:
        async with FileSpeaker("/dev/full") as speaker:
            await speaker.play(spoken(0, 1))

    with pytest.raises(DeviceError, match="cannot be written"):
        run_virtually(talk())
