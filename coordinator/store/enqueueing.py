"""Storing new jobs, with the idempotency keys of the requests that brought them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from uuid import UUID

from coordinator.clocks import VirtualClocks
from coordinator.database import Connection, Database, execute, fetch_one
from coordinator.domain import NewJob
from coordinator.errors import IdempotencyKeyReused


async def enqueue(
    database: Database,
    clocks: VirtualClocks,
    owner: str,
    key: str,
    request_hash: bytes,
    jobs: Sequence[NewJob],
) -> tuple[list[UUID], bool]:
    """Stores the jobs, all or none, durably; returns their ids, and whether an earlier request with the key made them.

    Raises IdempotencyKeyReused where the key came with another request hash.
    """
    ids = [job.id for job in jobs]
    async with database.transaction() as connection:
        if key and (first := await take_key(connection, owner, key, request_hash, ids)) is not None:
            return first, True
        await insert_jobs(connection, clocks, jobs)
    return ids, False


async def take_key(
    connection: Connection, owner: str, key: str, request_hash: bytes, result_ids: Sequence[UUID]
) -> list[UUID] | None:
    """Takes the key for this result, or returns the first result where it was taken, inside a transaction."""
    parameters = {"owner": owner, "key": key, "request_hash": request_hash, "result_ids": list(result_ids)}
    if await fetch_one(connection, "insert_enqueue_key", parameters):
        return None
    row = await fetch_one(connection, "get_enqueue_key", {"owner": owner, "key": key})
    if row is None:  # pruned in between: as good as new
        return await take_key(connection, owner, key, request_hash, result_ids)
    if row["request_hash"] != request_hash:
        raise IdempotencyKeyReused(
            "This idempotency key was used before for another request: take a new key for new content.",
            key=key,
        )
    return list(row["result_ids"])


async def insert_jobs(connection: Connection, clocks: VirtualClocks, jobs: Sequence[NewJob]) -> None:
    """Stores the jobs as part of the caller's transaction, one statement a queue and priority, in sorted order."""
    await execute(connection, "register_queues", {"queues": sorted({job.queue for job in jobs})})
    for (queue, priority), group in groupby(sorted(jobs, key=_group), key=_group):
        virtual_time = clocks.read(queue, priority)
        await execute(connection, "enqueue_jobs", _columns(queue, priority, virtual_time, list(group)))


def _group(job: NewJob) -> tuple[str, int]:
    return job.queue, job.priority


def _columns(queue: str, priority: int, virtual_time: int, jobs: list[NewJob]) -> dict[str, object]:
    """Turns the jobs into the statement's columns; lanes are sorted by their bytes, as the statement does."""
    counts = Counter(lane for job in jobs if (lane := _turn_lane(job)) is not None)
    lanes = sorted(counts, key=str.encode)
    places = {lane: index for index, lane in enumerate(lanes, start=1)}
    return {
        "queue": queue,
        "priority": priority,
        "virtual_time": virtual_time,
        "lanes": lanes,
        "lane_jobs": [counts[lane] for lane in lanes],
        "lane_indexes": [places.get(lane) if (lane := _turn_lane(job)) is not None else None for job in jobs],
        "later_in_lane": list(_later_in_lane(jobs, counts)),
        **{name: [read(job) for job in jobs] for name, read in _COLUMNS.items()},
    }


def _turn_lane(job: NewJob) -> str | None:
    """The lane in which the job takes a turn now: a delayed job takes one when its time has come."""
    return job.lane if job.delay_ms == 0 else None


def _later_in_lane(jobs: Iterable[NewJob], counts: Counter[str]) -> Iterable[int]:
    """Yields how many jobs of the same lane come after each in this statement."""
    left = Counter(counts)
    for job in jobs:
        lane = _turn_lane(job)
        if lane is not None:
            left[lane] -= 1
        yield left[lane] if lane is not None else 0


_COLUMNS: dict[str, Callable[[NewJob], object]] = {
    "ids": lambda job: job.id,
    "kinds": lambda job: job.kind,
    "job_lanes": lambda job: job.lane,
    "owners": lambda job: job.owner,
    "file_ids": lambda job: job.file_id,
    "payloads": lambda job: job.payload,
    "sizes": lambda job: job.size,
    "delays_ms": lambda job: job.delay_ms,
    "max_attempts": lambda job: job.retry_policy.max_attempts,
    "deadlines_ms": lambda job: job.deadline_ms,
    "backoff_bases_ms": lambda job: job.retry_policy.base_ms,
    "backoff_factors": lambda job: job.retry_policy.factor,
    "backoff_ceilings_ms": lambda job: job.retry_policy.ceiling_ms,
}
