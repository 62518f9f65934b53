"""Skips what this machine lacks, each with its reason."""

from __future__ import annotations

import pytest
from spoken import has_espeak

from voicestream.backends.voice_process import ESPEAK, PYTTSX3, ChildProgram


@pytest.fixture(params=[PYTTSX3, ESPEAK], ids=["pyttsx3", "espeak"])
def program(request: pytest.FixtureRequest) -> ChildProgram:
    """Return each of the two programs that drive espeak-ng."""
    if not has_espeak():
        pytest.skip("libespeak-ng.so.1 is not installed (apt install espeak-ng)")
    assert isinstance(request.param, ChildProgram)
    return request.param
