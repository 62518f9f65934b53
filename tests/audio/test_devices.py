"""Real streams on a virtual sound card: devices are found, and what is played arrives whole and stops at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sound_card import RATE, SoundCard
from streams import LONG, Notices, found_at, noise, on_a_busy_machine, run, sound

from voicestream.backends.loudspeaker import RESTING_BLOCK, Loudspeaker
from voicestream.backends.microphone import Microphone
from voicestream.backends.sound_devices import find_device
from voicestream.backends.sound_process import Carrier, SoundProcess, list_devices, rates_that_open
from voicestream.backends.sound_streams import SoundStreams
from voicestream.errors import DeviceError
from voicestream.vocabulary import FRAME_SECONDS, SAMPLE_RATE, Frame, Samples


@on_a_busy_machine
def test_sentences_arrive_whole_to_the_last_sample_and_without_a_gap(card: SoundCard) -> None:
    first, second = noise(0.6, 1), noise(0.6, 2)
    told: list[tuple[str, int, float, float]] = []

    async def talk() -> Samples:
        async with Loudspeaker(SoundStreams(), "vs_speaker") as speaker:
            speaker.on_sound = lambda kind, sentence, at: told.append((kind, sentence.index, at, time.monotonic()))
            with card.recording() as recording:
                await asyncio.sleep(0.3)
                await speaker.play(sound(0, first))
                await speaker.play(sound(1, second))
                assert speaker.remaining() > 1
                await speaker.drain()
                assert [kind + str(index) for kind, index, _, _ in told] == ["started0", "ended0", "started1", "ended1"]
                assert [account.is_whole for account in speaker.played()] == [True, True]
                assert [account.is_whole for account in speaker.stop()] == [True, True]
                assert speaker.stop() == []
                assert speaker.remaining() == 0
                await asyncio.sleep(0.3)
            return recording.samples

    heard = asyncio.run(talk())
    begin, likeness = found_at(heard, first)
    assert likeness > 0.99
    end, likeness = found_at(heard, second)
    assert likeness > 0.99
    assert abs(end - begin - len(first)) <= 1
    for _, _, at, now in told:
        assert now >= at - 0.005  # nothing is told before it is heard


def test_stop_and_pause_are_silent_at_the_card_within_100_ms(card: SoundCard) -> None:
    async def talk(quieten: Callable[[Loudspeaker], object]) -> tuple[float, Samples]:
        started: list[float] = []
        async with Loudspeaker(SoundStreams(), "vs_speaker") as speaker:
            speaker.on_sound = lambda kind, sentence, at: started.append(at)
            with card.recording() as recording:
                await asyncio.sleep(0.2)
                await speaker.play(sound(0, noise(1.9)))
                await asyncio.sleep(0.5)
                quieten(speaker)
                decided = time.monotonic()
                await asyncio.sleep(0.4)
        return decided - started[0], recording.samples

    for quieten in (Loudspeaker.stop, Loudspeaker.pause):
        until_decided, heard = asyncio.run(talk(quieten))
        sounding = np.flatnonzero(np.abs(heard) > 1e-4)
        length = (sounding[-1] - sounding[0]) / RATE
        assert length - until_decided < 0.1


@on_a_busy_machine
def test_what_was_heard_goes_on_at_the_next_sample_after_a_pause(card: SoundCard) -> None:
    played = noise(1.0, 3)

    async def talk() -> Samples:
        async with Loudspeaker(SoundStreams(), "vs_speaker") as speaker:
            with card.recording() as recording:
                await asyncio.sleep(0.2)
                await speaker.play(sound(0, played))
                await asyncio.sleep(0.4)
                speaker.pause()
                await asyncio.sleep(0.3)
                (account,) = speaker.played()
                assert 0.3 < account.seconds < 0.5
                speaker.resume()
                await speaker.drain()
                await asyncio.sleep(0.2)
            return recording.samples

    heard = asyncio.run(talk())
    sounding = np.flatnonzero(np.abs(heard) > 1e-4)
    gap = int(np.argmax(np.diff(sounding)))
    joined = np.concatenate((heard[sounding[0] : sounding[gap] + 1], heard[sounding[gap + 1] : sounding[-1] + 1]))
    assert abs(len(joined) - len(played)) <= 48
    assert found_at(joined[-20_000:], played[-18_000:])[1] > 0.99


@on_a_busy_machine
def test_the_microphone_hears_what_is_spoken_on_one_time_line(card: SoundCard) -> None:
    spectrum = np.fft.rfft(noise(1.0, 4))
    spectrum[5_000:] = 0  # hertz: the server's resampler need not keep what lies near 8 kHz
    spoken = np.fft.irfft(spectrum).astype(np.float32)

    async def listen() -> list[Frame]:
        got: list[Frame] = []
        async with Microphone(SoundStreams(), "vs_mic").listen() as frames:
            mouth = card.speak(spoken)
            async for frame in frames:
                got.append(frame)
                if frame.time > 1.6:
                    break
            await asyncio.to_thread(mouth.wait)
        return got

    got = asyncio.run(listen())
    heard = np.concatenate([frame.samples for frame in got])
    assert found_at(heard, np.fft.irfft(spectrum[: SAMPLE_RATE // 2 + 1]).astype(np.float32))[1] > 0.98
    assert [frame.time for frame in got] == pytest.approx([index * FRAME_SECONDS for index in range(len(got))])
    steps = np.diff([frame.captured_at for frame in got])
    assert np.median(steps) == pytest.approx(FRAME_SECONDS, abs=1e-4)


@pytest.mark.parametrize("live", [0, 1])
def test_a_voice_on_one_of_two_channels_is_heard_at_its_own_level(card: SoundCard, live: int) -> None:
    spoken = np.zeros((2 * RATE, 2), "<f4")
    spoken[:, live] = 0.5 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE)

    async def listen() -> Samples:
        got: list[Frame] = []
        command = ["pacat", "--playback", "--device=speaker", "--latency-msec=20", "--format=float32le", "--channels=2"]
        async with Microphone(SoundStreams(), "vs_monitor").listen() as frames:
            mouth = await asyncio.create_subprocess_exec(
                *(*command, f"--rate={RATE}", "--raw"), stdin=asyncio.subprocess.PIPE
            )
            speaking = asyncio.create_task(mouth.communicate(spoken.tobytes()))
            async for frame in frames:
                got.append(frame)
                if frame.time > 1.6:
                    break
            await speaking
        return np.concatenate([frame.samples for frame in got])

    heard = asyncio.run(listen())
    assert float(np.abs(heard).max()) == pytest.approx(0.5, abs=0.02)


def test_devices_are_listed_and_found_by_number_name_and_part(card: SoundCard) -> None:
    devices = list_devices()
    names = {device.name for device in devices}
    assert {"vs_mic", "vs_speaker"} <= names
    assert find_device(devices, "VS_Mic", "input").name == "vs_mic"
    assert find_device(devices, "speak", "output").name == "vs_speaker"
    assert find_device(devices, "mic", "input").is_default_input  # "mic" is everybody's word for the usual one
    number = next(device.index for device in devices if device.name == "vs_mic")
    assert find_device(devices, str(number), "input").name == "vs_mic"
    with pytest.raises(DeviceError, match="no microphone 'vs_mik'; there are 'vs_mic'"):
        find_device(devices, "vs_mik", "input")
    (rates,) = rates_that_open(find_device(devices, "vs_mic", "input"))
    assert SAMPLE_RATE in rates["input"]
    assert rates["output"] == []


def test_without_devices_opening_says_what_to_do(card: SoundCard) -> None:
    with pytest.raises(DeviceError, match="plug one in, or start the sound server"):
        find_device([], "", "input")

    async def open_wrong() -> None:
        async with Microphone(SoundStreams(), "such a name").listen():
            pass

    with pytest.raises(DeviceError, match="such a name"):
        asyncio.run(open_wrong())


@pytest.fixture
def quick_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the loudspeaker rest after a fifth of a second."""
    monkeypatch.setattr("voicestream.backends.loudspeaker.RESTS_AFTER", 0.2)


@pytest.mark.usefixtures("quick_rest")
@on_a_busy_machine
def test_a_loudspeaker_at_rest_speaks_again_without_losing_a_sample(card: SoundCard) -> None:
    played = noise(0.4, 6)

    async def live() -> Samples:
        notices = Notices()
        async with Loudspeaker(SoundStreams(), "vs_speaker", on_notice=notices) as speaker:
            with card.recording() as recording:
                for index in range(2):
                    await asyncio.sleep(0.4)
                    await speaker.play(sound(index, played))
                    await speaker.drain()
                await asyncio.sleep(0.2)
        assert notices.codes == []
        return recording.samples

    heard = asyncio.run(live())
    for _ in range(2):
        place, likeness = found_at(heard, played)
        assert likeness > 0.99
        heard[place : place + len(played)] = 0


@pytest.mark.usefixtures("quick_rest")
def test_a_loudspeaker_that_is_woken_while_it_goes_to_rest_speaks(
    card: SoundCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_at_once = SoundProcess.open

    async def live() -> None:
        went_to_rest = asyncio.Event()

        async def open_slowly(process: SoundProcess, stream: int, carrier: Carrier, **wish: object) -> dict[str, Any]:
            opened = await open_at_once(process, stream, carrier, **wish)
            if wish["block"] == RESTING_BLOCK:  # somebody begins to speak just now
                speaker.wake()
                went_to_rest.set()
                await asyncio.sleep(0.2)
            return opened

        async with Loudspeaker(SoundStreams(), "vs_speaker") as speaker:
            monkeypatch.setattr(SoundProcess, "open", open_slowly)
            async with asyncio.timeout(LONG):
                await went_to_rest.wait()
                await speaker.play(sound(0, noise(0.3)))
                await speaker.drain()
            assert [account.is_whole for account in speaker.stop()] == [True]

    run(live())
