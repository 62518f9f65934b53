"""What a check of this machine finds. It holds figures and names, never a key and never a recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Status = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    check: str
    status: Status
    message: str
    fix: str = ""
    """What to do about it; empty where all is well."""
    figures: dict[str, float] = field(default_factory=dict)
    """What was measured; seconds, decibels or bytes, as the name says."""


def would_talk(findings: Sequence[Finding]) -> bool:
    """Return whether `talk` would work."""
    return all(finding.status != "problem" for finding in findings)
