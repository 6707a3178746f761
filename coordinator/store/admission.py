"""Room in guarded queues: what ends there lets in, in its own transaction, the next that its lane keeps back.

A claim keeps jobs back under the queue's lock, once it has seen that their lane is full. An end shares that lock before
it looks for the next: in a statement of its own, for a statement's snapshot is older than a lock it waits for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import groupby
from typing import TypeVar
from uuid import UUID

from psycopg.rows import DictRow

from coordinator.database import Connection, Database, after_deadlocks, execute, fetch_all, send
from coordinator.domain import Freed, Lease, Place
from coordinator.ids import is_counted
from coordinator.store.places import lease_columns, places

OnFreed = Callable[[Freed], None]
# Queue, lane, whether the queue keeps jobs back, and how many jobs end.
Slots = Sequence[DictRow]

T = TypeVar("T")


def tell_nobody(freed: Freed) -> None:
    """Leaves it to the periodic look of the dispatchers."""


async def ending(
    database: Database, leases: Sequence[Lease], end: Callable[[Connection], Awaitable[T]], on_freed: OnFreed
) -> T:
    """Carries out what ends these attempts; where they count against limits, in one transaction with what comes next.

    Attempts of other queues cost nothing more: their tokens tell.
    """
    counted = [lease for lease in leases if is_counted(lease.token)]
    if not counted:
        async with database.connection() as connection:
            return await end(connection)

    async def end_and_admit() -> tuple[T, Freed]:
        async with database.pipelined_transaction() as connection:
            slots = await send(connection, "find_freed_slots", lease_columns(counted))
            ended = await end(connection)
            return ended, await admit_next(connection, await slots())

    result, freed = await after_deadlocks(end_and_admit)
    tell(freed, on_freed)
    return result


async def find_slots(connection: Connection, leases: Sequence[Lease]) -> Slots:
    """Returns what ending these attempts makes room for, as part of the caller's transaction and before they end."""
    counted = [lease for lease in leases if is_counted(lease.token)]
    return await fetch_all(connection, "find_freed_slots", lease_columns(counted)) if counted else ()


async def find_waiting_slots(connection: Connection, job_ids: Sequence[UUID]) -> Slots:
    """Returns what ending these pending jobs makes room for, before they end."""
    return await fetch_all(connection, "find_waiting_slots", {"job_ids": list(job_ids)})


def ended_slots(rows: Iterable[DictRow]) -> Slots:
    """Returns what jobs that have just ended make room for, from rows that tell how many did in a queue and lane."""
    return [row for row in rows if row["guarded"] or row["keeps_back"]]


async def admit_next(connection: Connection, slots: Slots) -> Freed:
    """Lets in as many jobs of each kind as have ended in each lane, as part of the transaction that ended them.

    A lane may stand in several of the rows.
    """
    lanes = [row for row in slots if row["keeps_back"] and row["lane"] is not None]
    queues = sorted({row["queue"] for row in lanes})
    pending: list[Place] = []
    if queues:
        await execute(connection, "share_queues", {"queues": queues})
    for queue, ended in groupby(sorted(lanes, key=_queue), key=_queue):
        jobs: Counter[str] = Counter()
        for row in ended:
            jobs[row["lane"]] += row["jobs"]
        columns = {"lanes": list(jobs), "jobs": list(jobs.values())}
        pending += places(await fetch_all(connection, "admit_jobs", {"queue": queue, **columns}))
    return Freed(frozenset(row["queue"] for row in slots), tuple(pending))


def tell(freed: Freed, on_freed: OnFreed) -> None:
    """Tells what there is room for, if any; after the commit."""
    if freed.queues:
        on_freed(freed)


def _queue(row: DictRow) -> str:
    return str(row["queue"])
