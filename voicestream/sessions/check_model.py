"""Asks the language model for one word, and takes the time to the first piece of its answer."""

from __future__ import annotations

import os
import time
from contextlib import aclosing

from voicestream.config import Config
from voicestream.model_choice import HOW_TO_CONNECT, choose_model
from voicestream.sessions.findings import Finding
from voicestream.vocabulary import Delta, Finish, Message, ModelPart

SLOW = 2.0
"""Seconds to the first piece from which a conversation drags."""

QUESTION = Message("user", "Answer with the one word: yes")


async def check_model(config: Config) -> Finding:
    """Take the time to the first piece of an answer; raise ModelError or ConfigError."""
    model, name, hint = await choose_model(config.thinking, os.environ)
    if model is None:
        if hint:
            return Finding("model", "warning", "none was found: the built-in assistant answers", HOW_TO_CONNECT)
        return Finding("model", "ok", f"{name} answers")
    async with model:
        begin, first = time.monotonic(), 0.0
        async with aclosing(model.stream((QUESTION,))) as parts:
            async for part in parts:
                if _is_answer(part):
                    first = time.monotonic() - begin
                    break
    message, figures = f"{name}: first piece after {first:.2f} s", {"first_token_seconds": round(first, 3)}
    if hint:
        return Finding("model", "warning", message, hint, figures)
    if first > SLOW:
        return Finding("model", "warning", message, "a smaller or nearer model answers sooner", figures)
    return Finding("model", "ok", message, figures=figures)


def _is_answer(part: ModelPart) -> bool:
    return isinstance(part, (Delta, Finish))
