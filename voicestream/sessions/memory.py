"""Keeps the memory of a program that runs for months small: what is free goes back to the system after each speech."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from voicestream.events import Answer, Event, Events, SpeechIgnored

LARGE = 131_072
"""Bytes from which each piece of memory is one of its own, which the system has back as soon as it is free. Without
being told, glibc raises that to 32 MB as it goes, and the samples of every speech leave holes between what stays."""

_MMAP_THRESHOLD = -3
"""M_MMAP_THRESHOLD of mallopt(3)."""


def give_memory_back(events: Events) -> None:
    """From now on, give what is free back after each speech; only glibc keeps it, so elsewhere nothing is done.

    Also after what nobody answers: noise is what takes most, and a day may bring no answer.
    """
    if trim := _trimmer():

        def show(event: Event) -> None:
            if isinstance(event, (Answer, SpeechIgnored)):
                trim(0)

        events.show_on(show)


@contextmanager
def loaded_for_long() -> Iterator[None]:
    """Look for garbage no more in what is loaded now: it stays, and to look through it only costs time and pages."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _trimmer() -> Callable[[int], int] | None:
    if sys.platform != "linux":
        return None
    with suppress(OSError, AttributeError):  # musl has none of them
        library = ctypes.CDLL(None)
        library.mallopt(_MMAP_THRESHOLD, LARGE)
        trim: Callable[[int], int] = library.malloc_trim
        return trim
    return None
