"""What runs in PortAudio's own threads: blocks are passed on with the times of their samples, and nothing else."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from voicestream.parts import Playing, Recording

PRIORITY, NICENESS = 5, -11
"""Of the audio threads where permitted (limits rtprio and nice): what PulseAudio takes for its own."""


class _StreamTimes(Protocol):
    """Seconds of PortAudio's clock, as its callbacks get them."""

    currentTime: float
    inputBufferAdcTime: float
    outputBufferDacTime: float


def take_precedence() -> None:
    """Run this thread before all others, as far as the system allows: 30 ms of buffer do not outlast a busy machine."""
    if sys.platform != "linux":  # elsewhere PortAudio's threads have it already
        return
    try:
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(PRIORITY))
    except OSError:
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def recorder(wish: Recording, channels: int, rate: int, note: Callable[[], None]) -> Callable[..., None]:
    """Return the callback of a RawInputStream, which notes that it ran and brings a block."""

    def record(block: memoryview, count: int, times: _StreamTimes, flags: object) -> None:
        note()
        ago = times.currentTime - times.inputBufferAdcTime - count / rate
        wish.on_block(bytes(block), channels, ago if 0 <= ago < 1 else 0.0)

    return record


def player(wish: Playing, usual_delay: float, note: Callable[[], None]) -> Callable[..., None]:
    """Return the callback of an OutputStream; `usual_delay` stands for one that cannot be, in seconds."""

    def play(block: NDArray[np.float32], count: int, times: _StreamTimes, flags: object) -> None:
        note()
        delay = times.outputBufferDacTime - times.currentTime
        wish.on_block(block[:, 0], delay if 0 < delay < 2 else usual_delay)
        block[:, 1:] = block[:, :1]

    return play
