"""The queue between the sounds of sentences and a device that asks for samples: fades, pause, stop, and what was heard.

It knows no device, no clock and no thread: positions are samples of the device's stream, silence included.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from voicestream.vocabulary import Played, Samples, Sentence, Sound, WordTime

FADE = 0.005
"""Seconds from full loudness to silence: short enough to be at once, long enough not to click."""

MOST_REMEMBERED = 256
"""Sentences of which it is known how much was heard: an answer has fewer, a book that is read aloud has not."""

MarkKind = Literal["started", "ended"]


@dataclass(frozen=True, slots=True)
class Mark:
    """A sentence began, or was rendered to its end."""

    kind: MarkKind
    sentence: Sentence
    position: int
    """Samples of the stream before it."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A block for the device."""

    samples: Samples
    position: int
    """Samples of the stream before it."""
    marks: tuple[Mark, ...] = ()


@dataclass(slots=True)
class _Progress:
    """How far one sentence has come."""

    sentence: Sentence
    words: list[WordTime] = field(default_factory=list)
    given: int = 0
    is_given_whole: bool = False
    is_begun: bool = False
    spans: list[tuple[int, int]] = field(default_factory=list)
    """Position in the stream and length of what was rendered, in order; several where it was paused or ran dry."""

    def heard(self, position: int) -> int:
        return sum(min(max(position - start, 0), length) for start, length in self.spans)


@dataclass(slots=True)
class _Piece:
    progress: _Progress
    samples: Samples
    is_last: bool


class Playback:
    """Takes sounds, gives blocks; every sample is rendered once and in order, or forgotten by a stop."""

    def __init__(self, rate: int, fade: float = FADE) -> None:
        self.rate = rate
        self.position = 0
        """Samples rendered since the start, silence included."""
        self.sounded_to = 0
        """Position after the last sample of a sentence that was rendered."""
        self.is_paused = False
        self._steps = max(1, round(fade * rate))
        self._level = self._steps
        self._is_sounding = False
        self._pieces: deque[_Piece] = deque()
        self._log: deque[_Progress] = deque(maxlen=MOST_REMEMBERED)
        self._tail = np.zeros(0, np.float32)
        self._queued = 0

    @property
    def left(self) -> int:
        """Samples that are not rendered yet."""
        return self._queued + len(self._tail)

    @property
    def queued(self) -> float:
        """Seconds that are not rendered yet."""
        return self.left / self.rate

    @property
    def certain(self) -> int:
        """Samples that can be rendered before the voice must have made more, lest it be faded out."""
        is_whole = bool(self._pieces) and self._pieces[-1].is_last
        return len(self._tail) + (self._queued if is_whole else max(0, self._queued - self._steps))

    @property
    def is_idle(self) -> bool:
        """True when nothing is left to render."""
        return not self._pieces and not len(self._tail)

    def add(self, sound: Sound) -> None:
        """Take a piece of a sentence; pieces of one sentence follow each other."""
        progress = self._log[-1] if self._log else None
        if progress is None or progress.is_given_whole or progress.sentence != sound.sentence:
            progress = _Progress(sound.sentence)
            self._log.append(progress)
        progress.given += len(sound.samples)
        progress.words += sound.words
        progress.is_given_whole = sound.is_last
        self._queued += len(sound.samples)
        self._pieces.append(_Piece(progress, sound.samples, sound.is_last))

    def render(self, count: int) -> Rendered:
        """Return the next `count` samples; zeros where there is nothing to say."""
        samples = np.zeros(count, np.float32)
        start = self.position
        marks: list[Mark] = []
        done = min(count, len(self._tail))
        if done:
            samples[:done], self._tail = self._tail[:done], self._tail[done:]
        done = self._fill(samples, done, marks, start)
        if done:
            self.sounded_to = start + done
        self.position = start + count
        return Rendered(samples, start, tuple(marks))

    def pause(self) -> None:
        """Fade out from the next sample on, and keep the rest."""
        self.is_paused = True
        if not self._is_sounding:  # nothing to fade out: not even a breath of what comes
            self._level = 0

    def resume(self) -> None:
        """Fade in again at the first sample that was not rendered."""
        self.is_paused = False

    def finish(self) -> None:
        """Say that no sound follows: what is held back in case that a late voice goes on is rendered too."""
        if self._pieces:
            self._pieces[-1].is_last = True
            self._pieces[-1].progress.is_given_whole = True

    def stop(self) -> list[Played]:
        """Forget all but a fade; return what is heard of each sentence, the fade and what is on its way included."""
        self.pause()
        fade = np.zeros(self._level, np.float32)
        done = self._fill(fade, 0, [], self.position + len(self._tail))
        self._tail = np.concatenate((self._tail, fade[:done]))
        played = self.played(self.position + len(self._tail))
        self.drop()
        self._log.clear()
        return played

    def drop(self) -> None:
        """Forget all that is not rendered, without a fade."""
        self._pieces.clear()
        self._queued = 0
        self._level = self._steps
        self._is_sounding = False
        self.is_paused = False

    def forget_heard(self) -> None:
        """Begin a new account of what is heard; what waits to be rendered stays."""
        waiting = {id(piece.progress) for piece in self._pieces}
        kept = [progress for progress in self._log if id(progress) in waiting]
        self._log = deque(kept, MOST_REMEMBERED)

    def played(self, position: int) -> list[Played]:
        """Return what has been heard of each sentence that began, when the stream has been heard up to `position`."""
        accounts = []
        for progress in self._log:
            heard = progress.heard(position)
            if heard or (progress.is_begun and not progress.given):
                whole = progress.is_given_whole and heard == progress.given
                total = progress.given / self.rate
                accounts.append(
                    Played(progress.sentence, heard / self.rate, total, tuple(progress.words), is_whole=whole)
                )
        return accounts

    def _fill(self, samples: Samples, done: int, marks: list[Mark], start: int) -> int:
        """Write queued pieces into `samples`, which begin at `start` of the stream, from `done` on; return the end."""
        while self._pieces and (self._level or not self._is_fading):
            piece = self._pieces[0]
            if done == len(samples) and len(piece.samples):
                break
            if not piece.progress.is_begun:
                piece.progress.is_begun = True
                marks.append(Mark("started", piece.progress.sentence, start + done))
            count = min(len(piece.samples), len(samples) - done, self._steady)
            samples[done : done + count] = self._faded(piece.samples[:count])
            self._account(piece.progress, start + done, count)
            piece.samples = piece.samples[count:]
            done += count
            if not len(piece.samples):
                self._pieces.popleft()
                if piece.is_last:
                    marks.append(Mark("ended", piece.progress.sentence, start + done))
        self._is_sounding = bool(self._level and self._pieces) and done == len(samples)
        return done

    @property
    def _is_late(self) -> bool:
        """Whether the voice has not made the rest of the sentence, and what is there is just enough to fade out."""
        return not self._pieces[-1].is_last and self._queued <= self._steps

    @property
    def _is_fading(self) -> bool:
        return self.is_paused or self._is_late

    @property
    def _steady(self) -> int:
        """Samples until the fade changes its direction."""
        if self._is_fading:
            return self._level
        return self._queued if self._pieces[-1].is_last else self._queued - self._steps

    def _account(self, progress: _Progress, position: int, count: int) -> None:
        self._queued -= count
        if not count:
            return
        if progress.spans and sum(progress.spans[-1]) == position:
            begin, length = progress.spans.pop()
            progress.spans.append((begin, length + count))
        else:
            progress.spans.append((position, count))

    def _faded(self, samples: Samples) -> Samples:
        """Return `samples` on the way to silence when fading, on the way back when not."""
        is_fading = self._is_fading
        if not len(samples) or (not is_fading and self._level == self._steps):
            return samples
        direction = -1 if is_fading else 1
        levels = np.clip(self._level + direction * np.arange(1, len(samples) + 1), 0, self._steps)
        self._level = int(levels[-1])
        return samples * (levels / self._steps).astype(np.float32)
