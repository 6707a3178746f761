"""What a claim costs by depth, and under a held snapshot: `python -m benchmarks.depth [MOST]`.

The statement alone, over one connection: claims of 100 jobs, in turns with their completion. The baseline is the same
claim from the start of the index, without the low-water mark.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from uuid import uuid4

import psycopg

from benchmarks.figures import tell
from coordinator.clocks import VirtualClocks
from coordinator.database import Database
from coordinator.domain import NewJob
from coordinator.ids import new_id, new_token
from coordinator.marks import QueueMarks
from coordinator.migrations import migrate
from coordinator.store import claims, enqueueing, leases, sessions
from coordinator.store.claims import UNLIMITED_BYTES, ClaimLimit, SessionClaim
from coordinator.store.sessions import SessionKey, WorkerProfile
from stack.postgres import EmbeddedPostgres
from stack.postgres_admin import give_login

CLAIM_JOBS = 100
CLAIMS = 40


class Bench:
    """One queue, claimed from by one session."""

    def __init__(self, database: Database, session: SessionKey, queue: str) -> None:
        self._database = database
        self._session = session
        self._queue = queue
        self._marks = QueueMarks()
        self._clocks = VirtualClocks()

    async def enqueue(self, number: int) -> None:
        """Stores so many empty jobs in a hundred lanes."""
        for start in range(0, number, 5_000):
            count = min(5_000, number - start)
            jobs = [
                NewJob(new_id(), self._queue, "k", b"", 0, "bench", f"lane {place % 100}") for place in range(count)
            ]
            await enqueueing.enqueue(self._database, self._clocks, "bench", "", b"", jobs)

    async def claim(self, *, marked: bool) -> float:
        """Claims and completes a hundred jobs; returns the milliseconds of the claim."""
        if not marked:
            self._marks = QueueMarks()
        look = self._marks.begin(["k"])
        limit = ClaimLimit(CLAIM_JOBS, UNLIMITED_BYTES, holds_nothing=True)
        claim = SessionClaim(self._session.id, self._session.epoch, new_token(), self._queue, look.ranges, limit)
        began = time.perf_counter()
        claimed = await claims.claim(self._database, claim)
        took = (time.perf_counter() - began) * 1000
        assert len(claimed.jobs) == CLAIM_JOBS
        claims.take_note(self._marks, self._clocks, self._queue, look, claimed)
        await leases.complete(self._database, [job.lease for job in claimed.jobs])
        return took


async def measure(url: str, most: int) -> None:
    """Prints the times of claims by depth, then under a snapshot that is held from the first to the last."""
    await migrate(url)
    database = Database(give_login(url, "sluice_coordinator"), max_connections=2, timeout_seconds=30)
    await database.open()
    profile = WorkerProfile("bench", ("bench",), ("k",))
    session = await sessions.open_session(database, uuid4(), profile, bytes(32), 3_600 * 24)
    depth = 10
    while depth <= most:
        bench = Bench(database, session, f"depth {depth}")
        await bench.enqueue(depth + CLAIMS * CLAIM_JOBS)
        times = [await bench.claim(marked=True) for _ in range(CLAIMS)]
        tell(f"claim of {CLAIM_JOBS}, {depth:,} waiting after the last", times, "ms")
        depth *= 100 if depth < 1_000 else 10
    await held_snapshot(url, Bench(database, session, "held"), most // 10)
    await database.close()


async def held_snapshot(url: str, bench: Bench, jobs: int) -> None:
    """Claims and completes so many jobs while somebody reads: the first claims, the last, and without the mark."""
    await bench.enqueue(jobs + 4 * CLAIMS * CLAIM_JOBS)
    with psycopg.connect(url) as reader:
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT count(*) FROM sluice.queues")
        times = [await bench.claim(marked=True) for _ in range(jobs // CLAIM_JOBS)]
        tell(f"claim of {CLAIM_JOBS}, snapshot held, the first {CLAIMS}", times[:CLAIMS], "ms")
        tell(f"claim of {CLAIM_JOBS}, snapshot held, after {jobs:,} jobs", times[-CLAIMS:], "ms")
        unmarked = [await bench.claim(marked=False) for _ in range(CLAIMS)]
        tell(f"claim of {CLAIM_JOBS}, snapshot held, from the start (no mark)", unmarked, "ms")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as folder:
        server = EmbeddedPostgres(Path(folder))
        try:
            asyncio.run(measure(server.start(), int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
        finally:
            server.stop()
