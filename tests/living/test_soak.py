"""A headless conversation that listens and answers for some minutes of audio takes no more and more of anything."""

from __future__ import annotations

import asyncio
import shutil
import sys

import pytest

from voicestream.bench.soak import SETTINGS, soak


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.skipif(not shutil.which("espeak-ng"), reason="needs espeak-ng to speak the questions")
def test_memory_files_threads_and_processes_stay_the_same() -> None:
    settings = (*SETTINGS, "hearing.model=tiny-synthetic", "hearing.language=en")
    outcome = asyncio.run(soak(minutes=6, every=2, settings=settings))
    first, *later = outcome.samples
    assert outcome.samples[-1].turns >= 4
    assert outcome.errors == 0
    assert outcome.growth_after(2) < 5
    assert {sample.files for sample in later} == {first.files}
    assert {sample.processes for sample in later} == {first.processes}
    assert max(sample.threads for sample in later) <= first.threads + 2
