"""Gathers what callers want at the same time into one call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Gatherer(Generic[Item, Answer]):
    """Sends items in batches, one batch at a time: what comes while one is under way goes into the next.

    There is no timer: a lone item goes at once, and under load the batches grow by themselves.
    """

    def __init__(
        self,
        send: Callable[[list[Item]], Awaitable[list[Answer]]],
        limit: int,
        *,
        size: Callable[[Item], int] = lambda _: 0,
        size_limit: int = 0,
    ) -> None:
        """Takes what sends a batch and returns an answer for each of its items.

        A batch has at most `limit` items, and their sizes add up to no more than `size_limit` where it has two.
        """
        self._send = send
        self._limit = limit
        self._size = size
        self._size_limit = size_limit
        self._waiting: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._sender: asyncio.Task[None] | None = None

    def submit(self, item: Item) -> asyncio.Future[Answer]:
        """Sends an item with the next batch; gives its answer to come, or what the sending will have raised."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send_waiting())
        return future

    async def close(self) -> None:
        """Gives up what was not answered: its callers are cancelled. Takes items again afterwards."""
        if self._sender is not None:
            self._sender.cancel()
            await asyncio.wait([self._sender])
        for _, future in self._waiting:
            future.cancel()
        self._waiting.clear()

    async def _send_waiting(self) -> None:
        while self._waiting:
            count = self._count()
            batch = self._waiting[:count]
            del self._waiting[:count]
            await self._send_batch(batch)

    def _count(self) -> int:
        """How many of those that wait go into one batch: at least one."""
        room = self._size_limit
        for count, (item, _) in enumerate(self._waiting[: self._limit]):
            room -= self._size(item)
            if room < 0 and count:
                return count
        return min(len(self._waiting), self._limit)

    async def _send_batch(self, batch: list[tuple[Item, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._send([item for item, _ in batch])
            for (_, future), answer in zip(batch, answers, strict=True):
                if not future.done():  # its caller may have left
                    future.set_result(answer)
        except Exception as error:  # noqa: BLE001 - belongs to the callers
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
        finally:
            for _, future in batch:
                future.cancel()  # does nothing to one that is done
