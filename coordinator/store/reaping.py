"""Taking back what dead sessions and overdue attempts hold, and ending what nobody took in time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from psycopg.rows import DictRow

from coordinator.database import Connection, Database, execute, fetch_all, fetch_one
from coordinator.domain import EndedJob, Freed, Lease, Place
from coordinator.store.admission import OnFreed, admit_next, find_slots, find_waiting_slots, tell, tell_nobody
from coordinator.store.auditing import Act, write_act

# The advisory lock of the duty, so that one coordinator at a time carries it out.
REAP_DUTY = 7_305_411_904
# What one statement takes back at most; the caller goes on while it gets that many.
REAP_JOBS = 1_000

WORKER_LOST = ("WORKER_LOST", "The worker's connection ended or fell silent before the job was done.")
ATTEMPT_EXPIRED = ("ATTEMPT_EXPIRED", "The attempt took longer than its deadline allows.")
JOB_EXPIRED = ("JOB_EXPIRED", "Nobody took the job in its time.")


@dataclass(frozen=True, slots=True)
class Reaped:
    """What was taken back, and how many sessions were found to be over."""

    jobs: tuple[EndedJob, ...]
    sessions: int
    # What there is room for in guarded queues.
    freed: Freed


async def reap_dead_sessions(
    database: Database,
    *,
    patient_seconds: float | None = None,
    left: Iterable[int] = (),
    on_freed: OnFreed = tell_nobody,
) -> list[EndedJob]:
    """Ends sessions that have fallen silent and takes back the jobs of all that are over; at most 1,000 jobs.

    A coordinator that has been patient for so long spares those that were renewed before that time, unless they are
    among those `left`, whose streams it saw end. Two conditional updates in one transaction: what is renewed or
    completed in between is left alone. `on_freed` is told, in guarded queues, what there is room for; as below.
    """
    async with database.transaction() as connection:
        if not await _on_duty(connection):
            return []
        reaped = await _reap_dead_sessions(connection, patient_seconds, left)
    tell(reaped.freed, on_freed)
    return list(reaped.jobs)


async def reap_for(
    database: Database,
    act: Act,
    *,
    patient_seconds: float | None = None,
    left: Iterable[int] = (),
    on_freed: OnFreed = tell_nobody,
) -> Reaped:
    """Does the same because an operator wants it, with a line in the audit log. Waits for whoever does it already."""
    async with database.transaction() as connection:
        await fetch_one(connection, "take_maintenance_lock", {"duty": REAP_DUTY})
        reaped = await _reap_dead_sessions(connection, patient_seconds, left)
        await write_act(connection, act, jobs=len(reaped.jobs), sessions=reaped.sessions)
    tell(reaped.freed, on_freed)
    return reaped


async def _reap_dead_sessions(connection: Connection, patient_seconds: float | None, left: Iterable[int]) -> Reaped:
    expired = {
        "patient_ms": None if patient_seconds is None else round(patient_seconds * 1000),
        "session_ids": list(left),
    }
    sessions = await execute(connection, "close_expired_sessions", expired)
    over = [row["id"] for row in await fetch_all(connection, "unsettled_sessions")]
    if not over:
        return Reaped((), sessions, Freed())
    lost = await fetch_all(connection, "lock_lost_jobs", {"session_ids": over})
    slots = await find_slots(connection, _leases(lost))
    ended = await _end(connection, lost, WORKER_LOST, verb="reap")
    await execute(connection, "settle_sessions", {"session_ids": over})
    return Reaped(tuple(ended), sessions, await admit_next(connection, slots))


async def reap_overdue(database: Database, *, on_freed: OnFreed = tell_nobody) -> list[EndedJob]:
    """Ends attempts that are past their deadline, at most 1,000, and leaves word to their workers."""
    async with database.transaction() as connection:
        if not await _on_duty(connection):
            return []
        lost = await fetch_all(connection, "lock_overdue_jobs")
        slots = await find_slots(connection, _leases(lost))
        ended = await _end(connection, lost, ATTEMPT_EXPIRED, verb="reap")
        await _leave_word(connection, lost, ended)
        freed = await admit_next(connection, slots)
    tell(freed, on_freed)
    return ended


async def expire_jobs(database: Database, *, on_freed: OnFreed = tell_nobody) -> list[EndedJob]:
    """Fails jobs that nobody took in their time, at most 1,000. They can be redriven."""
    async with database.transaction() as connection:
        unwanted = await fetch_all(connection, "lock_expired_jobs")
        slots = await find_waiting_slots(connection, [row["id"] for row in unwanted]) if unwanted else ()
        ended = await _end(connection, unwanted, JOB_EXPIRED, verb="expire", permanent=True)
        freed = await admit_next(connection, slots)
    tell(freed, on_freed)
    return ended


def _leases(rows: Iterable[DictRow]) -> list[Lease]:
    return [Lease(row["id"], row["token"]) for row in rows]


async def _on_duty(connection: Connection) -> bool:
    row = await fetch_one(connection, "try_maintenance_lock", {"duty": REAP_DUTY})
    return row is not None and bool(row["held"])


async def _end(
    connection: Connection, jobs: Sequence[DictRow], why: tuple[str, str], *, verb: str, permanent: bool = False
) -> list[EndedJob]:
    """Ends what is locked already: back to the queue at once, or failed."""
    if not jobs:
        return []
    reason, message = why
    columns = {
        "job_ids": [row["id"] for row in jobs],
        "tokens": [row["token"] for row in jobs],
        "reasons": [reason] * len(jobs),
        "messages": [message] * len(jobs),
        "permanents": [permanent] * len(jobs),
        "verb": verb,
        "at_once": True,
    }
    return [_ended(row) for row in await fetch_all(connection, "fail_jobs", columns)]


async def _leave_word(connection: Connection, lost: Sequence[DictRow], ended: Sequence[EndedJob]) -> None:
    tokens = {row["id"]: row["token"] for row in lost}
    told = [job for job in ended if job.session_id is not None]
    columns = {
        "session_ids": [job.session_id for job in told],
        "job_ids": [job.job_id for job in told],
        "tokens": [tokens[job.job_id] for job in told],
    }
    await execute(connection, "insert_lease_notices", columns)


def _ended(row: DictRow) -> EndedJob:
    place = None if row["final"] else Place(row["queue"], row["kind"], row["priority"], row["position"])
    return EndedJob(row["id"], row["session_id"], place, row["upload_id"])
