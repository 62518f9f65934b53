"""Several models in a row: the next one answers where one fails before it has said anything."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from voicestream.errors import ModelError
from voicestream.parts import Model
from voicestream.vocabulary import Delta, Message, ModelNotice, ModelPart, ToolCall, ToolDescription


class FallbackModel:
    """A Model that is the first of `models` that answers; each with the name that people know it by."""

    def __init__(self, models: Sequence[tuple[Model, str]]) -> None:
        self._models = models

    async def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolDescription] = ()
    ) -> AsyncGenerator[ModelPart, None]:
        """Yield the answer, a Finish last; raise the ModelError of the last one tried."""
        for index, (model, _) in enumerate(self._models):
            is_released = False
            try:
                async with aclosing(model.stream(messages, tools)) as parts:
                    async for part in parts:
                        is_released = is_released or isinstance(part, (Delta, ToolCall))
                        yield part
                return
            except ModelError as error:
                if is_released or index + 1 == len(self._models):
                    raise
                failed = error
            yield ModelNotice("fallback", f"{failed}; {self._models[index + 1][1]} answers instead")
