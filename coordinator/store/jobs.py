"""Reading and cancelling jobs, moving them when their time has come, and putting failed ones back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from psycopg import errors
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from coordinator.clocks import VirtualClocks
from coordinator.database import Connection, Database, after_deadlocks, execute, fetch_all, fetch_one
from coordinator.domain import EndedJob, Freed, Job, JobError, Place, Progress
from coordinator.errors import Busy, JobFinished, JobNotFound
from coordinator.store.admission import OnFreed, admit_next, tell, tell_nobody
from coordinator.store.places import places

# A job may be redriven between the look at what waits and the look at what ended: it waits again then.
CANCEL_TRIES = 2


@dataclass(frozen=True, slots=True)
class FailedJobFilter:
    """Which failed jobs; a field that is None fits all. `failed_from` is included, `failed_until` is not."""

    queue: str
    kind: str | None = None
    owner: str | None = None
    reason: str | None = None
    failed_from: datetime | None = None
    failed_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """Who does what, for the audit log."""

    principal: str
    peer: str
    name: str
    details: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Redriven:
    """What a redrive put back."""

    job_ids: tuple[UUID, ...]
    pending: tuple[Place, ...]
    upload_ids: frozenset[UUID]


async def get_job(database: Database, owner: str, job_id: UUID) -> Job:
    """Reads a job of the owner, unfinished or in history. Raises JobNotFound, for another's job as well."""
    row = await database.fetch_one("get_job", {"job_id": job_id, "owner": owner})
    if row is None:
        raise _not_found(job_id)
    job_errors = tuple(_error(error) for error in row.pop("errors") or ())
    progress = row.pop("progress")
    return Job(**row, errors=job_errors, progress=None if progress is None else Progress(**progress))


def _error(stored: Mapping[str, Any]) -> JobError:
    return JobError(
        attempt=stored["attempt"],
        occurred_at=datetime.fromisoformat(stored["at"]),
        worker=stored["worker"],
        reason=stored["reason"],
        message=stored["message"],
    )


async def cancel_job(
    database: Database, owner: str, job_id: UUID, *, on_freed: OnFreed = tell_nobody
) -> EndedJob | None:
    """Cancels an unfinished job of the owner, durably; None where it was cancelled before.

    Raises JobNotFound, JobFinished, and Busy where its completion is under way for long. `on_freed` is told, in a
    guarded queue, what there is room for.
    """
    wanted = {"owner": owner, "job_ids": [job_id]}
    for _ in range(CANCEL_TRIES):
        row, freed = await after_deadlocks(partial(_cancel, database, wanted))
        if row is not None:
            tell(freed, on_freed)
            return EndedJob(row["id"], row["session_id"], None, row["upload_id"])
        for ended in await database.fetch_all("find_final_states", wanted):
            if ended["state"] == "cancelled":
                return None
            raise JobFinished(f"The job has {ended['state']} already.", job_id=job_id, state=ended["state"])
    raise _not_found(job_id)


async def _cancel(database: Database, wanted: Mapping[str, object]) -> tuple[DictRow | None, Freed]:
    """Cancels the job if it waits or runs, and lets the next of its lane in."""
    async with database.transaction() as connection:
        row = await fetch_one(connection, "cancel_jobs", wanted)
        slots = [{**row, "jobs": 1}] if row is not None and (row["guarded"] or row["keeps_back"]) else []
        return row, await admit_next(connection, slots)


async def promote_due(database: Database) -> tuple[Place, ...]:
    """Makes due jobs pending, at most 1,000; returns where they stand."""
    return places(await database.fetch_all("promote_due_jobs"))


async def next_due_seconds(database: Database) -> float | None:
    """Returns the seconds until the next scheduled job is due, None where none waits."""
    row = await database.fetch_one("next_due_seconds")
    return None if row is None else row["seconds"]


async def find_failed(database: Database, wanted: FailedJobFilter, most: int) -> list[UUID]:
    """Returns the ids of failed jobs that fit, oldest first, at most so many."""
    parameters = {
        "queue": wanted.queue,
        "kind": wanted.kind,
        "owner": wanted.owner,
        "reason": wanted.reason,
        "failed_from": wanted.failed_from,
        "failed_until": wanted.failed_until,
        "most": most,
    }
    return [row["id"] for row in await database.fetch_all("find_failed_jobs", parameters)]


async def redrive(database: Database, clocks: VirtualClocks, job_ids: Sequence[UUID], act: Act) -> Redriven:
    """Puts failed jobs back with a fresh set of attempts, durably and with a line in the audit log.

    Left alone is what is not failed (any more), has lost its content, or has an unfinished namesake.
    """
    await store_virtual_times(database, clocks)
    async with database.transaction() as connection:
        redriven = await redrive_jobs(connection, job_ids)
        await write_down(connection, act, redriven=[str(job_id) for job_id in redriven.job_ids])
    return redriven


async def write_down(connection: Connection, act: Act, **did: object) -> None:
    """Adds a line to the audit log, in the transaction of the act: what was asked, and what it did."""
    details = Jsonb({**act.details, **did})
    audit = {"principal": act.principal, "peer": act.peer, "act": act.name, "details": details}
    await execute(connection, "insert_audit", audit)


async def redrive_jobs(connection: Connection, job_ids: Sequence[UUID]) -> Redriven:
    """Puts failed jobs back as part of the caller's transaction. Raises Busy where a namesake is just coming in.

    They get the stored virtual time: store it before, or they pass everybody who came in the last second.
    """
    try:
        rows = await fetch_all(connection, "redrive_jobs", {"job_ids": list(job_ids)})
    except errors.UniqueViolation as error:
        raise Busy("A job with the same unique key is coming in; try again.", retry_after_seconds=1.0) from error
    return Redriven(
        tuple(row["id"] for row in rows),
        places(rows),
        frozenset(row["upload_id"] for row in rows if row["upload_id"] is not None),
    )


async def load_virtual_times(database: Database, clocks: VirtualClocks) -> None:
    """Learns the virtual times that are stored."""
    rows = await database.fetch_all("load_virtual_times")
    clocks.merge((row["queue"], row["priority"], row["virtual_time"]) for row in rows)


async def store_virtual_times(database: Database, clocks: VirtualClocks) -> None:
    """Stores the clocks that have moved since they were stored last, the greater of old and new."""
    if not (times := clocks.take_moved()):
        return
    columns = {
        "queues": [queue for queue, _ in times],
        "priorities": [priority for _, priority in times],
        "virtual_times": list(times.values()),
    }
    try:
        await database.execute("store_virtual_times", columns)
    except BaseException:
        clocks.mark_moved(times)
        raise


def _not_found(job_id: UUID) -> JobNotFound:
    return JobNotFound(
        "There is no such job: check its id, and that it is not older than the history kept.", job_id=job_id
    )
