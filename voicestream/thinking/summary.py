"""A summary of the turns that the history had to drop, written by the model itself."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing

from voicestream.parts import Model
from voicestream.thinking.system_prompt import without_moment
from voicestream.vocabulary import Delta, Message

LONGEST = 1500
"""Characters of a summary."""

_TASK = (
    "Summarize this conversation between a user and a voice assistant in at most eight short sentences, for the "
    "assistant's own memory. Keep names, numbers, decisions, and what the user likes or asked to remember. "
    "Write nothing else."
)


async def summarize(model: Model, dropped: Sequence[Message], before: str = "") -> str:
    """Return a summary of `dropped` and of the summary `before` it; raise ModelError."""
    lines = [f"Summary of what came before: {before}"] if before else []
    for message in dropped:
        if message.role in ("user", "assistant") and message.content:
            lines.append(f"{message.role}: {without_moment(message.content)}")
    written = ""
    async with aclosing(model.stream([Message("system", _TASK), Message("user", "\n".join(lines))])) as parts:
        async for part in parts:
            if isinstance(part, Delta):
                written += part.text
            if len(written) > LONGEST:
                break
    return written.strip()[:LONGEST]
