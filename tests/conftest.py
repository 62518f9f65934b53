"""What all tests share."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # virtual_time, sound_card: helpers of several areas

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

SOUND_CARDS = ("test_devices", "test_devices_command", "test_doctor", "test_talk_on_a_sound_card")
"""Files whose tests play and listen at a virtual sound card: side by side they would disturb each other."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where two processes share the tests, begin with those that take long, so that both end together."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: SLOW.index(item.path.parent.name) if item.path.parent.name in SLOW else len(SLOW))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give each file to one of the processes, and all at a sound card to the same (Any: xdist has its own log).

    `--dist loadgroup` would be made for that, but xdist 3.8 puts its groups where pytest 9.2 does not look.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return "sound card" if Path(file).stem in SOUND_CARDS else file

    return Scheduling(config, log)
