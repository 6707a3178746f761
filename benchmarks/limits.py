"""What limits cost: `python -m benchmarks.limits [JOBS]`.

The statements alone, by four claimers of one queue, each over a connection of its own: enqueue, then claims of 100 (or
of one) in turns with their completion. Queues with and without limits take turns, so that the machine's moods hit all.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from uuid import uuid4

from benchmarks.figures import tell
from coordinator.clocks import VirtualClocks
from coordinator.database import Database
from coordinator.domain import Freed, NewJob
from coordinator.ids import new_counted_token, new_id, new_token
from coordinator.marks import QueueMarks
from coordinator.migrations import migrate
from coordinator.queue_limits import QueueLimits, RateLimit
from coordinator.store import claims, enqueueing, leases, limits, sessions
from coordinator.store.auditing import Act
from coordinator.store.claims import UNLIMITED_BYTES, ClaimLimit, SessionClaim
from coordinator.store.sessions import WorkerProfile
from stack.postgres import EmbeddedPostgres
from stack.postgres_admin import give_login

CLAIMERS = 4
LANES = 100
ROUNDS = 5
KINDS: dict[str, QueueLimits | None] = {
    "no limit": None,
    "1,000 running": QueueLimits(max_running=1_000),
    "1,000,000 a second": QueueLimits(rate=RateLimit(1_000_000, 1_000_000)),
    "1,000 running a lane, never reached": QueueLimits(max_running_per_lane=1_000),
    "10 running a lane": QueueLimits(max_running_per_lane=10),
}


class Bench:
    """One queue of many lanes, and those who claim from it."""

    def __init__(self, database: Database, queue: str, wanted: QueueLimits | None) -> None:
        self._database = database
        self._queue = queue
        self._wanted = wanted
        self._marks = QueueMarks()
        self._clocks = VirtualClocks()
        self._left = 0

    async def run(self, jobs: int, batch: int) -> tuple[float, float]:
        """Enqueues so many jobs, then claims and completes them; returns the jobs a second of each."""
        if self._wanted is not None:
            act = Act("bench", "", "SetQueueLimits", {})
            await limits.set_limits(self._database, self._queue, self._wanted, act)
            (known,) = (one for one in await limits.load_limits(self._database) if one.name == self._queue)
            if known.is_to_be_counted:
                await limits.count_leased(self._database, known)
        began = time.perf_counter()
        for start in range(0, jobs, 1_000):
            new = [
                NewJob(new_id(), self._queue, "k", b"", 0, "bench", f"l {n % LANES}")
                for n in range(start, start + 1_000)
            ]
            await enqueueing.enqueue(self._database, self._clocks, "bench", "", b"", new)
        enqueued = time.perf_counter()
        self._left = jobs
        await asyncio.gather(*(self._claim(batch) for _ in range(CLAIMERS)))
        return jobs / (enqueued - began), jobs / (time.perf_counter() - enqueued)

    async def _claim(self, batch: int) -> None:
        profile = WorkerProfile("bench", (self._queue,), ("k",))
        key = await sessions.open_session(self._database, uuid4(), profile, new_id().bytes * 2, 3_600)
        while self._left > 0:
            look = self._marks.begin(["k"])
            token = new_token() if self._wanted is None else new_counted_token()
            limit = ClaimLimit(batch, UNLIMITED_BYTES, holds_nothing=True)
            wanted = SessionClaim(key.id, key.epoch, token, self._queue, look.ranges, limit)
            claimed = await claims.claim(self._database, wanted)
            claims.take_note(self._marks, self._clocks, self._queue, look, claimed)
            if claimed.jobs:
                held = [job.lease for job in claimed.jobs]
                await leases.complete(self._database, held, on_freed=self._hear)
                self._left -= len(held)

    def _hear(self, freed: Freed) -> None:
        for place in freed.pending:
            self._marks.lower(place)


async def measure(url: str, jobs: int) -> None:
    """Prints jobs a second by kind of limit, for claims of 100 and of one."""
    await migrate(url)
    database = Database(give_login(url, "sluice_coordinator"), max_connections=CLAIMERS + 1, timeout_seconds=30)
    await database.open()
    for batch, number in ((100, jobs), (1, max(jobs // 50, 100))):
        rates: dict[str, list[tuple[float, float]]] = {name: [] for name in KINDS}
        for turn in range(ROUNDS):
            for name, wanted in KINDS.items():
                bench = Bench(database, f"{name} {batch} {turn}", wanted)
                rates[name].append(await bench.run(number, batch))
        for name, measured in rates.items():
            if batch > 1:
                tell(f"enqueue, 1,000 at once: {name}", [one for one, _ in measured], "jobs/s")
            tell(f"claim and complete, {batch} at once: {name}", [one for _, one in measured], "jobs/s")
        plain = median(one for _, one in rates["no limit"])
        for name, measured in rates.items():
            tell(f"  of what a queue without gets: {name}", [100 * one / plain for _, one in measured], "%")
    await database.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as folder:
        server = EmbeddedPostgres(Path(folder))
        try:
            asyncio.run(measure(server.start(), int(sys.argv[1]) if len(sys.argv) > 1 else 20_000))
        finally:
            server.stop()
