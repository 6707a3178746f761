"""Whose turn it is to commit. The waiting is done here, in memory: it holds no transaction and no connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID
from weakref import WeakValueDictionary

from coordinator.errors import Busy

RETRY_SECONDS = 1.0


class CommitGate:
    """Lets one commit of a person through at a time, and so many in all that the queue keeps connections."""

    def __init__(self, *, max_commits: int, wait_seconds: float) -> None:
        """Makes a gate. `wait_seconds` is how long a commit waits for its turn."""
        self._wait_seconds = wait_seconds
        self._slots = asyncio.Semaphore(max_commits)
        # A queue lives as long as somebody stands in it.
        self._queues: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    @property
    def people_waiting(self) -> int:
        """How many people have a commit under way or in the queue."""
        return len(self._queues)

    @asynccontextmanager
    async def turn(self, user_id: UUID) -> AsyncIterator[None]:
        """Waits for the person's turn, then for a place. Raises Busy where that takes too long.

        In this order, so that two hundred files of one person take one place and not all.
        """
        queue = self._queues.setdefault(user_id, asyncio.Lock())
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(self._wait_seconds):
                    await held.enter_async_context(queue)
                    await held.enter_async_context(self._slots)
            except TimeoutError:
                raise Busy(
                    "Other files are being stored; send this one again.",
                    retry_after_seconds=RETRY_SECONDS,
                    limit=self._wait_seconds,
                ) from None
            yield
