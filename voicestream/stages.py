"""Stages: async generators that run ahead of their reader, in a task of their own, inside a context manager."""

from __future__ import annotations

import asyncio
import functools
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Generic, ParamSpec, TypeVar

Item = TypeVar("Item")
Arguments = ParamSpec("Arguments")


class Channel(Generic[Item]):
    """A bounded stream of items between two tasks. Its end, or an error, is a state and not an item."""

    def __init__(self, ahead: int) -> None:
        self._items: deque[Item] = deque()
        self._ahead = ahead
        self._changed = asyncio.Event()
        self._is_ended = False
        self._error: BaseException | None = None

    async def put(self, item: Item) -> None:
        """Add an item; wait while `ahead` of them lie unread."""
        await self.room()
        self._items.append(item)
        self._tell()

    async def room(self) -> None:
        """Wait while `ahead` items lie unread."""
        while len(self._items) >= self._ahead:
            await self._change()

    def put_now(self, item: Item) -> None:
        """Add an item without waiting, past the bound: for the few that must never wait, such as a pressed key."""
        self._items.append(item)
        self._tell()

    def end(self, error: BaseException | None = None) -> None:
        """Say that no item follows; the reader meets `error` after the items before it."""
        self._is_ended = True
        self._error = error
        self._tell()

    def __aiter__(self) -> AsyncIterator[Item]:
        return self

    async def __anext__(self) -> Item:
        while not self._items:
            if self._is_ended:
                if self._error is not None:
                    error, self._error = self._error, None
                    raise error
                raise StopAsyncIteration
            await self._change()
        item = self._items.popleft()
        self._tell()
        return item

    def take(self) -> list[Item]:
        """Return all that has arrived and was not read, without waiting."""
        items = list(self._items)
        self._items.clear()
        self._tell()
        return items

    @property
    def is_empty(self) -> bool:
        """Whether nothing lies unread."""
        return not self._items

    def _tell(self) -> None:
        self._changed.set()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()


async def ended(task: asyncio.Task[None]) -> None:
    """Cancel `task` and wait until it is over, whatever it ends with; a cancellation of the caller passes through."""
    task.cancel()
    while not task.done():
        await asyncio.wait([task])


def stage(
    ahead: int,
) -> Callable[
    [Callable[Arguments, AsyncGenerator[Item, None]]],
    Callable[Arguments, AbstractAsyncContextManager[Channel[Item]]],
]:
    """Run a generator in a task of its own, at most `ahead` items before its reader, for the length of a block.

    Leaving the block cancels the task and closes the generator, also when the reader leaves early.
    """

    def decorate(
        generator: Callable[Arguments, AsyncGenerator[Item, None]],
    ) -> Callable[Arguments, AbstractAsyncContextManager[Channel[Item]]]:
        @functools.wraps(generator)
        @asynccontextmanager
        async def opened(*args: Arguments.args, **kwargs: Arguments.kwargs) -> AsyncGenerator[Channel[Item], None]:
            channel: Channel[Item] = Channel(ahead)
            stream = generator(*args, **kwargs)

            async def pump() -> None:
                try:
                    async for item in stream:
                        await channel.put(item)
                except Exception as error:  # a stage ends here: the reader meets it after the items before it
                    channel.end(error)
                else:
                    channel.end()
                finally:
                    await stream.aclose()

            task = asyncio.create_task(pump(), name=generator.__name__)
            try:
                yield channel
            finally:
                await ended(task)

        return opened

    return decorate
