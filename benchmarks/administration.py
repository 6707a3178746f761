"""What administrative calls cost at a million waiting and as many finished jobs: `python -m benchmarks.administration`.

The finished ones lie in fourteen days. `count(*)` of both tables is told beside the calls. `--jobs` takes fewer.
Before that, what their indexes cost: enqueue, claim and complete of 1,000 jobs, in turns with and without them.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Awaitable
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql

from benchmarks.figures import tell
from coordinator.clocks import VirtualClocks
from coordinator.database import Database
from coordinator.domain import NewJob
from coordinator.ids import new_id, new_token
from coordinator.marks import QueueMarks
from coordinator.migrations import migrate
from coordinator.store import claims, counts, enqueueing, leases, sessions
from coordinator.store.claims import UNLIMITED_BYTES, ClaimLimit, SessionClaim
from coordinator.store.sessions import SessionKey, WorkerProfile
from stack.postgres import EmbeddedPostgres
from stack.postgres_admin import ensure_database, give_login, with_database
from tests.database.crowded_queue import calls, fill, some_ids

RUNS = 10
# As long as history is kept unless told otherwise.
DAYS = 14
TURNS = 30
BATCH = 1_000

_WITHOUT = "DROP INDEX sluice.jobs_owner, sluice.job_history_owner, sluice.job_history_finished"


async def timed(work: Awaitable[object]) -> float:
    """Returns the milliseconds that some work takes."""
    began = time.perf_counter()
    await work
    return (time.perf_counter() - began) * 1000


async def measure_calls(url: str, owner_url: str, jobs: int) -> None:
    """Prints the time of each call, with other jobs in each run."""
    with psycopg.connect(owner_url, autocommit=True) as owner:
        fill(owner, jobs, jobs, DAYS)
        owner.execute("VACUUM ANALYZE")
        database = Database(url, max_connections=2, timeout_seconds=30)
        await database.open()
        times: dict[str, list[float]] = {}
        for _ in range(RUNS):
            open_ids = some_ids(owner, "jobs", "state = 'pending' AND queue = 'q'")
            failed_ids = some_ids(owner, "job_history", "state = 'failed'")
            for name, call in calls(open_ids, failed_ids).items():
                times.setdefault(name, []).append(await timed(call(database)))
            for table in ("jobs", "job_history"):
                times.setdefault(f"count(*) of {table}", []).append(await timed(count_all(database, table)))
        for name, taken in times.items():
            tell(name, taken, "ms")
        recounts = [await timed(counts.recount(database, min_age_seconds=0, rest=_no_rest)) for _ in range(3)]
        tell("a recount of all jobs, by one coordinator in 5 min", recounts, "ms")
        await database.close()


async def count_all(database: Database, table: str) -> None:
    """Counts a table of the queue, which no call does: how fast the machine is at this moment."""
    async with database.connection() as connection:
        await connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("sluice", table)))


async def _no_rest(_: float) -> None:
    """Waits for nothing."""


class Queue:
    """An empty queue in a database of its own."""

    def __init__(self, url: str) -> None:
        self._database = Database(url, max_connections=2, timeout_seconds=30)
        self._session = SessionKey(0, 0)
        self._marks = QueueMarks()
        self._clocks = VirtualClocks()

    async def open(self) -> None:
        """Connects, and opens a session."""
        await self._database.open()
        profile = WorkerProfile("bench", ("q",), ("k",))
        self._session = await sessions.open_session(self._database, uuid4(), profile, uuid4().bytes, 3_600 * 24)

    async def pass_through(self) -> tuple[float, float, float]:
        """Has jobs enqueued in a hundred lanes and owners, claimed and completed; returns the milliseconds of each."""
        jobs = [NewJob(new_id(), "q", "k", b"", 0, "bench", f"lane {place % 100}") for place in range(BATCH)]
        enqueued = await timed(enqueueing.enqueue(self._database, self._clocks, "bench", "", b"", jobs))
        look = self._marks.begin(["k"])
        limit = ClaimLimit(BATCH, UNLIMITED_BYTES, holds_nothing=True)
        claim = SessionClaim(self._session.id, self._session.epoch, new_token(), "q", look.ranges, limit)
        began = time.perf_counter()
        claimed = await claims.claim(self._database, claim)
        took = (time.perf_counter() - began) * 1000
        claims.take_note(self._marks, self._clocks, "q", look, claimed)
        completed = await timed(leases.complete(self._database, [job.lease for job in claimed.jobs]))
        return enqueued, took, completed

    async def close(self) -> None:
        """Disconnects."""
        await self._database.close()


async def measure_indexes(server: str, login: str) -> None:
    """Prints what enqueue, claim and complete take with the indexes of administration and without them, in turns."""
    queues: dict[str, Queue] = {}
    for name in ("with", "without"):
        owner_url = ensure_database(server, f"bench_{name}")
        await migrate(owner_url)
        if name == "without":
            with psycopg.connect(owner_url, autocommit=True) as owner:
                owner.execute(_WITHOUT)
        queues[name] = Queue(with_database(login, f"bench_{name}"))
        await queues[name].open()
    times: dict[str, list[tuple[float, float, float]]] = {name: [] for name in queues}
    for _ in range(TURNS):
        for name, queue in queues.items():
            times[name].append(await queue.pass_through())
    for place, verb in enumerate(("enqueue", "claim", "complete")):
        for name in queues:
            tell(f"{verb} of {BATCH:,}, {name} the indexes", [one[place] for one in times[name]], "ms")
    for queue in queues.values():
        await queue.close()


async def measure(server: str, jobs: int) -> None:
    """Measures the calls, then their indexes."""
    owner_url = ensure_database(server, "bench_calls")
    await migrate(owner_url)
    login = give_login(server, "sluice_coordinator")
    await measure_indexes(server, login)
    await measure_calls(with_database(login, "bench_calls"), owner_url, jobs)


def _jobs_wanted() -> int:
    parser = ArgumentParser(description="What administrative calls cost.")
    parser.add_argument("--jobs", type=int, default=1_000_000, help="how many wait, and how many are finished")
    wanted: int = parser.parse_args().jobs
    return wanted


if __name__ == "__main__":
    jobs_wanted = _jobs_wanted()
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as folder:
        postgres = EmbeddedPostgres(Path(folder))
        try:
            asyncio.run(measure(postgres.start(), jobs_wanted))
        finally:
            postgres.stop()
