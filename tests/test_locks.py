"""The locked packages can be installed on any system: pip works out every marker, also those of other systems."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

LOCKS = sorted((Path(__file__).resolve().parents[1] / "script").glob("requirements*.lock"))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_no_name_of_a_kernel_stops_the_installation(lock: Path) -> None:
    """A marker that compares the kernel, as pyobjc's do, ends pip 25.1 where that is no version: 6.8.0-45-generic."""
    lines = re.findall(r"^[a-z0-9].*==.*", lock.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(lines) > 30
    assert [line for line in lines if re.search(r"platform_(release|version)", line)] == []
