"""The real speech detector: what it hears, at any level and through any microphone's faults."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from spoken_sounds import Find, Say, frames_of

from voicestream.backends.silero import Silero, find_silero
from voicestream.errors import RecognitionError
from voicestream.hearing.frames import FrameCutter
from voicestream.hearing.level import GAIN_MAX, TARGET, Level
from voicestream.hearing.speech_finder import SpeechFinder
from voicestream.vocabulary import (
    FRAME_SAMPLES,
    FRAME_SECONDS,
    SAMPLE_RATE,
    Frame,
    Samples,
    SpeechAudio,
    SpeechEnded,
    SpeechEvent,
    SpeechStarted,
)


def noise(seconds: float, level: float, seed: int = 0) -> Samples:
    return np.random.default_rng(seed).normal(0, level, int(seconds * SAMPLE_RATE)).astype(np.float32)


def spans(events: list[SpeechEvent]) -> list[tuple[float, float]]:
    starts = [event.time for event in events if isinstance(event, SpeechStarted)]
    ends = [event.time for event in events if isinstance(event, SpeechEnded)]
    return list(zip(starts, ends, strict=True))


def is_found(events: list[SpeechEvent], start: float, end: float) -> bool:
    """Whether there is one speech, and it lies where the voice is."""
    found = spans(events)
    return len(found) == 1 and abs(found[0][0] - start) < 0.3 and abs(found[0][1] - end) < 0.3


def test_the_state_is_kept_from_frame_to_frame_and_forgotten_on_reset(say: Say) -> None:
    detector = Silero()
    audio = say("what time is it", before=0.2)
    frames = np.stack([frame.samples for frame in frames_of(audio)])
    first = detector.probabilities(frames)
    again = detector.probabilities(frames)
    detector.reset()
    fresh = detector.probabilities(frames)
    assert max(first) > 0.9
    assert first == fresh
    assert first != again


def test_frames_mean_the_same_one_by_one_and_together(say: Say) -> None:
    frames = np.stack([frame.samples for frame in frames_of(say("what time is it", before=0.2))])
    together = Silero().probabilities(frames)
    detector = Silero()
    assert np.allclose([detector.probabilities(frame[np.newaxis])[0] for frame in frames], together, atol=1e-5)
    chance = random.Random(3)
    for _ in range(5):
        detector = Silero()
        pieces = np.split(frames, sorted(chance.sample(range(1, len(frames)), 12)))
        assert np.allclose([found for piece in pieces for found in detector.probabilities(piece)], together, atol=1e-5)


def test_silence_is_known_by_heart(say: Say) -> None:
    """Zeros, as of a canceller that hears nobody, are as likely a voice together with others as by themselves."""
    said = np.stack([frame.samples for frame in frames_of(say("what time is it", before=0.2))])
    frames = np.concatenate((said, np.zeros((20, FRAME_SAMPLES), np.float32), said))
    together = Silero().probabilities(frames)
    detector = Silero()
    assert np.allclose([detector.probabilities(frame[np.newaxis])[0] for frame in frames], together, atol=1e-5)


def test_it_hears_what_faster_whisper_hears(say: Say) -> None:
    vad = pytest.importorskip("faster_whisper.vad")
    audio = say("turn on the kitchen lights")
    audio = audio[: len(audio) // 512 * 512]
    ours = Silero().probabilities(np.stack([frame.samples for frame in frames_of(audio)]))
    theirs = np.asarray(vad.get_vad_model()(audio)).reshape(-1)
    assert np.allclose(ours[:-1], theirs[: len(ours) - 1], atol=1e-4)


def test_a_missing_or_wrong_file_is_named(tmp_path: Path) -> None:
    assert find_silero().is_file()
    wrong = tmp_path / "silero.onnx"
    wrong.write_bytes(b"not a model")
    with pytest.raises(RecognitionError, match=r"silero\.onnx"):
        Silero(wrong)
    whole = find_silero().read_bytes()
    for length in (0, 1, 100, len(whole) // 2, len(whole) - 1):
        wrong.write_bytes(whole[:length])
        with pytest.raises(RecognitionError, match=r"silero\.onnx"):
            Silero(wrong)


def test_any_cutting_of_the_audio_gives_the_same_events(say: Say) -> None:
    audio = np.concatenate((say("set a timer for five minutes", after=0.4), say("stop", after=2.5)))
    chance = random.Random(8)

    def events(blocks: list[Samples]) -> list[str]:
        cutter, finder, found = FrameCutter(SAMPLE_RATE), SpeechFinder(Silero()), []
        count = 0
        for frames in [*(cutter.add(block) for block in blocks), cutter.finish()]:
            for samples in frames:
                found += finder.find([Frame(samples, count * FRAME_SECONDS)])
                count += 1
        return [repr(event) for event in found + finder.finish()]

    whole = events([audio])
    assert any("SpeechEnded" in event for event in whole)
    for size in (1, 160, 512, 4000):
        if size > 1:
            assert events([audio[at : at + size] for at in range(0, len(audio), size)]) == whole
    cuts = sorted(chance.sample(range(len(audio)), 300))
    assert events(np.split(audio, cuts)) == whole


@pytest.mark.parametrize(
    "fault", ["quiet", "very quiet", "offset", "clipped", "click", "telephone", "hiss", "louder and louder"]
)
def test_a_voice_is_found_through_a_microphones_faults(say: Say, find: Find, fault: str) -> None:
    audio = say("turn on the kitchen lights please", before=2.0, after=2.5)
    loud = np.flatnonzero(np.abs(audio) > 0.006)
    start, end = loud[0] / SAMPLE_RATE, loud[-1] / SAMPLE_RATE
    audio = audio + noise(len(audio) / SAMPLE_RATE, 2e-4)
    match fault:
        case "quiet":
            audio = audio * 0.03
        case "very quiet":
            audio = audio * 0.01
        case "offset":
            audio = audio * 0.5 + 0.3
        case "clipped":
            audio = np.clip(audio * 30, -1, 1)
        case "click":
            audio[:120] = 0.9
        case "telephone":
            spectrum = np.fft.rfft(audio)
            hertz = np.fft.rfftfreq(len(audio), 1 / SAMPLE_RATE)
            spectrum[(hertz < 300) | (hertz > 3400)] = 0
            audio = np.fft.irfft(spectrum, len(audio))
        case "hiss":
            audio = audio + noise(len(audio) / SAMPLE_RATE, 0.01)
        case _:
            audio = audio * np.geomspace(0.05, 4, len(audio))
    assert is_found(find(audio.astype(np.float32)), start, end)


def test_noise_hum_clicks_and_music_are_no_speech(find: Find) -> None:
    time = np.arange(8 * SAMPLE_RATE) / SAMPLE_RATE
    chord = sum(np.sin(2 * np.pi * hertz * time) for hertz in (220, 277.2, 329.6, 440)) * 0.08 * (time % 0.5 < 0.4)
    clicks = np.zeros(len(time))
    clicks[:: SAMPLE_RATE // 7] = 0.8
    for sound in (noise(8, 0.1), noise(8, 0.001), 0.2 * np.sin(2 * np.pi * 50 * time), chord, clicks, 0 * time):
        assert spans(find(sound.astype(np.float32))) == []


def test_every_short_command_is_heard(say: Say, find: Find) -> None:
    for voice in ("en-us+m1", "en-gb+f3", "en-us+m3"):
        for word in ("stop", "yes", "no", "pause", "next"):
            assert len(spans(find(say(word, voice, before=1.0, after=2.5)))) == 1, (voice, word)


def test_the_offset_is_gone_from_what_is_recognized(say: Say, find: Find) -> None:
    audio = say("what time is it", before=1.0, after=1.0) * 0.5 + 0.25
    pieces = [event.samples for event in find(audio.astype(np.float32)) if isinstance(event, SpeechAudio)]
    assert abs(float(np.mean(np.concatenate(pieces)))) < 0.005


def test_the_level_never_falls_nor_rises_beyond_the_limit() -> None:
    level = Level()
    for loudness in (1e-4, 0.5, 1e-4, 1e-3):
        for seed in range(40):
            frame = noise(FRAME_SECONDS, loudness, seed)
            lifted = level.lifted(frame[np.newaxis])
            assert np.all(np.abs(lifted) >= np.abs(np.clip(frame, -1, 1)) - 1e-6)
            assert np.max(np.abs(lifted)) <= min(1.0, GAIN_MAX * np.max(np.abs(frame)) + 1e-6)
    assert TARGET < 1


def test_ten_minutes_of_silence_leave_nothing_behind() -> None:
    class Quiet:
        def probabilities(self, frames: Samples) -> list[float]:
            return [0.01] * len(frames)

    finder = SpeechFinder(Quiet())
    silence = noise(FRAME_SECONDS, 1e-4)
    for index in range(round(600 / FRAME_SECONDS)):
        assert len(finder.find([Frame(silence, index * FRAME_SECONDS)])) == 1
    assert not any(isinstance(event, SpeechAudio) for event in finder.finish())


@pytest.mark.parametrize(
    ("likeness", "is_near", "is_heard"), [(0.3, True, True), (0.3, False, False), (0.05, True, True)]
)
def test_what_is_louder_than_echo_and_noise_needs_no_likeness_to_a_voice(
    likeness: float, is_near: bool, is_heard: bool
) -> None:
    class Unsure:
        def probabilities(self, frames: Samples) -> list[float]:
            return [likeness] * len(frames)

    finder = SpeechFinder(Unsure())
    frames = [Frame(np.zeros(FRAME_SAMPLES, np.float32), 0.032 * count, is_near=is_near) for count in range(10)]
    found = finder.find(frames)
    assert any(isinstance(event, SpeechStarted) for event in found) == is_heard


@pytest.mark.parametrize(("likeness", "believed"), [(0.05, 0.6), (0.5, 0.7), (0.9, 0.9)])
def test_what_is_near_is_believed_only_so_far(likeness: float, believed: float) -> None:
    class Unsure:
        def probabilities(self, frames: Samples) -> list[float]:
            return [likeness] * len(frames)

    frame = Frame(np.zeros(FRAME_SAMPLES, np.float32), 0.0, is_near=True)
    [(_, probability)] = SpeechFinder(Unsure()).rate([frame])
    assert probability == pytest.approx(believed)
