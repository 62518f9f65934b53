"""Says a word while the model is slow to begin, where the user wants that. Knows no model and no voice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from voicestream.parts import Thinker
from voicestream.vocabulary import Delta, Message, ModelNotice, ModelPart, ToolCall


class FillingThinker:
    """A thinker that does not leave the user in silence; fulfils Thinker."""

    def __init__(self, thinker: Thinker, filler: str, after: float) -> None:
        """Say `filler` where the answer has not begun `after` seconds after the user's turn was certain."""
        self._thinker = thinker
        self._filler = Delta(f"{filler}\n\n", is_filler=True)
        self._after = after

    async def answer(self, messages: Sequence[Message], confirmed: asyncio.Event) -> AsyncGenerator[ModelPart, None]:
        """Yield the answer as it is written, at most one filler before it; raise ModelError."""
        async with aclosing(self._thinker.answer(messages, confirmed)) as parts:
            patience = asyncio.ensure_future(self._patience(confirmed))
            step: asyncio.Future[ModelPart | None] | None = None
            try:
                while not patience.done():
                    step = asyncio.ensure_future(anext(parts, None))
                    await asyncio.wait([step, patience], return_when=asyncio.FIRST_COMPLETED)
                    if not step.done():
                        yield self._filler
                    part = await step
                    if part is None:
                        return
                    yield part
                    if _begins(part):
                        break
            finally:
                running: list[asyncio.Future[Any]] = [patience, *filter(None, [step])]  # Any: each its own result
                for task in running:
                    task.cancel()
                await asyncio.wait(running)
            async for part in parts:
                yield part

    async def _patience(self, confirmed: asyncio.Event) -> None:
        await confirmed.wait()
        await asyncio.sleep(self._after)

    async def summarize(self, dropped: Sequence[Message], before: str) -> str:
        """Return a summary of messages and of the summary `before` them; raise ModelError."""
        return await self._thinker.summarize(dropped, before)

    async def warm(self, messages: Sequence[Message]) -> None:
        """Make the next answer to this conversation come sooner, where that can be done; never raise."""
        await self._thinker.warm(messages)


def _begins(part: ModelPart) -> bool:
    """Tell whether something is said or done from here on; a slow tool has a word of its own."""
    match part:
        case Delta(text) | ModelNotice(spoken=text):
            return bool(text.strip())
    return isinstance(part, ToolCall)
