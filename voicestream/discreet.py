"""Takes keys and passwords out of a text that people show to others: reports, settings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

HIDDEN = "…"

_KEY_NAMES = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL", re.IGNORECASE)
"""Parts of the names of environment variables whose values are nobody's business."""

_SHORTEST_KEY = 6
"""Letters; a shorter value (TOKEN_LIMIT=20) would make holes into every text."""

_PASSWORD = re.compile(r"(?<=://)[^\s/@]+@")
"""RFC 3986, 3.2.1: user information stands before the host."""

_QUERY = re.compile(r"(?<=[?&])([\w.-]+)=[^&\s'\"`,;)]+")
"""What a parameter of an address says; which parameters hold keys, only its server knows."""


def find_keys(environment: Mapping[str, str], names: Iterable[str] = ()) -> list[str]:
    """Return the values of variables that look like keys, and of those that the settings name; the longest first."""
    named = set(names)
    found = {
        value.strip()
        for name, value in environment.items()
        if (name in named or _KEY_NAMES.search(name)) and len(value.strip()) >= _SHORTEST_KEY
    }
    return sorted(found, key=len, reverse=True)


def hide_keys(text: str, keys: Iterable[str] = ()) -> str:
    """Return `text` without these keys, and without the passwords and parameters of addresses."""
    for key in keys:
        text = text.replace(key, HIDDEN)
    return _QUERY.sub(rf"\1={HIDDEN}", _PASSWORD.sub(f"{HIDDEN}@", text))
