"""Worker sessions: opened by a claim stream or a ClaimBatch, kept alive by pings, closed by end or silence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from psycopg.rows import DictRow

from coordinator.database import Connection, Database, execute, fetch_all, fetch_one
from coordinator.domain import Lease, ReapedJob

# The advisory lock of each periodic duty, so that one coordinator at a time carries it out.
REAP_DUTY = 7_305_411_904

WORKER_LOST = ("WORKER_LOST", "The worker's connection ended or fell silent before the job was done.")
ATTEMPT_EXPIRED = ("ATTEMPT_EXPIRED", "The attempt took longer than its deadline allows.")


async def open_session(
    database: Database,
    coordinator: UUID,
    worker: str,
    queues: Sequence[str],
    kinds: Sequence[str],
    lease_seconds: float,
    request_id: str | None = None,
) -> int | None:
    """Opens a session and returns its id; None where a ClaimBatch request of this id was made before."""
    row = await database.fetch_one(
        "open_session",
        {
            "worker": worker,
            "coordinator": coordinator,
            "queues": list(queues),
            "kinds": list(kinds),
            "lease_seconds": lease_seconds,
            "request_id": request_id,
        },
    )
    return None if row is None else row["id"]


async def keep_alive(database: Database, seconds_left: Mapping[int, float]) -> set[int]:
    """Extends sessions to so many seconds from now, in one statement; returns those that are still open."""
    parameters = {"session_ids": list(seconds_left), "seconds_left": list(seconds_left.values())}
    return {row["id"] for row in await database.fetch_all("keep_sessions_alive", parameters)}


async def close_session(database: Database, session_id: int) -> None:
    """Ends a session; the reaper takes back what it still holds."""
    await database.execute("close_session", {"session_id": session_id})


async def reap_dead_sessions(database: Database) -> list[ReapedJob]:
    """Ends the sessions that fell silent and takes back the jobs of all that are over; at most 1,000 jobs at a time.

    Two conditional updates in one transaction: what is renewed or completed in between is left alone.
    """
    async with database.transaction() as connection:
        if not await _on_duty(connection):
            return []
        await execute(connection, "close_expired_sessions")
        over = [row["id"] for row in await fetch_all(connection, "unsettled_sessions")]
        if not over:
            return []
        rows = await fetch_all(connection, "reap_jobs", _reap_parameters(over, WORKER_LOST, overdue=False))
        await execute(connection, "settle_sessions", {"session_ids": over})
    return [_reaped(row) for row in rows]


async def reap_overdue(database: Database) -> list[ReapedJob]:
    """Ends attempts that are past their deadline, whether or not their worker lives."""
    async with database.transaction() as connection:
        if not await _on_duty(connection):
            return []
        rows = await fetch_all(connection, "reap_jobs", _reap_parameters([], ATTEMPT_EXPIRED, overdue=True))
    return [_reaped(row) for row in rows]


async def delete_old_sessions(database: Database) -> int:
    """Forgets sessions that ended over an hour ago; returns how many."""
    return await database.execute("delete_old_sessions")


async def _on_duty(connection: Connection) -> bool:
    row = await fetch_one(connection, "try_maintenance_lock", {"duty": REAP_DUTY})
    return row is not None and bool(row["held"])


def _reap_parameters(session_ids: Sequence[int], why: tuple[str, str], *, overdue: bool) -> dict[str, object]:
    reason, message = why
    return {"session_ids": list(session_ids), "overdue": overdue, "reason": reason, "message": message}


def _reaped(row: DictRow) -> ReapedJob:
    return ReapedJob(Lease(row["id"], row["token"]), row["session_id"], row["queue"])
