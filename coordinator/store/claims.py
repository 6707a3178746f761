"""Claiming jobs for a session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import DictRow

from coordinator.database import Database, execute, fetch_all, fetch_one
from coordinator.domain import ClaimedJob, Lease
from coordinator.ids import new_token

# Larger than any sum of sizes: no limit by bytes.
UNLIMITED_BYTES = 2**62


@dataclass(frozen=True, slots=True)
class ClaimLimit:
    """How much one claim may take: at most `jobs`, within `bytes`; one job however large where `holds_nothing`."""

    jobs: int
    bytes: int
    holds_nothing: bool


async def claim(
    database: Database, session_id: int, queue: str, kinds: Sequence[str], limit: ClaimLimit
) -> list[ClaimedJob]:
    """Leases waiting jobs to an open session, in order of priority and position; none where it is closed."""
    token = new_token()
    rows = await database.fetch_all("claim_jobs", _parameters(session_id, queue, kinds, limit, token))
    return [_claimed(row, token) for row in rows]


async def claim_once(
    database: Database,
    session_id: int,
    queue: str,
    kinds: Sequence[str],
    limit: ClaimLimit,
    lease_seconds: float,
) -> list[ClaimedJob]:
    """Claims for a ClaimBatch, and remembers in the same transaction what was given, for its repeat."""
    token = new_token()
    async with database.transaction() as connection:
        rows = await fetch_all(connection, "claim_jobs", _parameters(session_id, queue, kinds, limit, token))
        if rows:
            job_ids = [row["id"] for row in rows]
            parameters = {"session_id": session_id, "job_ids": job_ids, "lease_seconds": lease_seconds}
            await execute(connection, "remember_claimed", parameters)
    return [_claimed(row, token) for row in rows]


async def claimed_before(database: Database, request_id: str) -> dict[str, list[ClaimedJob]]:
    """Returns the jobs, by queue, that a ClaimBatch request was given before and still holds."""
    async with database.connection() as connection:
        session = await fetch_one(connection, "get_batch_session", {"request_id": request_id})
        if session is None:
            return {}
        parameters = {"session_id": session["id"], "job_ids": session["claimed_ids"] or []}
        rows = await fetch_all(connection, "get_leased_jobs", parameters)
    by_queue: dict[str, list[ClaimedJob]] = {}
    for row in rows:
        by_queue.setdefault(row["queue"], []).append(_claimed(row, row["lease_token"]))
    return by_queue


def _parameters(session_id: int, queue: str, kinds: Sequence[str], limit: ClaimLimit, token: int) -> dict[str, object]:
    return {
        "session_id": session_id,
        "queue": queue,
        "kinds": list(kinds),
        "max_jobs": limit.jobs,
        "max_bytes": limit.bytes,
        "holds_nothing": limit.holds_nothing,
        "token": token,
    }


def _claimed(row: DictRow, token: int) -> ClaimedJob:
    job_id: UUID = row["id"]
    return ClaimedJob(
        lease=Lease(job_id, token),
        kind=row["kind"],
        priority=row["priority"],
        position=row["position"],
        attempt=row["attempt"],
        payload=row["payload"],
        size=row["size"],
        deadline_ms=row["deadline_ms"],
    )
