"""Laws of `voicestream bench voice`: its figures come from the real parts, and its peers are read right."""

from __future__ import annotations

import json
import sys

import pytest
from spoken import has_espeak

from voicestream.bench.voice_peers import SAVE_TO_FILE, _run
from voicestream.cli import main

needs_espeak = pytest.mark.skipif(not has_espeak(), reason="libespeak-ng.so.1 is not installed (apt install espeak-ng)")

PEER = """
def speak(text):
    mark("pcm")
    print("noise of a library")
    mark("pcm")
    if cancel_after:
        stopped.wait()
stopped = threading.Event()
stop = stopped.set
"""


@needs_espeak
def test_the_bench_finds_nothing_lost_repeated_or_cut(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--count", "2", "--endurance", "20", "--kills", "3", "--engines", "espeak", "--json", "--no-peers"]
    assert main(["bench", "voice", *words]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    figures = {record["figure"]: record["value"] for record in records}
    assert figures["20 utterances: lost, repeated or cut"] == "0"
    assert figures["3 children killed or hung: others lost, twice or cut"].startswith("0 ")
    assert float(figures["gap between sentences, off the set pause"].split()[0]) <= 10


def test_a_peer_is_timed_by_its_own_marks() -> None:
    marks = _run(sys.executable, PEER, "Hello.", 3, rest=0.0)
    assert len(marks.begun) == len(marks.first_pcm) == 3
    assert all(begun <= pcm for begun, pcm in zip(marks.begun, marks.first_pcm, strict=True))
    assert marks.cancelled == []
    assert marks.megabytes > 1 or sys.platform != "linux"
    (cancelled,) = _run(sys.executable, PEER, "Hello.", 1, rest=0.0, cancel_after=0.01).cancelled
    assert cancelled > 0


@needs_espeak
def test_plain_pyttsx3_can_be_measured() -> None:
    pytest.importorskip("pyttsx3")
    assert len(_run(sys.executable, SAVE_TO_FILE, "Hello.", 2, rest=0.0).first_pcm) == 2
