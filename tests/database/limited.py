"""A queue within limits: a store that claims as a coordinator that knows of them, and a look at what stands there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import TupleRow

from coordinator.domain import ClaimedJob, Freed
from coordinator.ids import new_counted_token
from coordinator.queue_limits import QueueLimits, RateLimit
from coordinator.store import claims, limits
from coordinator.store.auditing import Act
from coordinator.store.claims import UNLIMITED_BYTES, Claimed, ClaimLimit, SessionClaim
from coordinator.store.sessions import SessionKey
from tests.database.stores import Store

ACT = Act("operator", "here", "SetQueueLimits", {})


class LimitedQueue:
    """Queue "q" of a store, which is guarded from the first limit on."""

    def __init__(self, store: Store, owner: psycopg.Connection[TupleRow]) -> None:
        self.store = store
        self.owner = owner
        self.freed: list[Freed] = []

    async def limit(
        self,
        running: int | None = None,
        lane: int | None = None,
        depth: int | None = None,
        rate: tuple[float, int] | None = None,
    ) -> QueueLimits:
        """Sets the limits, and counts what is leased already, as the call and the duty after it do."""
        wanted = QueueLimits(depth, running, lane, None if rate is None else RateLimit(*rate))
        previous = await limits.set_limits(self.store.database, "q", wanted, ACT)
        await self.count()
        return previous

    async def count(self) -> None:
        """Counts what was leased before the queue was guarded, as the duty does."""
        for queue in await limits.load_limits(self.store.database):
            if queue.is_to_be_counted:
                assert await limits.count_leased(self.store.database, queue)

    async def pause(self, *, paused: bool = True) -> bool:
        """Pauses the queue or lets it go on."""
        return await limits.pause(self.store.database, "q", ACT, paused=paused)

    async def look(
        self, key: SessionKey, number: int = 1, kinds: Sequence[str] = ("k",), most_bytes: int = UNLIMITED_BYTES
    ) -> Claimed:
        """Claims within the limits, once, from the start of the queue."""
        self.store.marks.forget()
        look = self.store.marks.of("q").begin(kinds)
        limit = ClaimLimit(number, most_bytes, holds_nothing=True)
        wanted = SessionClaim(key.id, key.epoch, new_counted_token(), "q", look.ranges, limit)
        claimed = await claims.claim(self.store.database, wanted)
        self.store.marks.of("q").give_up(look)
        self.store.clocks.pass_over("q", claimed.jobs)
        return claimed

    async def claim(self, key: SessionKey, number: int = 1, kinds: Sequence[str] = ("k",)) -> list[ClaimedJob]:
        """Claims until a look brings nothing and nothing was kept back either."""
        taken: list[ClaimedJob] = []
        while len(taken) < number:
            claimed = await self.look(key, number - len(taken), kinds)
            taken += claimed.jobs
            if not claimed.jobs and claimed.again_seconds != 0.0:
                break
        return taken

    async def kept(self) -> set[UUID]:
        """Returns the jobs that wait for their lane."""
        return {row[0] for row in self.rows("SELECT id FROM sluice.jobs WHERE kept_position IS NOT NULL")}

    def rows(self, query: str) -> list[Any]:
        """Reads by SQL, as a superuser."""
        return self.owner.execute(query).fetchall()

    def running(self) -> dict[str | None, int]:
        """Returns how many jobs are processing, by lane."""
        query = "SELECT lane, count(*) FROM sluice.jobs WHERE state = 'processing' GROUP BY lane"
        return dict(self.rows(query))
