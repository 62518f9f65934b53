"""A minute of conversation in a blink: runs in virtual time, and looks whether a task is left."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from voicestream.stepped_time import SteppedLoop

Result = TypeVar("Result")


def run_in_virtual_time(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end in virtual time, and check that no task is left."""
    with asyncio.Runner(loop_factory=lambda: SteppedLoop(0.0)) as runner:
        result = runner.run(coroutine)
        left = asyncio.all_tasks(runner.get_loop())
        assert not left, f"tasks left behind: {left}"
        return result
