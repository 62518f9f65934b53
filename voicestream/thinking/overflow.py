"""Shortens a conversation that a model's context window does not hold."""

from __future__ import annotations

from collections.abc import Sequence

from voicestream.vocabulary import Message


def drop_older_half(messages: Sequence[Message]) -> list[Message]:
    """Return `messages` without the older half of the user's turns, each dropped whole with its answers and tools.

    The system prompt and the last turn stay. By half, because each loss of a beginning costs the server's cache.
    """
    starts = [index for index, message in enumerate(messages) if message.role == "user"]
    if len(starts) < 2:
        return list(messages)
    kept_from = starts[(len(starts) + 1) // 2]
    return [message for message in messages[:kept_from] if message.role == "system"] + list(messages[kept_from:])
