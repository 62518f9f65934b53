"""An answer made fit to be listened to: watched, ended early where that is better, and never ending in silence.

Knows no server: it takes any Model and is one.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

from voicestream.parts import Model
from voicestream.thinking.faults import SPOKEN
from voicestream.thinking.watchers import EarlyStop, Watcher
from voicestream.vocabulary import Delta, Finish, Message, ModelNotice, ModelPart, ToolCall, ToolDescription, Usage

CHARACTERS_PER_TOKEN = 4
"""Of English, about; only estimates rest on it."""


class WatchedModel:
    """A Model whose answers are seen by watchers, made anew for each answer."""

    def __init__(self, model: Model, new_watchers: Callable[[], Sequence[Watcher]], max_tokens: int) -> None:
        self._model = model
        self._new_watchers = new_watchers
        self._max_tokens = max_tokens

    async def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolDescription] = ()
    ) -> AsyncGenerator[ModelPart, None]:
        """Yield the answer, a Finish last; an early stop closes the request at once and tells what it saved."""
        watchers = self._new_watchers()
        written = 0
        has_text = has_call = False
        async with aclosing(self._model.stream(messages, tools)) as parts:
            async for part in parts:
                match part:
                    case Delta(text):
                        stop = next((found for watcher in watchers if (found := watcher.add(text))), None)
                        if stop is not None:
                            break
                        written += len(text)
                        has_text = has_text or bool(text.strip())
                    case ToolCall():
                        has_call = True
                    case Finish() if not has_call and (ending := _ending(part, has_text=has_text)):
                        yield Delta(ending)
                        part = replace(part, is_refusal=False)  # its note has been said
                yield part
            else:
                return
        last = text[: stop.keep] + stop.spoken
        written += len(last)
        if last.strip():
            yield Delta(last if written > len(last) else last.lstrip())
        finish = self._stopped(stop, written)
        yield ModelNotice(stop.code, finish.note)
        yield finish

    def _stopped(self, stop: EarlyStop, written: int) -> Finish:
        used = written // CHARACTERS_PER_TOKEN
        saved = max(0, self._max_tokens - used)
        note = f"{stop.note}; up to {saved} tokens saved"
        return Finish("stopped_early", Usage(output_tokens=used), note, saved_tokens=saved)


def _ending(finish: Finish, *, has_text: bool) -> str:
    """Return the sentence without which the answer would end in silence, or in the middle."""
    if finish.is_refusal and finish.note and not has_text:
        return finish.note
    if finish.reason == "content_filter":
        return f" {SPOKEN['content_filter']}" if has_text else "The answer was held back by a content filter."
    if finish.reason == "refusal":
        return f" {SPOKEN['refusal']}" if has_text else SPOKEN["refusal"]
    if not has_text and finish.reason in ("stop", "length"):
        return "Sorry, I have no answer to that."
    return ""
