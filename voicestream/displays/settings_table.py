"""The table of settings for the README, made from config.py: `python -m voicestream.displays.settings_table`."""

from __future__ import annotations

import sys

from voicestream.config import Config
from voicestream.config_file import settings, value_of


def settings_table() -> str:
    """Return every key with its default, what is allowed and what it means, as a Markdown table."""
    rows = ["| setting | default | allowed | meaning |", "| --- | --- | --- | --- |"]
    for setting in settings():
        cells = (f"`{setting.path}`", _code(value_of(Config(), setting)), setting.allowed, setting.meaning)
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def _code(value: str) -> str:
    return "empty" if value in ("''", "[]", "{}") else f"`{value}`"


if __name__ == "__main__":
    sys.stdout.write(settings_table())
