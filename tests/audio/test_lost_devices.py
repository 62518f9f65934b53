"""Devices that are unplugged, sound servers that are killed or hang: nothing is lost but the sound meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sound_card import RATE, SoundCard
from streams import LONG, Notices, collect, found_at, noise, on_a_busy_machine, run, sound

from voicestream.backends.loudspeaker import Loudspeaker
from voicestream.backends.microphone import Microphone
from voicestream.backends.sound_process import Carrier, SoundProcess
from voicestream.backends.sound_streams import KeptStream, SoundStreams
from voicestream.errors import DeviceError
from voicestream.vocabulary import Frame, Samples


def test_a_lost_microphone_is_told_waited_for_and_heard_again(card: SoundCard) -> None:
    async def live() -> None:
        notices, got = Notices(), list[Frame]()
        listening = asyncio.create_task(collect(Microphone(SoundStreams(), "vs_mic", on_notice=notices), got))
        await asyncio.sleep(0.3)
        await asyncio.to_thread(card.unplug_microphone)
        await notices.until("microphone_lost")
        at_loss = len(got)
        await asyncio.sleep(0.5)
        assert len(got) > at_loss + 8  # audio time goes on, in silence
        await asyncio.to_thread(card.plug_in_microphone)
        await notices.until("microphone_back")
        before = len(got)
        await asyncio.to_thread(card.speak(noise(0.5)).wait)
        assert max(float(np.abs(frame.samples).max()) for frame in got[before:]) > 0.1
        assert not listening.done()
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening
        captured = np.array([frame.captured_at for frame in got])
        assert np.diff(captured).max() < 0.3  # no hole in the time line

    run(live())


@on_a_busy_machine
def test_a_microphone_that_became_the_loudspeaker_is_left(card: SoundCard) -> None:
    async def live() -> None:
        notices, got = Notices(), list[Frame]()
        streams = SoundStreams()
        async with Loudspeaker(streams, "vs_speaker") as speaker:
            microphone = Microphone(streams, "vs_monitor", reference=speaker.reference, on_notice=notices)
            listening = asyncio.create_task(collect(microphone, got))
            speaking = asyncio.create_task(speaker.play(sound(0, noise(LONG))))
            await notices.until("microphone_lost")
            speaker.stop()
            await speaking
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listening

    run(live())


@on_a_busy_machine
def test_a_killed_sound_server_costs_neither_the_stream_nor_the_sentence(card: SoundCard) -> None:
    played = noise(1.9, 5)

    async def live() -> Samples:
        notices, got = Notices(), list[Frame]()
        streams = SoundStreams()
        async with Loudspeaker(streams, "vs_speaker", on_notice=notices) as speaker:
            microphone = Microphone(streams, "vs_mic", reference=speaker.reference, on_notice=notices)
            listening = asyncio.create_task(collect(microphone, got))
            await asyncio.sleep(0.2)
            card.kill()
            await notices.until("loudspeaker_lost")
            await notices.until("microphone_lost")
            await speaker.play(sound(0, played))
            await asyncio.to_thread(card.start)
            with card.recording() as recording:
                await notices.until("loudspeaker_back")
                await notices.until("microphone_back")
                await speaker.drain()
                await asyncio.sleep(0.2)
            assert not listening.done()
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listening
            return recording.samples

    heard = asyncio.run(live())
    assert found_at(heard, played[-RATE:])[1] > 0.99  # its end at least: the recorder starts beside the speaker


def test_a_sound_server_that_hangs_is_noticed_told_and_outlived(
    card: SoundCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicestream.backends.sound_process.BEGINS", 1.0)

    async def live() -> None:
        notices, got = Notices(), list[Frame]()
        streams = SoundStreams()
        async with Loudspeaker(streams, "vs_speaker", on_notice=notices) as speaker:
            microphone = Microphone(streams, "vs_mic", reference=speaker.reference, on_notice=notices)
            listening = asyncio.create_task(collect(microphone, got))
            await asyncio.sleep(1.0)
            with card.hanging():
                await notices.until("microphone_lost")
                await notices.until("loudspeaker_lost")
                await notices.until("sound_hangs")
                at_loss = len(got)
                await asyncio.sleep(0.5)
                assert len(got) > at_loss + 8  # audio time goes on, in silence
            await notices.until("microphone_back")
            await notices.until("loudspeaker_back")
            assert not listening.done()
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listening
        captured = np.array([frame.captured_at for frame in got])
        assert np.diff(captured).min() > -0.1  # nothing comes late from the stream that was given up
        assert np.diff(captured).max() < 0.3
        assert notices.codes.count("sound_hangs") == 1

    run(live())


def test_a_suspended_sink_is_noticed_and_resumed(card: SoundCard) -> None:
    async def live() -> None:
        notices = Notices()
        async with Loudspeaker(SoundStreams(), "vs_speaker", on_notice=notices) as speaker:
            await asyncio.sleep(0.2)
            await asyncio.to_thread(card.control, "suspend-sink", "speaker", "1")
            await notices.until("loudspeaker_lost")
            assert notices.codes == ["loudspeaker_lost"]
            await asyncio.to_thread(card.control, "suspend-sink", "speaker", "0")
            await notices.until("loudspeaker_back")
            await speaker.play(sound(0, noise(0.2)))
            async with asyncio.timeout(LONG):
                await speaker.drain()

    run(live())


def test_a_stream_that_is_interrupted_for_another_while_it_opens_comes_back(
    card: SoundCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_at_once = SoundProcess.open
    interrupted: list[int] = []

    async def open_and_interrupt(process: SoundProcess, stream: int, carrier: Carrier, **wish: object) -> object:
        opened = await open_at_once(process, stream, carrier, **wish)
        if not interrupted:
            interrupted.append(stream)
            assert isinstance(carrier, KeptStream)
            await carrier.release()
            carrier.lose("")
        return opened

    async def live() -> None:
        notices = Notices()
        async with Loudspeaker(SoundStreams(), "vs_speaker", on_notice=notices) as speaker:
            monkeypatch.setattr(SoundProcess, "open", open_and_interrupt)
            await asyncio.to_thread(card.control, "suspend-sink", "speaker", "1")
            await notices.until("loudspeaker_lost")
            await asyncio.to_thread(card.control, "suspend-sink", "speaker", "0")
            await notices.until("loudspeaker_back")
            await speaker.play(sound(0, noise(0.2)))
            async with asyncio.timeout(LONG):
                await speaker.drain()
        assert interrupted

    run(live())


def test_a_loudspeaker_that_stays_away_costs_the_answer_and_not_the_program(
    card: SoundCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicestream.backends.loudspeaker.PATIENCE", 0.3)

    async def live() -> None:
        notices = Notices()
        async with Loudspeaker(SoundStreams(), "vs_speaker", on_notice=notices) as speaker:
            await speaker.play(sound(0, noise(1.5)))
            await asyncio.sleep(0.3)
            card.kill()
            with pytest.raises(DeviceError, match="lost"):
                await speaker.drain()
            with pytest.raises(DeviceError, match="lost"):
                await speaker.play(sound(1, noise(0.1)))
            (account, *_) = speaker.stop()
            assert 0 < account.seconds < 1.4
            await asyncio.to_thread(card.start)
            await notices.until("loudspeaker_back")
            await speaker.play(sound(2, noise(0.2)))
            await speaker.drain()
            assert [account.is_whole for account in speaker.stop()] == [True]

    run(live())


@on_a_busy_machine
@pytest.mark.parametrize("harm", [signal.SIGKILL, signal.SIGSTOP])
def test_a_process_of_portaudio_that_dies_or_hangs_costs_neither_the_streams_nor_a_word(
    card: SoundCard, harm: signal.Signals
) -> None:
    played = noise(1.9, 8)

    async def live() -> Samples:
        notices, got = Notices(), list[Frame]()
        streams = SoundStreams()
        async with Loudspeaker(streams, "vs_speaker", on_notice=notices) as speaker:
            listening = asyncio.create_task(collect(Microphone(streams, "vs_mic", on_notice=notices), got))
            await asyncio.sleep(0.3)
            with card.recording() as recording:
                await asyncio.sleep(0.3)
                await speaker.play(sound(0, played))
                await asyncio.sleep(0.3)
                os.kill(streams.process().number, harm)
                async with asyncio.timeout(LONG):
                    await speaker.drain()
                await asyncio.sleep(0.2)
            before = len(got)
            await asyncio.sleep(0.3)
            assert len(got) > before + 4
            assert not listening.done()
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listening
        assert [account.is_whole for account in speaker.stop()] == [True]
        return recording.samples

    heard = asyncio.run(live())
    assert found_at(heard, played[-RATE // 2 :])[1] > 0.99  # what had not been given to the device is heard


def test_a_voice_begins_beside_a_sound_server_that_hangs(card: SoundCard, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "voicestream", "say", "hello", "--output", str(tmp_path / "hello.wav")]
    with card.hanging():
        subprocess.run([*command, "--set", "speaking.engine=pyttsx3"], timeout=30, check=True)
    assert (tmp_path / "hello.wav").stat().st_size > 10_000


def test_a_sound_server_that_hangs_at_the_start_is_told(card: SoundCard) -> None:
    script = (
        "from voicestream.backends import sound_process\n"
        "from voicestream.cli import main\n"
        "sound_process.BEGINS = 1.0\n"
        "raise SystemExit(main(['devices']))\n"
    )
    with card.hanging():
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 69
    assert done.stderr.startswith("voicestream: the sound system does not answer; ")
    assert done.stderr.count("\n") == 1
