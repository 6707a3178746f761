"""The store over a test's database, with a clock that the test may push forward."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import psycopg

from coordinator.clocks import VirtualClocks
from coordinator.database import Database
from coordinator.domain import ClaimedJob, NewJob, RetryPolicy
from coordinator.ids import new_id
from coordinator.store import claims, enqueueing, sessions
from coordinator.store.claims import UNLIMITED_BYTES, ClaimLimit


class Clock:
    """Replaces sluice.now() in one database by a time that stands still until it is pushed."""

    def __init__(self, owner_url: str) -> None:
        self._url = owner_url
        self.push(0)

    def push(self, seconds: float) -> None:
        """Moves the database's time on."""
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS sluice.test_clock (moment timestamptz)")
            connection.execute("INSERT INTO sluice.test_clock SELECT now() WHERE NOT EXISTS (TABLE sluice.test_clock)")
            connection.execute("UPDATE sluice.test_clock SET moment = moment + %s * interval '1 s'", [seconds])
            connection.execute("GRANT SELECT ON sluice.test_clock TO sluice_coordinator")
            connection.execute(
                "CREATE OR REPLACE FUNCTION sluice.now() RETURNS timestamptz LANGUAGE sql STABLE "
                "AS 'SELECT moment FROM sluice.test_clock'"
            )


class Store:
    """Short calls of the store's verbs."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clocks = VirtualClocks()
        self.coordinator = uuid4()

    async def enqueue(self, number: int = 1, **fields: Any) -> list[UUID]:
        """Enqueues jobs of queue "q" and kind "k"."""
        jobs = [new_job(**fields) for _ in range(number)]
        ids, _ = await enqueueing.enqueue(self.database, self.clocks, "tests", "", b"", jobs)
        return ids

    async def open_session(self, lease_seconds: float = 15.0) -> int:
        """Opens a session of worker "w"."""
        session_id = await sessions.open_session(self.database, self.coordinator, "w", ["q"], ["k"], lease_seconds)
        assert session_id is not None
        return session_id

    async def claim(self, session_id: int, number: int = 1, kinds: Sequence[str] = ("k",)) -> list[ClaimedJob]:
        """Claims for a session, and moves virtual time on as the dispatcher does."""
        limit = ClaimLimit(number, UNLIMITED_BYTES, holds_nothing=True)
        jobs = await claims.claim(self.database, session_id, "q", kinds, limit)
        for job in jobs:
            self.clocks.advance("q", job.priority, job.position)
        return jobs


def new_job(**fields: Any) -> NewJob:
    """Returns a job of queue "q" and kind "k" without a lane, unless told otherwise."""
    chosen = {"queue": "q", "kind": "k", "payload": b"", "size": 0, "owner": "tests", "lane": None, **fields}
    return NewJob(id=new_id(), **chosen)


QUICK = RetryPolicy(max_attempts=2, base_ms=1000, factor=2.0, ceiling_ms=60_000)
