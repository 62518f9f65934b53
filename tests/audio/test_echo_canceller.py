"""The assistant's own voice is taken out, the user's is kept, and nothing is touched while nothing plays."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np
import pytest

from voicestream.backends.echo_canceller import (
    EchoCanceller,
    Pcm16,
    Suppressor,
    WebRtcSuppressor,
    is_cancelled_by_system,
    open_canceller,
)
from voicestream.backends.microphone import WIRED
from voicestream.bench.room import Room, RoomSettings
from voicestream.hearing.echo_path import Echo, EchoPath
from voicestream.hearing.near_end import power
from voicestream.speaking.reference import Reference
from voicestream.vocabulary import FRAME_SAMPLES, FRAME_SECONDS, SAMPLE_RATE, Frame, Samples


def voice(seconds: float, seed: int) -> Samples:
    """Return noise with the spectrum and the syllables of speech."""
    chance = np.random.default_rng(seed)
    count = round(seconds * SAMPLE_RATE)
    spectrum = np.fft.rfft(chance.standard_normal(count))
    hertz = np.fft.rfftfreq(count, 1 / SAMPLE_RATE)
    spectrum *= (hertz / 200) / (1 + (hertz / 500) ** 2)
    samples = np.fft.irfft(spectrum, count)
    syllables = np.repeat(chance.choice([0.05, 0.5, 1.0], count // 2_000 + 1), 2_000)[:count]
    samples *= np.convolve(syllables, np.ones(400) / 400, "same")
    return (0.2 * samples / np.abs(samples).max()).astype(np.float32)


class Player:
    """A loudspeaker that has played `far` from time 0 on."""

    def __init__(self, far: Samples) -> None:
        self._reference = Reference(SAMPLE_RATE, seconds=len(far) / SAMPLE_RATE + 1)
        self._reference.time.note(0, 0.0)
        self._reference.add(far, 0)

    def reference(self, time: float, count: int) -> Samples:
        return self._reference.read(time, count)


def frames(samples: Samples) -> Iterable[Frame]:
    for index in range(len(samples) // FRAME_SAMPLES):
        piece = samples[index * FRAME_SAMPLES : (index + 1) * FRAME_SAMPLES]
        yield Frame(piece, index * FRAME_SECONDS, (index + 1) * FRAME_SECONDS)


def echo_of(far: Samples, delay: float) -> Samples:
    chance = np.random.default_rng(9)
    length = SAMPLE_RATE // 5
    response = chance.standard_normal(length) * 10 ** (-3 * np.arange(length) / length)
    response[0] = 4
    response = np.concatenate((np.zeros(round(delay * SAMPLE_RATE)), response / np.linalg.norm(response)))
    return (0.5 * np.convolve(far, response)[: len(far)]).astype(np.float32)


def suppressor() -> Suppressor:
    pytest.importorskip("livekit.rtc", reason="needs the extra aec (livekit)")
    return WebRtcSuppressor()


def decibels(before: Samples, after: Samples) -> float:
    return float(10 * np.log10(np.mean(np.square(before)) / (np.mean(np.square(after)) + 1e-12)))


def cancel(canceller: EchoCanceller, microphone: Samples, far: Samples) -> tuple[Samples, Samples]:
    player = Player(far)
    clean = [canceller.cancel(frame, player) for frame in frames(microphone)]
    hard = [frame.samples if frame.for_detector is None else frame.for_detector for frame in clean]
    return np.concatenate([frame.samples for frame in clean]), np.concatenate(hard)


@pytest.mark.parametrize("delay", [0.02, 0.15, 0.3])
def test_the_own_voice_is_taken_out_of_both_signals_at_any_delay(delay: float) -> None:
    far = voice(14, 1)
    echo = echo_of(far, delay)
    soft, hard = cancel(EchoCanceller(suppressor()), echo, far)
    late = slice(-4 * SAMPLE_RATE, -SAMPLE_RATE)
    assert decibels(echo[late], soft[late]) > 12
    assert decibels(echo[late], hard[late]) > 25


def test_a_late_echo_is_taken_out_soon_after_the_first_sound() -> None:
    far = voice(4, 1)
    echo = echo_of(far, 0.2)
    soft, _ = cancel(EchoCanceller(None), echo, far)
    assert decibels(echo[:SAMPLE_RATE], soft[:SAMPLE_RATE]) < 3, "its delay is not known yet"
    soon = slice(2 * SAMPLE_RATE, 3 * SAMPLE_RATE)
    assert decibels(echo[soon], soft[soon]) > 8


def test_an_echo_within_reach_is_moved_to_its_begin_and_stays_known() -> None:
    """The room's tail of 0.1 s would end beyond the filter's 0.26 s."""
    far = voice(8, 1)
    echo = echo_of(far, 0.2)
    canceller, player = EchoCanceller(None), Player(far)
    left = np.array([power(canceller.cancel(frame, player).samples) for frame in frames(echo)])
    before = np.array([power(frame.samples) for frame in frames(echo)])
    seconds = np.arange(len(left)) * FRAME_SECONDS
    gains = [
        left[(seconds > at) & (seconds < at + 1)].sum() / before[(seconds > at) & (seconds < at + 1)].sum()
        for at in range(1, 7)
    ]
    assert max(b / a for a, b in pairwise(gains)) < 2, "nothing is forgotten when the far end moves"
    assert gains[-1] < 0.02


def test_the_users_voice_stays_whole_for_the_recognizer() -> None:
    far, near = voice(12, 1), voice(12, 2)
    near[: 8 * SAMPLE_RATE] = 0
    echo = echo_of(far, 0.04)
    soft, _ = cancel(EchoCanceller(None), echo + near, far)
    late = slice(9 * SAMPLE_RATE, 11 * SAMPLE_RATE)
    share = float(np.dot(soft[late], near[late]) / np.dot(near[late], near[late]))
    assert 20 * np.log10(share) == pytest.approx(0, abs=1)
    assert decibels(near[late], soft[late] - near[late]) > decibels(near[late], echo[late]) + 6


@pytest.mark.parametrize("speaks", [True, False])
def test_who_speaks_when_the_first_short_sound_begins_is_heard_by_the_detector(speaks: bool) -> None:
    """The sound of waking, in a room of which nothing is known; the wake phrase and the question are one breath."""
    near = voice(4, 1) if speaks else np.zeros(4 * SAMPLE_RATE, np.float32)
    near[:SAMPLE_RATE] = 0.0
    far = np.zeros_like(near)
    chime = slice(2 * SAMPLE_RATE, 2 * SAMPLE_RATE + SAMPLE_RATE // 7)
    far[chime] = 0.2 * np.sin(2 * np.pi * 880 * np.arange(SAMPLE_RATE // 7) / SAMPLE_RATE)
    heard = near + echo_of(far, 0.04) + 1e-4 * np.random.default_rng(1).standard_normal(len(near)).astype(np.float32)
    _, hard = cancel(EchoCanceller(None), heard.astype(np.float32), far)
    during = hard[2 * SAMPLE_RATE : 3 * SAMPLE_RATE].reshape(-1, 500)
    assert bool(during.any(axis=1).mean() > 0.9) == speaks


def test_frames_pass_untouched_while_nothing_plays() -> None:
    canceller = EchoCanceller(None)
    player = Player(np.zeros(SAMPLE_RATE, np.float32))
    for frame in frames(voice(1, 3)):
        assert canceller.cancel(frame, player) is frame


def test_without_the_extra_the_own_voice_is_taken_out_too_and_the_users_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = builtins.__import__

    def refuse(name: str, *rest: object) -> object:
        if name.startswith("livekit"):
            raise ImportError(name)
        return real(name, *rest)  # type: ignore[arg-type] # the arguments of __import__, passed on

    monkeypatch.setattr(builtins, "__import__", refuse)
    far, near = voice(12, 1), voice(12, 2)
    near[: 8 * SAMPLE_RATE] = 0
    echo = echo_of(far, 0.04)
    soft, hard = cancel(open_canceller(), echo + near, far)
    alone, both = slice(6 * SAMPLE_RATE, 8 * SAMPLE_RATE), slice(9 * SAMPLE_RATE, 11 * SAMPLE_RATE)
    assert decibels(echo[alone], hard[alone]) > 30
    assert np.count_nonzero(hard[both] == soft[both]) > 0.5 * len(hard[both])  # its syllables: half of it is pauses


def test_what_was_learned_of_the_room_is_kept_while_the_microphone_is_muted() -> None:
    far = voice(16, 1)
    echo = echo_of(far, 0.04)
    muted = echo.copy()
    muted[8 * SAMPLE_RATE : 13 * SAMPLE_RATE] = 0
    after = slice(13 * SAMPLE_RATE, 14 * SAMPLE_RATE)
    soft, _ = cancel(EchoCanceller(None), muted, far)
    assert decibels(echo[after], soft[after]) > 12


def test_a_microphone_that_mutes_itself_between_words_hands_on_the_first_word_over_the_loudspeaker() -> None:
    far, near = voice(12, 1), np.zeros(12 * SAMPLE_RATE, np.float32)
    question = slice(2 * SAMPLE_RATE)
    far[question], near[question] = 0, voice(2, 3)
    word = slice(8 * SAMPLE_RATE, 8 * SAMPLE_RATE + 8 * FRAME_SAMPLES)
    near[word] = voice(12, 2)[word]
    _, hard = cancel(EchoCanceller(None), near, far)
    assert np.count_nonzero(hard[word]) > 0.9 * np.count_nonzero(near[word])


def test_nobody_is_near_when_a_muted_microphone_hears_the_loudspeaker_at_last() -> None:
    far = voice(12, 1)
    echo = echo_of(far, 0.3)
    echo[: 6 * SAMPLE_RATE] = 0
    canceller, player = EchoCanceller(None), Player(far)
    assert not any(canceller.cancel(frame, player).is_near for frame in frames(echo))


class Watched:
    """A suppressor that leaves all as it is, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def process(self, near: Pcm16, far: Pcm16) -> Pcm16:
        self.asked += 1
        return near


def test_the_suppressor_is_asked_only_where_the_filter_leaves_too_much() -> None:
    far = voice(14, 1)
    rooms = {"clear": echo_of(far, 0.04), "rattling": echo_of(np.abs(far) - np.abs(far).mean(), 0.04)}
    asked = {}
    for room, echo in rooms.items():
        watched = Watched()
        cancel(EchoCanceller(watched), echo, far)
        asked[room] = watched.asked
    assert asked["clear"] == 0
    assert asked["rattling"] > 7 / FRAME_SECONDS, "it decides for more than half of the time"


def test_a_rattling_loudspeaker_is_silenced_by_the_suppressor() -> None:
    """Also when AEC3 gives up, 8 s after it was first asked, for so little of the echo is linear: the levels tell."""
    far = voice(20, 1)
    echo = echo_of(np.abs(far) - np.abs(far).mean(), 0.04)
    soft, hard = cancel(EchoCanceller(suppressor()), echo, far)
    late = slice(3 * SAMPLE_RATE, 19 * SAMPLE_RATE)
    assert decibels(echo[late], soft[late]) < 6
    assert decibels(echo[late], hard[late]) > 12


def test_the_systems_own_canceller_is_known_by_its_name() -> None:
    assert is_cancelled_by_system("Echo-Cancel Source")
    assert not is_cancelled_by_system("USB microphone")


def measurements(path: EchoPath, near: Samples, far: Samples) -> Iterator[tuple[Echo, float]]:
    """Yield what is measured in a second each, and the likeness."""
    for mine, theirs in zip(frames(near), frames(far), strict=True):
        if echo := path.add(mine.samples, theirs.samples):
            yield echo, path.likeness(echo)


@pytest.mark.parametrize("delay", [-0.1, 0.0, 0.04, 0.35])
def test_the_delay_of_an_echo_is_measured(delay: float) -> None:
    far = voice(6, 5)
    near = np.roll(echo_of(far, 0.0), round(delay * SAMPLE_RATE))
    measured = list(measurements(EchoPath(), near, far))
    assert len(measured) >= 4
    assert np.median([echo.delay for echo, _ in measured]) == pytest.approx(delay, abs=0.001)
    assert max(likeness for _, likeness in measured) < 0.95


@pytest.mark.parametrize("samples", [-512, 1024])
def test_a_far_end_that_is_moved_is_measured_on(samples: int) -> None:
    far = voice(6, 5)
    near = np.roll(echo_of(far, 0.0), 1600)
    path, later, half = EchoPath(0.25), np.roll(far, samples), 3 * SAMPLE_RATE
    list(measurements(path, near[:half], far[:half]))
    path.move(samples)
    delays = [echo.delay for echo, _ in measurements(path, near[half:], later[half:])]
    assert len(delays) > 8
    assert delays == pytest.approx([(1600 - samples) / SAMPLE_RATE] * len(delays), abs=0.001)


def test_a_wire_is_no_room() -> None:
    far = voice(6, 5)
    near = np.roll(far, 777) * np.float32(0.3)
    assert min(likeness for _, likeness in measurements(EchoPath(), near, far)) > 0.99


def test_a_microphone_close_to_the_loudspeaker_is_no_wire() -> None:
    """The loudspeaker has bass from 80 Hz on, and its own sound is 15 dB above the room's."""
    far, length = voice(6, 5), SAMPLE_RATE // 3
    room = np.random.default_rng(4).standard_normal(length) * 10 ** (-3 * np.arange(length) / length)
    response = 10 ** (-15 / 20) * room / np.linalg.norm(room)
    response[0] += 1
    turns = 1j * np.fft.rfftfreq(2 * len(far), 1 / SAMPLE_RATE) / 80
    bass = turns**2 / (1 + np.sqrt(2) * turns + turns**2)
    spectrum = np.fft.rfft(far, 2 * len(far)) * np.fft.rfft(response, 2 * len(far)) * bass
    near = np.fft.irfft(spectrum)[: len(far)].astype(np.float32)
    likenesses = [likeness for _, likeness in measurements(EchoPath(), near, far)]
    assert 0.9 < max(likenesses) < WIRED


def test_strangers_are_not_taken_for_an_echo() -> None:
    measured = list(measurements(EchoPath(), voice(6, 6), voice(6, 7)))
    assert measured
    assert all(echo.sharpness < 12 and likeness < 0.5 for echo, likeness in measured)
    assert all(echo.drift is None for echo, _ in measured)


def test_a_voice_that_is_louder_than_the_echo_is_told_to_be_near() -> None:
    far, near = voice(12, 1), voice(12, 2)
    near[: 8 * SAMPLE_RATE] = 0
    canceller, player = EchoCanceller(None), Player(far)
    are_near = np.array([canceller.cancel(frame, player).is_near for frame in frames(echo_of(far, 0.04) + near)])
    alone, both = (slice(round(begin / FRAME_SECONDS), round(end / FRAME_SECONDS)) for begin, end in ((4, 8), (9, 11)))
    assert not are_near[alone].any()
    assert are_near[both].mean() > 0.25  # its syllables: half of it is pauses, and its weak ones are no louder


def test_who_spoke_over_the_loudspeaker_is_near_until_they_fall_silent_though_it_is_silent() -> None:
    far, near = voice(14, 1), voice(14, 2)
    far[9 * SAMPLE_RATE :] = 0  # it was paused for them
    near[: 8 * SAMPLE_RATE] = near[11 * SAMPLE_RATE : 12 * SAMPLE_RATE] = 0
    canceller, player = EchoCanceller(None), Player(far)
    are_near = np.array([canceller.cancel(frame, player).is_near for frame in frames(echo_of(far, 0.04) + near)])
    seconds = np.arange(len(are_near)) * FRAME_SECONDS
    assert are_near[(seconds > 9.6) & (seconds < 11)].mean() > 0.25
    assert not are_near[seconds > 11.1].any(), "what begins after a pause is for the detector to tell"


@pytest.mark.parametrize("drift", [0.0, -100e-6, 100e-6])
def test_two_devices_whose_clocks_drift_apart_are_followed(drift: float) -> None:
    far = voice(16, 1)
    room = Room(RoomSettings(delay=0.05, echo_db=0.0, snr_db=60.0, drift=drift, seed=2), far_level=0.05)
    count = len(far) // FRAME_SAMPLES * FRAME_SAMPLES
    microphone = np.concatenate([room.mix(frame) for frame in far[:count].reshape(-1, FRAME_SAMPLES)])
    clean, _ = cancel(EchoCanceller(None), microphone, far)
    late = slice(12 * SAMPLE_RATE, count)
    assert decibels(microphone[late], clean[late]) > 20


def test_a_room_without_a_strongest_reflection_is_known_by_how_it_looked_a_second_before() -> None:
    """Now this reflection is measured, now that, and none of them sharply."""
    far = voice(8, 1)
    room = Room(RoomSettings(rt60=0.6, delay=0.3, echo_db=-10.0, snr_db=20.0, drift=-100e-6, seed=2003), far_level=0.05)
    count = len(far) // FRAME_SAMPLES * FRAME_SAMPLES
    microphone = np.concatenate([room.mix(frame) for frame in far[:count].reshape(-1, FRAME_SAMPLES)])
    clean, _ = cancel(EchoCanceller(None), microphone, far)
    soon = slice(2 * SAMPLE_RATE, 4 * SAMPLE_RATE)
    assert decibels(microphone[soon], clean[soon]) > 2


@pytest.mark.parametrize("is_told", [False, True])
def test_what_slipped_in_a_pause_did_not_slip_within_a_second(is_told: bool) -> None:
    far = voice(6, 1)
    path, drifts = EchoPath(), list[float]()
    for slip in (0, 8):
        near = np.concatenate((np.zeros(slip, np.float32), echo_of(far, 0.03)))
        for begin in range(0, len(far) - FRAME_SAMPLES, FRAME_SAMPLES):
            frame = slice(begin, begin + FRAME_SAMPLES)
            echo = path.add(near[frame], far[frame])
            if echo and echo.drift is not None:
                drifts.append(abs(echo.drift))
        if is_told:
            path.interrupt()
    assert len(drifts) > 5
    assert (max(drifts) < 5e-6) is is_told
