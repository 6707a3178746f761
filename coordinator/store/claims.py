"""Claiming jobs for a session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import DictRow

from coordinator.database import Connection, Database, execute, fetch_all, fetch_one
from coordinator.domain import ClaimedJob, Lease, Place
from coordinator.marks import ClaimRange

# Larger than any sum of sizes: no limit by bytes.
UNLIMITED_BYTES = 2**62


@dataclass(frozen=True, slots=True)
class ClaimLimit:
    """How much one claim may take: at most `jobs`, within `bytes`; one job however large where `holds_nothing`."""

    jobs: int
    bytes: int
    holds_nothing: bool


@dataclass(frozen=True, slots=True)
class SessionClaim:
    """For whom jobs are claimed, under which token, from where, and how many."""

    session_id: int
    epoch: int
    token: int
    queue: str
    ranges: Sequence[ClaimRange]
    limit: ClaimLimit


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim brought, in order of priority and position."""

    jobs: tuple[ClaimedJob, ...]
    # A kind, the first job in its ranges that is still pending; only kinds of which one was seen.
    staying: tuple[Place, ...]


async def claim(database: Database, wanted: SessionClaim) -> Claimed:
    """Leases waiting jobs to an open session; none where it is closed, or another coordinator's by now."""
    async with database.connection() as connection:
        return await _claim(connection, wanted)


async def claim_once(database: Database, wanted: SessionClaim) -> Claimed:
    """Claims for a ClaimBatch, and remembers in the same transaction what was given, for its repeat."""
    async with database.transaction() as connection:
        claimed = await _claim(connection, wanted)
        if claimed.jobs:
            job_ids = [job.lease.job_id for job in claimed.jobs]
            await execute(connection, "remember_claimed", {"session_id": wanted.session_id, "job_ids": job_ids})
    return claimed


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


async def _claim(connection: Connection, wanted: SessionClaim) -> Claimed:
    rows = await fetch_all(connection, "claim_jobs", _parameters(wanted))
    staying = (rows[0]["staying"] or ()) if rows else ()
    return Claimed(
        tuple(_claimed(row, wanted.token) for row in rows),
        tuple(Place(wanted.queue, kind, priority, position) for kind, priority, position in staying),
    )


def _parameters(wanted: SessionClaim) -> dict[str, object]:
    return {
        "session_id": wanted.session_id,
        "epoch": wanted.epoch,
        "token": wanted.token,
        "queue": wanted.queue,
        "kinds": list(dict.fromkeys(one.kind for one in wanted.ranges)),
        "range_kinds": [one.kind for one in wanted.ranges],
        "from_priorities": [one.from_priority for one in wanted.ranges],
        "from_positions": [one.from_position for one in wanted.ranges],
        "below_priorities": [one.below_priority for one in wanted.ranges],
        "max_jobs": wanted.limit.jobs,
        "max_bytes": wanted.limit.bytes,
        "holds_nothing": wanted.limit.holds_nothing,
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
        checkpoint=row["checkpoint"] or b"",
    )
