"""What all tests share."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # virtual_time, sound_card: helpers of several areas

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in the background of a script; programs would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)

os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(
    prefix="voicestream-tests-"
)  # phrases that are kept, not among the user's own

SHARED = Path(os.environ.get("VOICESTREAM_SHARED", Path(__file__).resolve().parents[2] / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The measuring data, which lies beside the checkout where the project is developed."""
    if not (SHARED / "README.md").is_file():
        pytest.skip("needs the recordings beside the checkout, or VOICESTREAM_SHARED")
    return SHARED


SLOW = ("whole", "turns", "living", "audio", "voices")
"""Folders of tests that take long, those with the longest files first."""


@pytest.hookimpl(tryfirst=True)  # before -m looks at the marks
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what plays at a virtual sound card as alone; where two processes share the tests, begin with the longest."""
    for item in items:
        if "card" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.alone)
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: SLOW.index(item.path.parent.name) if item.path.parent.name in SLOW else len(SLOW))
