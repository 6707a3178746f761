"""Reading and cancelling jobs, moving them when their time has come, and putting failed ones back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import errors
from psycopg.rows import DictRow

from coordinator.admin_domain import OpenJobFilter
from coordinator.clocks import VirtualClocks
from coordinator.database import Connection, Database, after_deadlocks, fetch_all
from coordinator.domain import EndedJob, Freed, Job, JobError, Place, Progress
from coordinator.errors import Busy, JobFinished, JobNotFound
from coordinator.store.admission import OnFreed, admit_next, ended_slots, tell, tell_nobody
from coordinator.store.auditing import Act, write_act
from coordinator.store.looks import look
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
class Redriven:
    """What a redrive put back."""

    job_ids: tuple[UUID, ...]
    pending: tuple[Place, ...]
    upload_ids: frozenset[UUID]


async def get_job(database: Database, owner: str | None, job_id: UUID) -> Job:
    """Reads a job of the owner, or of anyone where that is None. Raises JobNotFound, for another's job as well."""
    row = await database.fetch_one("get_job", {"job_id": job_id, "owner": owner})
    if row is None:
        raise _not_found(job_id)
    return read_job(row)


def read_job(row: dict[str, Any]) -> Job:
    """Makes a job of a row that has its columns."""
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
    for _ in range(CANCEL_TRIES):
        if cancelled := await cancel_jobs(database, [job_id], owner=owner, on_freed=on_freed):
            return cancelled[0]
        for ended in await database.fetch_all("find_final_states", {"owner": owner, "job_ids": [job_id]}):
            if ended["state"] == "cancelled":
                return None
            raise JobFinished(f"The job has {ended['state']} already.", job_id=job_id, state=ended["state"])
    raise _not_found(job_id)


async def cancel_jobs(
    database: Database,
    job_ids: Sequence[UUID],
    *,
    owner: str | None = None,
    act: Act | None = None,
    on_freed: OnFreed = tell_nobody,
) -> list[EndedJob]:
    """Cancels the unfinished of these jobs, of an owner or whosever they are, durably; `act` goes into the audit log.

    Raises Busy where the completion of one is under way for long; then none was cancelled. `on_freed` as above.
    """

    async def cancel() -> tuple[list[DictRow], Freed]:
        async with database.transaction() as connection:
            rows = await fetch_all(connection, "cancel_jobs", {"owner": owner, "job_ids": list(job_ids)})
            if act is not None:
                await write_act(connection, act, cancelled=[str(row["id"]) for row in rows])
            return rows, await admit_next(connection, ended_slots(rows))

    rows, freed = await after_deadlocks(cancel)
    tell(freed, on_freed)
    return [EndedJob(row["id"], row["session_id"], None, row["upload_id"]) for row in rows]


async def find_open(database: Database, wanted: OpenJobFilter, most: int) -> list[UUID]:
    """Returns the ids of unfinished jobs that fit, at most so many: those that are next, then those that wait."""
    parameters = {
        "queue": wanted.queue,
        "kind": wanted.kind,
        "owner": wanted.owner,
        "lane": wanted.lane,
        "most": most,
    }
    return [row["id"] for row in await look(database, "find_open_jobs", parameters)]


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
        await write_act(connection, act, redriven=[str(job_id) for job_id in redriven.job_ids])
    return redriven


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
