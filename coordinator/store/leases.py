"""Ending attempts: complete, fail, snooze, release. Each is fenced by (job id, lease token); each may be repeated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from coordinator.database import Connection, Database, execute, fetch_all
from coordinator.domain import (
    FailOutcome,
    Failure,
    Freed,
    Lease,
    Postponement,
    ProgressReport,
    Verb,
)
from coordinator.store.admission import OnFreed, ending, tell, tell_nobody
from coordinator.store.places import lease_columns, places


async def complete(
    database: Database,
    leases: Sequence[Lease],
    results: Sequence[str | None] = (),
    *,
    on_freed: OnFreed = tell_nobody,
) -> list[int]:
    """Completes the jobs, durably; returns the places of those that are not held. No job may stand twice.

    `results` are JSON texts, one a lease; or there are none. `on_freed` is told, in a guarded queue, what there is
    room for; so it is by the other verbs.
    """

    async def end(connection: Connection) -> list[int]:
        rows = await fetch_all(connection, "complete_jobs", completion_columns(leases, results))
        return _places_without(leases, await _with_repeats(connection, Verb.COMPLETE, leases, rows))

    return await ending(database, leases, end, on_freed)


async def release(database: Database, leases: Sequence[Lease], *, on_freed: OnFreed = tell_nobody) -> list[int]:
    """Gives the jobs back, next in their lanes; the attempts do not count. Returns the places of those not held.

    `on_freed` is told where they and those let in stand, in every queue. What a commit has locked is waited for and
    tried again, after the others. Raises Busy where it stays locked; the others are given back then, and told of.
    """
    locked = await _release(database, leases, on_freed, wait=False)
    refused = await _release(database, locked, on_freed, wait=True) if locked else []
    gone = {lease.job_id for lease in refused}
    return [place for place, lease in enumerate(leases) if lease.job_id in gone]


async def _release(database: Database, leases: Sequence[Lease], on_freed: OnFreed, *, wait: bool) -> list[Lease]:
    """Gives back what nobody has locked, or waits for who has; returns what is left."""

    async def end(connection: Connection) -> tuple[Sequence[DictRow], list[Lease]]:
        rows = []
        if not wait or await execute(connection, "lock_leases", lease_columns(leases)):
            rows = await fetch_all(connection, "release_jobs", lease_columns(leases))
        done = await _with_repeats(connection, Verb.RELEASE, leases, rows)
        return rows, [lease for lease in leases if lease.job_id not in done]

    rows, left = await ending(database, leases, end, on_freed)
    tell(Freed(frozenset(row["queue"] for row in rows), places(rows)), on_freed)
    return left


async def snooze(
    database: Database, postponements: Sequence[Postponement], *, on_freed: OnFreed = tell_nobody
) -> list[int]:
    """Puts the jobs off, durably; returns the places of those that are not held. The attempts do not count."""
    leases = [postponement.lease for postponement in postponements]
    columns = {**lease_columns(leases), "delays_ms": [postponement.delay_ms for postponement in postponements]}

    async def end(connection: Connection) -> list[int]:
        rows = await fetch_all(connection, "snooze_jobs", columns)
        return _places_without(leases, await _with_repeats(connection, Verb.SNOOZE, leases, rows))

    return await ending(database, leases, end, on_freed)


async def report_progress(database: Database, reports: Sequence[ProgressReport]) -> list[int]:
    """Stores how far attempts have come and their checkpoints; returns the places of those that are not held.

    Extends the leases of a ClaimBatch, which no stream keeps alive.
    """
    leases = [report.lease for report in reports]
    columns = {
        **lease_columns(leases),
        "progresses": [None if report.progress is None else Jsonb(asdict(report.progress)) for report in reports],
        "checkpoints": [report.checkpoint for report in reports],
    }
    async with database.connection() as connection:
        rows = await fetch_all(connection, "report_progress", columns)
        if rows:
            await execute(connection, "extend_batch_leases", {"session_ids": list({row["session_id"] for row in rows})})
    return _places_without(leases, {row["id"]: row for row in rows})


async def fail(
    database: Database, failures: Sequence[Failure], *, on_freed: OnFreed = tell_nobody
) -> list[FailOutcome]:
    """Fails the attempts, durably; returns what became of each, in their order."""
    leases = [failure.lease for failure in failures]

    async def end(connection: Connection) -> list[FailOutcome]:
        rows = await fetch_all(connection, "fail_jobs", _failure_columns(failures))
        done = await _with_repeats(connection, Verb.FAIL, leases, rows)
        return [_outcome(done.get(lease.job_id)) for lease in leases]

    return await ending(database, leases, end, on_freed)


async def ended_before(connection: Connection, verb: Verb, leases: Sequence[Lease]) -> dict[UUID, DictRow]:
    """Returns, by job id, the leases that were ended by this very verb before."""
    rows = await fetch_all(connection, "find_ended_leases", {**lease_columns(leases), "verb": verb.value})
    return {row["id"]: row for row in rows}


def completion_columns(leases: Sequence[Lease], results: Sequence[str | None] = ()) -> dict[str, object]:
    """Returns the parameters of a completion; `results` are JSON texts, one a lease, or there are none."""
    return {**lease_columns(leases), "results": list(results or [None] * len(leases))}


async def _with_repeats(
    connection: Connection, verb: Verb, leases: Sequence[Lease], rows: Sequence[DictRow]
) -> dict[UUID, DictRow]:
    """Adds to what was ended now what the same verb had ended before; asks only where something is missing."""
    done = {row["id"]: row for row in rows}
    if missing := [lease for lease in leases if lease.job_id not in done]:
        done |= await ended_before(connection, verb, missing)
    return done


def _places_without(leases: Sequence[Lease], done: dict[UUID, DictRow]) -> list[int]:
    return [place for place, lease in enumerate(leases) if lease.job_id not in done]


def _outcome(row: DictRow | None) -> FailOutcome:
    if row is None:
        return FailOutcome(refused=True)
    delay_seconds = None if row["final"] else row["delay_seconds"] or 0.0
    return FailOutcome(refused=False, delay_seconds=delay_seconds, upload_id=row.get("upload_id"))


def _failure_columns(failures: Sequence[Failure]) -> dict[str, object]:
    return {
        **lease_columns([failure.lease for failure in failures]),
        "reasons": [failure.reason for failure in failures],
        "messages": [failure.message for failure in failures],
        "permanents": [failure.permanent for failure in failures],
        "verb": Verb.FAIL.value,
        "at_once": False,
    }
