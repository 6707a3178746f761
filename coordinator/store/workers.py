"""Sessions as operators see them: who works, what each holds, and the wish that one ends."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from psycopg.rows import DictRow

from coordinator.admin_domain import LOOK_JOBS, HeldJob, Worker
from coordinator.database import Database, fetch_one
from coordinator.domain import Progress
from coordinator.errors import WorkerNotFound
from coordinator.store.auditing import Act, write_act
from coordinator.store.looks import look

NEWEST = 2**62
# What is told of a worker's jobs, the longest first.
MOST_HELD = 20


async def list_workers(database: Database, before: int, most: int, *, closed: bool) -> list[Worker]:
    """Returns at most so many sessions below an id, newest first, with what they hold."""
    rows = await database.fetch_all("list_workers", {"before": before, "most": most, "closed": closed})
    held = await _held(database, [row["id"] for row in rows if row["open"]])
    return [_worker(row, held.get(row["id"], [])) for row in rows]


async def retire(database: Database, session_id: int, act: Act) -> bool:
    """Asks the worker of an open session to end: nothing more is claimed for it. Returns whether it is asked anew.

    Raises WorkerNotFound where no such session is open.
    """
    async with database.transaction() as connection:
        row = await fetch_one(connection, "retire_session", {"session_id": session_id})
        if row is None:
            raise WorkerNotFound("No such worker has an open session: it left, or was lost.", session_id=session_id)
        changed = not row["asked_before"]
        await write_act(connection, act, changed=changed)
    return changed


async def find_retiring(database: Database, coordinator: UUID) -> set[int]:
    """Returns a coordinator's open sessions whose workers are wanted to end."""
    return {row["id"] for row in await database.fetch_all("find_retiring_sessions", {"coordinator": coordinator})}


async def _held(database: Database, session_ids: list[int]) -> dict[int, list[HeldJob]]:
    """Returns what was found of each session's jobs, the longest first."""
    if not session_ids:
        return {}
    heads = {"queue": None, "session_ids": session_ids, "jobs": LOOK_JOBS}
    held: dict[int, list[HeldJob]] = {}
    for row in await look(database, "find_processing_jobs", heads):
        held.setdefault(row["session_id"], []).append(_held_job(row))
    return held


def _held_job(row: DictRow) -> HeldJob:
    progress = row["progress"]
    return HeldJob(
        job_id=row["id"],
        kind=row["kind"],
        attempt=row["attempt"],
        started_at=row["started_at"],
        progress=None if progress is None else Progress(**progress),
    )


def _worker(row: DictRow, held: Iterable[HeldJob]) -> Worker:
    jobs = tuple(held)
    return Worker(
        session_id=row["id"],
        name=row["worker"],
        queues=row["queues"],
        kinds=row["kinds"],
        is_open=row["open"],
        retiring=row["retiring"],
        # The one call of a ClaimBatch is over with its lease.
        left=row["said_goodbye"] or row["batch"],
        opened_at=row["opened_at"],
        expires_at=row["expires_at"],
        closed_at=row["closed_at"],
        held=jobs[:MOST_HELD],
        held_count=len(jobs),
    )
