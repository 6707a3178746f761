"""Setting and lifting the limits of queues, and what it takes for them to be exact from the answer on.

A queue becomes guarded in three steps. The commit shuts out every claim that begins after it and does not ask for
limits. Then claims that began before are waited for. Last, what is leased already is counted, in small transactions;
until that is done nothing more is claimed from the queue.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from psycopg.rows import DictRow

from coordinator.database import Connection, Database, execute, fetch_all, fetch_one
from coordinator.domain import Place
from coordinator.errors import Busy
from coordinator.queue_limits import KnownQueue, QueueLimits, RateLimit
from coordinator.store.auditing import Act, write_act
from coordinator.store.places import places

# Transactions that write jobs are short; one that is not is told as a limit not in force yet.
WAIT_SECONDS = 10.0
LOOK_SECONDS = 0.005
# Jobs that get their slots in one transaction.
COUNT_JOBS = 1_000


async def load_limits(database: Database) -> list[KnownQueue]:
    """Returns every queue of which there is something to heed."""
    return [_known(row) for row in await database.fetch_all("load_limits")]


async def set_limits(database: Database, queue: str, limits: QueueLimits, act: Act) -> QueueLimits:
    """Puts these limits in place of those that the queue had, which are returned; with a line in the audit log.

    They are in force for claims that begin from then on: `claims_have_ended` waits for the others.
    """
    async with _queue_locked(database, queue) as (connection, before):
        await execute(connection, "set_limits", {"queue": queue, **_columns(limits)})
        previous = read_limits(before)
        await write_act(connection, act, previous=_named(previous))
    return previous


async def pause(database: Database, queue: str, act: Act, *, paused: bool) -> bool:
    """Pauses a queue or lets it go on, with a line in the audit log; returns whether that changed anything."""
    async with _queue_locked(database, queue) as (connection, _):
        changed = bool(await execute(connection, "pause_queue", {"queue": queue, "paused": paused}))
        await write_act(connection, act, changed=changed)
    return changed


async def claims_have_ended(database: Database) -> None:
    """Waits until every transaction that was writing jobs has ended: none claims by what was there before.

    Raises Busy where one of them takes too long.
    """
    until = time.monotonic() + WAIT_SECONDS
    waiting = await _writers(database)
    while waiting:
        if time.monotonic() > until:
            raise Busy(
                "It is set, and holds once what has been writing jobs for long has ended: try again to be told when.",
                retry_after_seconds=1.0,
            )
        await asyncio.sleep(LOOK_SECONDS)
        waiting &= await _writers(database)


async def count_leased(database: Database, queue: KnownQueue) -> bool:
    """Counts what was leased before the queue was guarded; returns whether all of it is counted.

    What a commit has locked is left for another time; what has ended meanwhile is not found then.
    """
    await claims_have_ended(database)
    ids = [row["id"] for row in await database.fetch_all("find_uncounted_jobs", {"queue": queue.name})]
    missing = 0
    for start in range(0, len(ids), COUNT_JOBS):
        row = await database.fetch_one("count_leased_jobs", {"job_ids": ids[start : start + COUNT_JOBS]})
        missing += 0 if row is None else row["missing"]
    if not missing:
        await database.execute("note_counted", {"queue": queue.name, "guards": queue.guards})
    return not missing


async def find_kept_lanes(database: Database, queue: str, after: str, most: int) -> list[str]:
    """Returns lanes in which jobs are kept back, in order, after one of them."""
    parameters = {"queue": queue, "after": after, "most": most}
    return [row["lane"] for row in await database.fetch_all("find_kept_lanes", parameters)]


async def mend_lanes(database: Database, queue: str, lanes: list[str]) -> tuple[Place, ...]:
    """Lets jobs of these lanes in where there is room that nobody has filled, at most 1,000; tells where they stand."""
    async with database.transaction() as connection:
        await execute(connection, "share_queues", {"queues": [queue]})
        return places(await fetch_all(connection, "mend_lanes", {"queue": queue, "lanes": lanes}))


async def keep_none_back(database: Database, queue: str) -> None:
    """Notes that a queue without a limit a lane keeps nothing back, if that is so."""
    async with database.transaction() as connection:
        await execute(connection, "lock_queue", {"queue": queue})
        await execute(connection, "keep_none_back", {"queue": queue})


@asynccontextmanager
async def _queue_locked(database: Database, queue: str) -> AsyncIterator[tuple[Connection, DictRow]]:
    """Keeps claims within limits out of a queue, which need not be known yet, until the transaction ends."""
    async with database.transaction() as connection:
        await execute(connection, "lock_queue", {"queue": queue})
        await execute(connection, "register_queues", {"queues": [queue]})
        row = await fetch_one(connection, "get_limits", {"queue": queue})
        assert row is not None, "it was registered"  # noqa: S101 - by the statement before
        yield connection, row


async def _writers(database: Database) -> set[str]:
    return {row["id"] for row in await database.fetch_all("find_writers")}


def _known(row: DictRow) -> KnownQueue:
    return KnownQueue(
        name=row["name"],
        paused=row["paused"],
        limits=read_limits(row),
        guarded=row["guarded"],
        guards=row["guards"],
        counted=row["counted"],
        keeps_back=row["keeps_back"],
    )


def read_limits(row: DictRow) -> QueueLimits:
    """Makes limits of a row that has their columns."""
    rate = None if row["rate_per_second"] is None else RateLimit(row["rate_per_second"], row["rate_burst"])
    return QueueLimits(row["max_depth"], row["max_running"], row["max_running_per_lane"], rate)


def _columns(limits: QueueLimits) -> dict[str, object]:
    rate = limits.rate
    return {
        "max_depth": limits.max_depth,
        "max_running": limits.max_running,
        "max_running_per_lane": limits.max_running_per_lane,
        "rate_per_second": None if rate is None else rate.per_second,
        "rate_burst": None if rate is None else rate.burst,
    }


def _named(limits: QueueLimits) -> dict[str, object]:
    return {name: value for name, value in _columns(limits).items() if value is not None}
