"""Depth limits: how many unfinished jobs a queue has, near enough, and a refusal where that is too many.

Each coordinator counts for itself, no further than the limit, and adds what it has stored since. It counts anew once
the count is a second old; near the limit already after ten times what counting took.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from coordinator.database import Connection, fetch_one
from coordinator.domain import NewJob
from coordinator.errors import QueueFull
from coordinator.queue_limits import KnownLimits

FRESH_SECONDS = 1.0
# So much of the limit is near it; a count is used there for so many times what it took.
NEAR = 0.9
COUNT_REST = 10.0
RETRY_SECONDS = 1.0


@dataclass(slots=True)
class _Count:
    jobs: int
    at: float
    took: float


class Depths:
    """What this coordinator counted of each queue that has a depth limit."""

    def __init__(self, limits: KnownLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._counts: dict[str, _Count] = {}

    async def make_room(self, connection: Connection, jobs: Iterable[NewJob]) -> None:
        """Checks, before the jobs are stored on this connection, that their queues are not full; notes them as stored.

        Raises QueueFull, naming the first queue that is. The batch that reaches the limit may pass it.
        """
        wanted = Counter(job.queue for job in jobs)
        for queue in sorted(wanted):
            if (most := self._limits.max_depth(queue)) is not None:
                await self._check(connection, queue, most)
        for queue, number in wanted.items():
            if (count := self._counts.get(queue)) is not None:
                count.jobs += number

    async def _check(self, connection: Connection, queue: str, most: int) -> None:
        count = self._counts.get(queue)
        if count is None or self._clock() - count.at > self._fresh_seconds(count, most):
            count = await self._count(connection, queue, most)
        if count.jobs >= most:
            raise QueueFull(
                f"Queue {queue} has {most} unfinished jobs or more and takes no others for now; try again.",
                retry_after_seconds=RETRY_SECONDS,
                queue=queue,
                limit=most,
                value=count.jobs,
            )

    def _fresh_seconds(self, count: _Count, most: int) -> float:
        return min(COUNT_REST * count.took, FRESH_SECONDS) if count.jobs >= NEAR * most else FRESH_SECONDS

    async def _count(self, connection: Connection, queue: str, most: int) -> _Count:
        began = self._clock()
        row = await fetch_one(connection, "count_depth", {"queue": queue, "most": most + 1})
        now = self._clock()
        count = self._counts[queue] = _Count(0 if row is None else row["jobs"], now, now - began)
        return count
