"""Storing new jobs, with the idempotency keys of the requests that brought them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from psycopg import errors

from coordinator.clocks import VirtualClocks
from coordinator.database import Connection, Database, execute, fetch_all, fetch_one
from coordinator.domain import NewJob, Place
from coordinator.errors import Busy, IdempotencyKeyReused, StoreUnavailable
from coordinator.store.depths import Depths

# Two requests may race for one unique key, and deadlock over two; the one that lost finds the other's job then.
UNIQUE_TRIES = 5


@dataclass(frozen=True, slots=True)
class Enqueued:
    """What a request made: its jobs' ids, in order, and where the first of them stand."""

    job_ids: tuple[UUID, ...]
    # An earlier request with the same key made them.
    repeated: bool = False
    # Places of the request whose unique key an unfinished job had already.
    existing: tuple[int, ...] = ()
    pending: tuple[Place, ...] = ()


async def enqueue(
    database: Database,
    clocks: VirtualClocks,
    owner: str,
    key: str,
    request_hash: bytes,
    jobs: Sequence[NewJob],
    depths: Depths | None = None,
) -> Enqueued:
    """Stores the jobs, all or none, durably. All belong to `owner`.

    Raises IdempotencyKeyReused where the key came with another request hash, QueueFull where `depths` are heeded.
    """
    for _ in range(UNIQUE_TRIES):
        try:
            async with database.transaction() as connection:
                return await _store(connection, clocks, owner, key, request_hash, jobs, depths)
        except errors.UniqueViolation:
            continue
        except StoreUnavailable as error:
            if not isinstance(error.__cause__, errors.DeadlockDetected):
                raise
    raise Busy("Others enqueue under the same unique keys at this moment; try again.", retry_after_seconds=1.0)


async def _store(
    connection: Connection,
    clocks: VirtualClocks,
    owner: str,
    key: str,
    request_hash: bytes,
    jobs: Sequence[NewJob],
    depths: Depths | None,
) -> Enqueued:
    ids = [job.id for job in jobs]
    if key and (first := await take_key(connection, owner, key, request_hash, ids)) is not None:
        return Enqueued(tuple(first), repeated=True)
    taken = await _taken_unique_keys(connection, owner, jobs)
    ids = [taken.setdefault((job.queue, job.unique_key), job.id) if job.unique_key else job.id for job in jobs]
    new = [job for job, job_id in zip(jobs, ids, strict=True) if job.id == job_id]
    if depths is not None:
        await depths.make_room(connection, new)
    pending = await insert_jobs(connection, clocks, new)
    existing = tuple(place for place, (job, job_id) in enumerate(zip(jobs, ids, strict=True)) if job.id != job_id)
    if key and existing:
        await execute(connection, "set_key_result", {"owner": owner, "key": key, "result_ids": ids})
    return Enqueued(tuple(ids), existing=existing, pending=tuple(pending))


async def _taken_unique_keys(connection: Connection, owner: str, jobs: Sequence[NewJob]) -> dict[tuple[str, str], UUID]:
    """Returns the unfinished jobs that have one of the unique keys, by queue and key."""
    wanted = {(job.queue, job.unique_key) for job in jobs if job.unique_key}
    if not wanted:
        return {}
    columns = {"queues": [queue for queue, _ in wanted], "unique_keys": [key for _, key in wanted]}
    rows = await fetch_all(connection, "find_unique_jobs", {"owner": owner, **columns})
    return {(row["queue"], row["unique_key"]): row["id"] for row in rows}


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


async def insert_jobs(connection: Connection, clocks: VirtualClocks, jobs: Sequence[NewJob]) -> list[Place]:
    """Stores the jobs as part of the caller's transaction, one statement a queue and priority, in sorted order.

    Returns the lowest place of each kind: once it has committed, whoever remembers low-water marks is to be told.
    """
    pending = []
    await execute(connection, "register_queues", {"queues": sorted({job.queue for job in jobs})})
    for (queue, priority), group in groupby(sorted(jobs, key=_group), key=_group):
        virtual_time = clocks.read(queue, priority)
        rows = await fetch_all(connection, "enqueue_jobs", _columns(queue, priority, virtual_time, list(group)))
        pending += [Place(queue, row["kind"], priority, row["position"]) for row in rows]
    return pending


def _group(job: NewJob) -> tuple[str, int]:
    return job.queue, job.priority


def _columns(queue: str, priority: int, virtual_time: int, jobs: list[NewJob]) -> dict[str, object]:
    """Turns the jobs into the statement's columns; lanes are sorted by their bytes, as the statement does."""
    turns: Counter[str] = Counter()
    for job in jobs:
        if (lane := _turn_lane(job)) is not None:
            turns[lane] += job.turn
    lanes = sorted(turns, key=str.encode)
    places = {lane: index for index, lane in enumerate(lanes, start=1)}
    return {
        "queue": queue,
        "priority": priority,
        "virtual_time": virtual_time,
        "lanes": lanes,
        "lane_turns": [turns[lane] for lane in lanes],
        "lane_indexes": [places.get(lane) if (lane := _turn_lane(job)) is not None else None for job in jobs],
        "later_turns": list(_later_turns(jobs, turns)),
        **{name: [read(job) for job in jobs] for name, read in _COLUMNS.items()},
    }


def _turn_lane(job: NewJob) -> str | None:
    """The lane in which the job takes a turn now: a delayed job takes one when its time has come."""
    return job.lane if job.delay_ms == 0 else None


def _later_turns(jobs: Iterable[NewJob], turns: Mapping[str, int]) -> Iterable[int]:
    """Yields what the jobs of the same lane that come after each in this statement move their lane on by."""
    left = Counter(turns)
    for job in jobs:
        lane = _turn_lane(job)
        if lane is not None:
            left[lane] -= job.turn
        yield left[lane] if lane is not None else 0


_COLUMNS: dict[str, Callable[[NewJob], object]] = {
    "ids": lambda job: job.id,
    "kinds": lambda job: job.kind,
    "turns": lambda job: job.turn,
    "job_lanes": lambda job: job.lane,
    "owners": lambda job: job.owner,
    "unique_keys": lambda job: job.unique_key,
    "file_ids": lambda job: job.file_id,
    "payloads": lambda job: job.payload,
    "sizes": lambda job: job.size,
    "delays_ms": lambda job: job.delay_ms,
    "expires_ms": lambda job: job.expire_ms,
    "max_attempts": lambda job: job.retry_policy.max_attempts,
    "deadlines_ms": lambda job: job.deadline_ms,
    "backoff_bases_ms": lambda job: job.retry_policy.base_ms,
    "backoff_factors": lambda job: job.retry_policy.factor,
    "backoff_ceilings_ms": lambda job: job.retry_policy.ceiling_ms,
    "backoff_jitters": lambda job: job.retry_policy.jitter,
}
