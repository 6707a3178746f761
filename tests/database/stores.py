"""The store over a test's database, with a clock that the test may push forward."""

import secrets
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import psycopg

from coordinator.clocks import VirtualClocks
from coordinator.database import Database
from coordinator.domain import ClaimedJob, NewJob, RetryPolicy
from coordinator.ids import new_id, new_token
from coordinator.marks import Marks
from coordinator.store import claims, enqueueing, sessions
from coordinator.store.claims import UNLIMITED_BYTES, ClaimLimit, SessionClaim
from coordinator.store.sessions import SessionKey, WorkerProfile
from tests.matrix.pooler import is_wanted as pooler_is_wanted

PROFILE = WorkerProfile("w", ("q",), ("k",))


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
        self.marks = Marks()
        self.coordinator = uuid4()

    async def enqueue(self, number: int = 1, **fields: Any) -> list[UUID]:
        """Enqueues jobs of queue "q" and kind "k"."""
        jobs = [new_job(**fields) for _ in range(number)]
        enqueued = await enqueueing.enqueue(self.database, self.clocks, "tests", "", b"", jobs)
        self.marks.lower(enqueued.pending)
        return list(enqueued.job_ids)

    async def open_session(self, lease_seconds: float = 15.0, secret: bytes = b"") -> SessionKey:
        """Opens a session of worker "w"."""
        secret = secret or secrets.token_bytes(32)
        return await sessions.open_session(self.database, self.coordinator, PROFILE, secret, lease_seconds)

    async def claim(
        self, key: SessionKey, number: int = 1, kinds: Sequence[str] = ("k",), *, from_start: bool = True
    ) -> list[ClaimedJob]:
        """Claims for a session, and moves virtual time and the marks on as the dispatcher does."""
        if from_start:
            self.marks.forget()
        look = self.marks.of("q").begin(kinds)
        limit = ClaimLimit(number, UNLIMITED_BYTES, holds_nothing=True)
        claimed = await claims.claim(
            self.database, SessionClaim(key.id, key.epoch, new_token(), "q", look.ranges, limit)
        )
        claims.take_note(self.marks.of("q"), self.clocks, "q", look, claimed)
        return list(claimed.jobs)


def new_database(url: str, *, max_connections: int = 8, timeout_seconds: float = 10) -> Database:
    """Makes a pool as a coordinator would: without prepared statements where the tests run behind a pooler."""
    return Database(
        url,
        max_connections=max_connections,
        timeout_seconds=timeout_seconds,
        prepare_statements=not pooler_is_wanted(),
    )


def new_job(**fields: Any) -> NewJob:
    """Returns a job of queue "q" and kind "k" without a lane, unless told otherwise."""
    chosen = {"queue": "q", "kind": "k", "payload": b"", "size": 0, "owner": "tests", "lane": None, **fields}
    return NewJob(**{"id": new_id(), **chosen})


QUICK = RetryPolicy(max_attempts=2, base_ms=1000, factor=2.0, ceiling_ms=60_000)
