"""Claiming jobs for a session."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

from psycopg.rows import DictRow

from coordinator.clocks import VirtualClocks
from coordinator.database import Connection, Database, after_deadlocks, execute, fetch_all, fetch_one, send
from coordinator.domain import ClaimedJob, Lease, Place
from coordinator.ids import is_counted
from coordinator.marks import ClaimRange, Look, QueueMarks

# Larger than any sum of sizes: no limit by bytes.
UNLIMITED_BYTES = 2**62
# Where lanes are limited a claim looks so many jobs further, a kind, for lanes that have room.
LOOK_AHEAD = 200
# What sums of fractions may lack of a whole token.
TOKEN_MARGIN = 1e-9
# A bucket is not looked at more often, however fast it fills.
TOKEN_REST_SECONDS = 0.01


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
    staying: tuple[Place, ...] = ()
    # Whether the queue was looked at: not where it has no room, and then this says nothing of what is pending.
    looked: bool = True
    # It has no room for anybody.
    is_full: bool = False
    # After how long there will be something to take that nobody tells of: room in the bucket, or jobs further on.
    again_seconds: float | None = None


NOT_LOOKED = Claimed((), looked=False)


def take_note(marks: QueueMarks, clocks: VirtualClocks, queue: str, look: Look, claimed: Claimed) -> None:
    """Moves a queue's marks on by what a look at it brought, and its clock by what was claimed."""
    if claimed.looked:
        marks.finish(look, claimed.jobs, claimed.staying)
    else:
        marks.give_up(look)
    clocks.pass_over(queue, claimed.jobs)


async def claim(database: Database, wanted: SessionClaim) -> Claimed:
    """Leases waiting jobs to an open session; none where it is closed, or another coordinator's by now.

    A counted token asks for the queue's limits first; any other gets nothing from a queue that is guarded.
    """
    if is_counted(wanted.token):
        return await after_deadlocks(partial(_claim_in_transaction, database, wanted))
    async with database.connection() as connection:
        return await _claim(connection, wanted)


async def claim_once(database: Database, wanted: SessionClaim) -> Claimed:
    """Claims for a ClaimBatch, and remembers in the same transaction what was given, for its repeat."""
    return await after_deadlocks(partial(_claim_in_transaction, database, wanted, remember=True))


async def _claim_in_transaction(database: Database, wanted: SessionClaim, *, remember: bool = False) -> Claimed:
    async with database.pipelined_transaction() as connection:
        carry_out = claim_within_limits if is_counted(wanted.token) else _claim
        claimed = await carry_out(connection, wanted)
        if remember and claimed.jobs:
            job_ids = [job.lease.job_id for job in claimed.jobs]
            await execute(connection, "remember_claimed", {"session_id": wanted.session_id, "job_ids": job_ids})
    return claimed


async def claim_within_limits(connection: Connection, wanted: SessionClaim) -> Claimed:
    """Claims from a queue that may be guarded, as part of the caller's transaction: one claim of a queue at a time."""
    begun = await send(connection, "begin_claim_within_limits", _session(wanted))
    # In a statement of its own: it sees what the claim before it took.
    row = await fetch_one(connection, "get_claim_room", {"queue": wanted.queue})
    if not await begun():
        return NOT_LOOKED
    if row is None or not row["open"]:
        return Claimed((), looked=False, is_full=True)
    room = _room(row, wanted.limit.jobs)
    if room <= 0:
        return Claimed((), looked=False, is_full=True, again_seconds=_token_seconds(row))
    seen = {"lane_limit": row["lane_limit"], "most_seen": room + (LOOK_AHEAD if row["lane_limit"] is not None else 0)}
    columns = {**_parameters(wanted), **seen, "max_jobs": room}
    rows = await fetch_all(connection, "claim_jobs_within_limits", columns)
    claimed = _claimed_of(rows, wanted)
    if row["rate_per_second"] is not None and claimed.jobs:
        await execute(connection, "spend_claims", {"queue": wanted.queue, "jobs": len(claimed.jobs)})
    return claimed if claimed.jobs else replace(claimed, again_seconds=0.0 if rows[0]["kept_back"] else None)


def _room(row: DictRow, jobs: int) -> int:
    """How many jobs the limits of a whole queue leave of those wanted."""
    room = jobs if row["room"] is None else min(jobs, row["room"])
    return room if row["rate_per_second"] is None else min(room, math.floor(row["tokens"] + TOKEN_MARGIN))


def _token_seconds(row: DictRow) -> float | None:
    """Until there is a whole token in the bucket again; None where another limit leaves no room."""
    if row["rate_per_second"] is None or (row["room"] is not None and row["room"] <= 0):
        return None
    seconds: float = (1 - row["tokens"]) / row["rate_per_second"]
    return max(seconds, TOKEN_REST_SECONDS)


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
    return _claimed_of(rows, wanted) if rows else NOT_LOOKED


def _claimed_of(rows: Sequence[DictRow], wanted: SessionClaim) -> Claimed:
    staying = rows[0]["staying"] or ()
    return Claimed(
        tuple(_claimed(row, wanted.token) for row in rows if row["id"] is not None),
        tuple(Place(wanted.queue, kind, priority, position) for kind, priority, position in staying),
    )


def _session(wanted: SessionClaim) -> dict[str, object]:
    return {"session_id": wanted.session_id, "epoch": wanted.epoch, "queue": wanted.queue}


def _parameters(wanted: SessionClaim) -> dict[str, object]:
    return {
        **_session(wanted),
        "token": wanted.token,
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
