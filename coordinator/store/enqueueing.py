"""Storing new jobs, with the idempotency keys of the requests that brought them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from psycopg import errors

from coordinator.clocks import VirtualClocks
from coordinator.database import Connection, Database, execute, fetch_all, fetch_one, was_deadlock
from coordinator.domain import NewJob, Place
from coordinator.errors import Busy, IdempotencyKeyReused, SluiceError, StoreUnavailable
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


@dataclass(frozen=True, slots=True)
class EnqueueCall:
    """One request to enqueue: all its jobs belong to `owner`; an empty key is none."""

    owner: str
    key: str
    request_hash: bytes
    jobs: Sequence[NewJob]


@dataclass(frozen=True, slots=True)
class _Resolved:
    """The ids that a request is given, which of its jobs are new, and the places of those that exist already."""

    ids: list[UUID]
    new: list[NewJob]
    existing: tuple[int, ...]


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
            if not was_deadlock(error):
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
    if key and (first := await take_key(connection, owner, key, request_hash, [job.id for job in jobs])) is not None:
        return Enqueued(tuple(first), repeated=True)
    resolved = await _resolve(connection, owner, jobs)
    if depths is not None:
        await depths.make_room(connection, resolved.new)
    pending = await insert_jobs(connection, clocks, resolved.new)
    if key and resolved.existing:
        await execute(connection, "set_key_result", {"owner": owner, "key": key, "result_ids": resolved.ids})
    return Enqueued(tuple(resolved.ids), existing=resolved.existing, pending=tuple(pending))


async def enqueue_together(
    database: Database, clocks: VirtualClocks, calls: Sequence[EnqueueCall], depths: Depths | None = None
) -> tuple[list[Enqueued], tuple[Place, ...]]:
    """Stores the jobs of several requests in one transaction, durably: all of them, or none where one is refused.

    No idempotency key and no unique key may stand in two of them. Returns what each made, and where the jobs stand.
    Raises NotTogether where one would be refused, or met another transaction: each is to be tried by itself then.
    """
    try:
        async with database.transaction() as connection:
            return await _store_together(connection, clocks, calls, depths)
    except errors.UniqueViolation as error:
        raise NotTogether from error
    except StoreUnavailable as error:
        if was_deadlock(error):
            raise NotTogether from error
        raise
    except SluiceError as error:
        raise NotTogether from error


class NotTogether(Exception):
    """Requests cannot be carried out in one transaction."""


async def _store_together(
    connection: Connection, clocks: VirtualClocks, calls: Sequence[EnqueueCall], depths: Depths | None
) -> tuple[list[Enqueued], tuple[Place, ...]]:
    free = await _take_keys(connection, [call for call in calls if call.key])
    made: list[Enqueued] = []
    new: list[NewJob] = []
    for call in calls:
        if call.key and (call.owner, call.key) not in free:
            made.append(await _first_result(connection, call))
            continue
        resolved = await _resolve(connection, call.owner, call.jobs)
        new += resolved.new
        made.append(Enqueued(tuple(resolved.ids), existing=resolved.existing))
        if call.key and resolved.existing:
            result = {"owner": call.owner, "key": call.key, "result_ids": resolved.ids}
            await execute(connection, "set_key_result", result)
    if not new:
        return made, ()
    if depths is not None:
        await depths.make_room(connection, new)
    return made, tuple(await insert_jobs(connection, clocks, new))


async def _take_keys(connection: Connection, calls: Sequence[EnqueueCall]) -> set[tuple[str, str]]:
    """Takes the keys of new requests for their results; returns (owner, key) of those that were free."""
    if not calls:
        return set()
    columns = {
        "owners": [call.owner for call in calls],
        "keys": [call.key for call in calls],
        "request_hashes": [call.request_hash for call in calls],
        "results": ["{" + ",".join(str(job.id) for job in call.jobs) + "}" for call in calls],
    }
    return {(row["owner"], row["key"]) for row in await fetch_all(connection, "insert_enqueue_keys", columns)}


async def _first_result(connection: Connection, call: EnqueueCall) -> Enqueued:
    first = await take_key(connection, call.owner, call.key, call.request_hash, [job.id for job in call.jobs])
    if first is None:
        raise Busy("The key's first result was forgotten at this moment; try again.", retry_after_seconds=1.0)
    return Enqueued(tuple(first), repeated=True)


async def _resolve(connection: Connection, owner: str, jobs: Sequence[NewJob]) -> _Resolved:
    """Finds which jobs exist already, by their unique keys."""
    taken = await _taken_unique_keys(connection, owner, jobs)
    ids = [taken.setdefault((job.queue, job.unique_key), job.id) if job.unique_key else job.id for job in jobs]
    return _Resolved(
        ids,
        [job for job, job_id in zip(jobs, ids, strict=True) if job.id == job_id],
        tuple(place for place, (job, job_id) in enumerate(zip(jobs, ids, strict=True)) if job.id != job_id),
    )


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
        pending += [Place(queue, row["kind"], priority, row["position"]) for row in rows if row["position"] is not None]
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
