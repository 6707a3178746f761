"""Ending attempts: complete, fail, release. Each is fenced by (job id, lease token); each may be repeated."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from psycopg.rows import DictRow

from coordinator.database import Connection, Database, fetch_all
from coordinator.domain import FailOutcome, Failure, Lease, Verb


async def complete(database: Database, leases: Sequence[Lease]) -> list[int]:
    """Completes the jobs, durably; returns the places of those that are not held. No job may stand twice."""
    async with database.connection() as connection:
        rows = await fetch_all(connection, "complete_jobs", lease_columns(leases))
        done = await _with_repeats(connection, Verb.COMPLETE, leases, rows)
    return _places_without(leases, done)


async def release(database: Database, leases: Sequence[Lease]) -> tuple[list[int], set[str]]:
    """Gives the jobs back; returns the places of those that are not held, and the queues that have work again."""
    async with database.connection() as connection:
        rows = await fetch_all(connection, "release_jobs", lease_columns(leases))
        done = await _with_repeats(connection, Verb.RELEASE, leases, rows)
    return _places_without(leases, done), {row["queue"] for row in rows}


async def fail(database: Database, failures: Sequence[Failure]) -> list[FailOutcome]:
    """Fails the attempts, durably; returns what became of each, in their order."""
    leases = [failure.lease for failure in failures]
    async with database.connection() as connection:
        rows = await fetch_all(connection, "fail_jobs", _failure_columns(failures))
        done = await _with_repeats(connection, Verb.FAIL, leases, rows)
    return [_outcome(done.get(lease.job_id)) for lease in leases]


async def ended_before(connection: Connection, verb: Verb, leases: Sequence[Lease]) -> dict[UUID, DictRow]:
    """Returns, by job id, the leases that were ended by this very verb before."""
    rows = await fetch_all(connection, "find_ended_leases", {**lease_columns(leases), "verb": verb.value})
    return {row["id"]: row for row in rows}


def lease_columns(leases: Sequence[Lease]) -> dict[str, object]:
    """Returns the parameters by which a statement joins on its fences."""
    return {"job_ids": [lease.job_id for lease in leases], "tokens": [lease.token for lease in leases]}


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
    }
