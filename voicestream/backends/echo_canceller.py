"""Takes the assistant's own voice out of the microphone, with two cancellers on one microphone.

Our adaptive filter leaves the user's voice whole, for the recognizer and the wake word; the levels of what it leaves
decide whether somebody speaks over us. Where it leaves too much, as of a loudspeaker that rattles, the speech detector
hears what WebRTC's AEC3 leaves (of the livekit wheel, where it is installed): it suppresses harder, but cuts the user's
own voice by 10 dB, and after some seconds of such an echo it gives up; so the levels must tell somebody, too.
"""

from __future__ import annotations

import math
import subprocess
from collections import deque
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from voicestream.hearing.adaptive_filter import AdaptiveFilter
from voicestream.hearing.echo_path import WINDOW, Echo, EchoPath
from voicestream.hearing.echo_slip import EchoSlip
from voicestream.hearing.filter_trust import FilterTrust
from voicestream.hearing.near_end import MEMORY, NearEnd
from voicestream.vocabulary import FRAME_SAMPLES, FRAME_SECONDS, SAMPLE_RATE, Frame, Samples

if TYPE_CHECKING:
    from livekit.rtc import AudioFrame

TEN_MS = SAMPLE_RATE // 100

LEAD = 0.01
"""Seconds that the far end is kept ahead of the echo: a canceller cannot take out what it has not been told."""

FILTER_REACH, SUPPRESSOR_REACH = 0.05, 0.2
"""Seconds of measured delay that filter and suppressor take without their far end being moved. The filter's response is
moved with it, so that the room's tail has all of its length; it costs AEC3 what it learned, and that finds delays up to
0.25 s by itself."""

SURE, CERTAIN, UNMISTAKABLE = 8.0, 12.0, 20.0
"""Sharpness from which a delay is believed that was measured to AGREE seconds WINDOW before, too; of the first one, if
the measurement before found it too; and of the first one alone. With no echo, in noise and under voices, 1 of 100
measurements is sharper than 6, the sharpest of 4,391 was 11; an echo in a room reaches 12 within 1.0 to 2.0 s, and 8 in
noise 5 dB under a voice; one in a quiet room 25 within 0.7 s."""

AGREE = 0.003

ROOM = 0.06
"""Seconds by which a room's strongest reflection may come after its first: now this one is measured, now that."""

DRIFT_GAIN = 0.7
"""Share of a measured drift that counts."""

SLIDES = 60.0
"""Seconds of silence for which a drift is trusted to go on: over a night, a millionth were 30 ms."""

HURRY = 0.25
"""Seconds between two measurements while the delay is not known yet: in simulated rooms an echo beyond the filter's
reach is found 1.0 to 2.0 s after the first sound, with WINDOW 2.0 to 3.2 s; what was said before was lost."""

HURRIED = 20
"""Measurements after which there is no hurry any more: with headphones there is no echo, and each takes 3 ms."""

REPLAYED = 30
"""Frames (1 s) that a new filter learns from what was heard already."""

OPEN = 1.5
"""Seconds after a muted microphone in which nobody is told to be near: a new echo may be louder than expected."""

QUIET = 0.5
"""Seconds after the last sound of the loudspeaker, after which there is no echo left, and nothing to do. With 1 s, who
interrupted and made a short pause was taken for done, for what is no loud voice was still held for echo."""
GOES_ON, LINGERS = 3.0, 0.5
"""Seconds after QUIET for which somebody who spoke over the loudspeaker is told to be near by the levels, and seconds
of a pause after which they are not: the detector, to whom the answer was silence, believes a voice slowly."""

SPOKE = 1.0
"""Seconds for which who speaks when the loudspeaker begins is heard though nothing is known of its echo: the sound that
tells that the assistant woke must not swallow the question that follows the wake phrase."""

Pcm16 = NDArray[np.int16]


class Suppressor(Protocol):
    """Takes FRAME_SAMPLES of both ends, and returns as many of the near end without the echo."""

    def process(self, near: Pcm16, far: Pcm16) -> Pcm16:
        """Return the near end without the echo of the far end."""
        ...


class Player(Protocol):
    """What is asked of a loudspeaker."""

    def reference(self, time: float, count: int) -> Samples:
        """Return `count` samples at SAMPLE_RATE as played from `time` of the program's clock on."""
        ...


class WebRtcSuppressor:
    """AEC3 in blocks of 10 ms; what comes out is 8 ms of blocks, and 8 ms of its own, late."""

    def __init__(self) -> None:
        from livekit.rtc import AudioFrame, AudioProcessingModule

        self._make_frame = AudioFrame
        self._module = AudioProcessingModule(echo_cancellation=True)
        self._near = np.zeros(0, np.int16)
        self._far = np.zeros(0, np.int16)
        # 512 samples are 3.2 blocks: with 128 ahead, there are always enough done blocks for a whole frame.
        self._done = np.zeros(128, np.int16)

    def process(self, near: Pcm16, far: Pcm16) -> Pcm16:
        """Return the suppressed near end."""
        self._near = np.concatenate((self._near, near))
        self._far = np.concatenate((self._far, far))
        while len(self._near) >= TEN_MS:
            self._module.process_reverse_stream(self._frame(self._far[:TEN_MS]))
            frame = self._frame(self._near[:TEN_MS])
            self._module.process_stream(frame)
            self._done = np.concatenate((self._done, np.frombuffer(frame.data, np.int16)))
            self._near, self._far = self._near[TEN_MS:], self._far[TEN_MS:]
        out, self._done = self._done[:FRAME_SAMPLES], self._done[FRAME_SAMPLES:]
        return out

    def _frame(self, samples: Pcm16) -> AudioFrame:
        return self._make_frame(bytearray(samples.tobytes()), SAMPLE_RATE, 1, len(samples))


class EchoCanceller:
    """Aligns what was played with what is heard, first by the devices' times, then by measurement; cancels twice."""

    def __init__(self, suppressor: Suppressor | None) -> None:
        self._suppressor = suppressor
        self._filter = AdaptiveFilter()
        self._path = EchoPath(HURRY)
        self._slip = EchoSlip()
        self._trust = FilterTrust()
        self._near_end = NearEnd()
        self._measured: deque[tuple[float, float]] = deque(maxlen=round(2 * WINDOW / HURRY))
        """When a delay was measured, and what it was."""
        self._measurements = 0
        self._is_aligned = False
        self._open = OPEN
        """Seconds since the microphone was muted."""
        self._quiet = QUIET
        self._spoke = 0.0
        """Seconds for which whoever spoke when the loudspeaker began is taken to go on."""
        self._near_ago = LINGERS
        """Seconds since somebody was near."""
        self._unplayed: deque[Samples] = deque(maxlen=MEMORY)
        """The last frames while nothing was played; they tell the noise, and are looked at when something is played."""
        self._filter_shift = 0.0
        self._suppressor_shift = 0.0
        """Seconds by which the far end of each is held back."""
        self._drift = self._drift_before = 0.0
        """Seconds by which the echo becomes later in a second: the clocks of two devices run apart."""

    def cancel(self, frame: Frame, speaker: Player) -> Frame:
        """Return the frame without the echo; `for_detector` is the one that is suppressed harder."""
        begin = frame.captured_at - FRAME_SECONDS
        far = speaker.reference(begin - self._filter_shift, FRAME_SAMPLES)
        self._near_ago += FRAME_SECONDS
        if not frame.samples.any():
            self._pass_muted(frame, far)
            return frame
        self._open += FRAME_SECONDS
        if self._quiet < SLIDES:
            self._slide()
        was_quiet, self._quiet = self._quiet, 0.0 if far.any() else self._quiet + FRAME_SECONDS
        if self._quiet >= QUIET:
            return self._follow_voice(frame)
        if was_quiet >= QUIET:
            self._begin_to_hear(was_quiet)
        if echo := self._path.add(frame.samples, far):
            self._align(echo, frame.captured_at, speaker)
            far = speaker.reference(begin - self._filter_shift, FRAME_SAMPLES)
        samples, far, has_slipped = self._take_out(frame, far, speaker)
        is_somebody = self._near_end.add(samples, far) and not has_slipped
        if has_slipped:  # a part of the frame was taken out in the wrong place
            self._near_end.forget_voice()
        noise = self._near_end.noise
        is_loud = self._near_end.is_loud and self._trust.is_deserved(noise)
        is_near = (is_loud or self._near_end.is_unmistakable) and self._open > OPEN
        if is_near:
            self._near_ago = 0.0
        if not is_somebody:
            self._trust.judge(frame.samples, samples, noise)
        self._spoke -= FRAME_SECONDS
        is_somebody |= self._spoke > 0 and self._near_end.is_new
        heard = samples
        if self._suppressor is not None and self._trust.is_lost:
            if self._suppressor_shift != self._filter_shift:
                far = speaker.reference(begin - self._suppressor_shift, FRAME_SAMPLES)
            heard = _float(self._suppressor.process(_pcm(frame.samples), _pcm(far)))
        if not is_somebody:
            heard = np.zeros_like(samples)
        return replace(frame, samples=samples, for_detector=heard, is_near=is_near, has_slipped=has_slipped)

    def _begin_to_hear(self, was_quiet: float) -> None:
        """Doubt what a pause of so many seconds may have changed, and look at what was heard in it."""
        self._filter.doubt(round(was_quiet / FRAME_SECONDS))
        self._path.interrupt()
        self._hear_room()
        self._spoke = SPOKE if self._near_end.has_stood_out else 0.0

    def _take_out(self, frame: Frame, far: Samples, speaker: Player) -> tuple[Samples, Samples, bool]:
        """Return what the filter leaves of the frame, the far end that it took out, and whether the echo slipped."""
        left = self._filter.process(frame.samples, far)
        later = self._slip.add(frame.samples, frame.samples - left, self._near_end.noise)
        if later:
            self._hold_back(later, frame.captured_at, speaker)
            begin = frame.captured_at - FRAME_SECONDS
            far = speaker.reference(begin - self._filter_shift, FRAME_SAMPLES)
            left = self._filter.process(frame.samples, far)
        return left, far, bool(later)

    def _follow_voice(self, frame: Frame) -> Frame:
        """Return the frame, in which there is no echo; who spoke over the loudspeaker is near while they do so."""
        if self._near_ago >= LINGERS or self._quiet >= QUIET + GOES_ON:
            self._unplayed.append(frame.samples)
            return frame
        self._near_end.add(frame.samples, np.zeros(FRAME_SAMPLES, np.float32))
        if self._near_end.is_loud:
            self._near_ago = 0.0
        return replace(frame, is_near=self._near_end.is_loud)

    def _pass_muted(self, frame: Frame, far: Samples) -> None:
        """Learn nothing of the room, which did not fall silent; but where no echo was ever measured, that none is.

        For then the microphone may mute itself whenever the user says nothing, and their first word counts.
        """
        if far.any() and not self._is_aligned:
            self._open = 0.0
            self._hear_room()
            self._near_end.add(frame.samples, far)

    def _hear_room(self) -> None:
        """Look at what was heard before something was played."""
        while self._unplayed:
            self._near_end.add(self._unplayed.popleft(), np.zeros(FRAME_SAMPLES, np.float32))

    def _align(self, echo: Echo, now: float, speaker: Player) -> None:
        """Move the far ends when measurements that are sure say that the echo is out of a canceller's reach.

        A room that looks as it did a second before, whose drift is known for that, is one, however blunt.
        """
        ages = [now - at for at, delay in self._measured if abs(echo.delay - delay) <= AGREE]
        least = CERTAIN if any(age < 2 * HURRY for age in ages) else UNMISTAKABLE
        is_first = not self._is_aligned and echo.sharpness >= least
        is_repeated = echo.sharpness >= SURE and any(age > WINDOW - FRAME_SECONDS / 2 for age in ages)
        self._measured.append((now, echo.delay))
        self._measurements += 1
        is_sure = is_first or is_repeated or echo.drift is not None
        self._is_aligned |= is_sure
        if echo.drift is not None:
            self._follow(echo.drift)
        if self._is_aligned or self._measurements >= HURRIED:
            self._path.every = WINDOW
        if not is_sure:
            return
        begin = min(delay for at, delay in self._measured if at >= now - 2 * WINDOW and 0 <= echo.delay - delay < ROOM)
        delay = self._filter_shift + begin
        if not 0 < delay - self._suppressor_shift < SUPPRESSOR_REACH:
            self._suppressor_shift = delay - LEAD
        if not 0 < begin < FILTER_REACH:
            self._move(math.floor((begin - LEAD) / FRAME_SECONDS), now, speaker)

    def _move(self, frames: int, now: float, speaker: Player) -> None:
        """Hold the filter's far end back by that many frames more, with all that was learned and measured of it."""
        later = frames * FRAME_SECONDS
        self._filter_shift += later
        self._measured = deque(((at, delay - later) for at, delay in self._measured), self._measured.maxlen)
        self._path.move(frames * FRAME_SAMPLES)
        self._filter.move(frames)
        if abs(frames) < self._filter.frames:
            self._hear_again(now, speaker)
        else:
            self._near_end = NearEnd()  # what it learned is in the way
            self._trust = FilterTrust()
            self._replay(now, speaker)

    def _hold_back(self, later: float, now: float, speaker: Player) -> None:
        """Hold the far ends back by so many seconds more: the echo has slipped, and the room is what it was."""
        self._filter_shift += later
        self._suppressor_shift += later
        self._hear_again(now, speaker)

    def _hear_again(self, now: float, speaker: Player) -> None:
        """Let the filter hear the far end of the frames before, which it was moved against."""
        for far in self._fars(now, self._filter.frames + 1, speaker):
            self._filter.hear(far)

    def _slide(self) -> None:
        """Hold the far ends back by what the echo has become later in a frame, also in a pause."""
        slide = self._drift * FRAME_SECONDS
        self._filter_shift += slide
        self._suppressor_shift += slide

    def _follow(self, drift: float) -> None:
        """Correct the drift by what is left of it, measured over the last two seconds, in which the far end slid."""
        slid = (self._drift + self._drift_before) / 2
        self._drift_before = self._drift
        self._drift += DRIFT_GAIN * (slid + drift - self._drift)

    def _replay(self, now: float, speaker: Player) -> None:
        """Let the new filter learn from the last second, before the frame that ends `now`; judge it the second time.

        Takes 20 ms, once in a session as a rule.
        """
        fars = self._fars(now, REPLAYED, speaker)
        nears = self._path.near(REPLAYED + 1)[:-1]
        for near, far in zip(nears, fars, strict=True):
            self._filter.process(near, far)
        for near, far in zip(nears, fars, strict=True):
            self._near_end.add(self._filter.process(near, far), far)

    def _fars(self, now: float, count: int, speaker: Player) -> list[Samples]:
        """Return the far end of the frames before the one that ends `now`."""
        begins = now - FRAME_SECONDS * np.arange(count + 1, 1, -1) - self._filter_shift
        return [speaker.reference(float(begin), FRAME_SAMPLES) for begin in begins]


def open_canceller() -> EchoCanceller:
    """Return the canceller, with the suppressor where it is installed; takes 0.2 s, in which livekit is imported."""
    suppressor: Suppressor | None = None
    with suppress(ImportError):
        suppressor = WebRtcSuppressor()
    return EchoCanceller(suppressor)


def is_cancelled_by_system(microphone: str) -> bool:
    """Tell whether the sound server's own canceller stands before this microphone."""
    names = [microphone]
    with suppress(OSError, subprocess.SubprocessError):
        run = subprocess.run(["pactl", "get-default-source"], capture_output=True, text=True, timeout=1, check=True)
        names += [run.stdout] if microphone.casefold() in ("", "default", "pulse", "pipewire") else []
    return any(sign in name.casefold() for name in names for sign in ("echo-cancel", "echo_cancel", "echocancel"))


def _pcm(samples: Samples) -> Pcm16:
    return np.clip(np.round(samples * 32768), -32768, 32767).astype(np.int16)


def _float(pcm: Pcm16) -> Samples:
    return pcm.astype(np.float32) / np.float32(32768)
