"""What is free goes back to the system while a conversation goes on."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

import pytest

from voicestream.events import Answer, Event, Events, SpeechIgnored
from voicestream.sessions.memory import give_memory_back

PIECES, PIECE = 4000, 4000
"""16 MB in pieces that are too small to be given back one by one."""


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 2**20


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="only glibc keeps what is free"
)
@pytest.mark.parametrize(
    "event",
    [
        SpeechIgnored(reason="silence", text=""),
        Answer(turn=1, text="Yes.", heard="Yes.", finish="stop"),
    ],
)
def test_memory_goes_back_when_a_speech_is_done_with(event: Event) -> None:
    events = Events()
    give_memory_back(events)
    library = ctypes.CDLL(None)
    library.malloc.restype = ctypes.c_void_p
    library.free.argtypes = [ctypes.c_void_p]
    pieces = [library.malloc(PIECE) for _ in range(PIECES + 1)]
    for piece in pieces[:-1]:
        ctypes.memset(piece, 1, PIECE)
        library.free(piece)  # the last one, above them, stays: the heap cannot shrink
    before = resident_mb()
    events.emit(event)
    after = resident_mb()
    library.free(pieces[-1])
    assert before - after > 10
