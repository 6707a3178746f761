"""Forgetting a person: first what brings plays in, then the plays. Each step is a transaction of its own.

Locks are taken in this order: the user, history by row, jobs by id, upload_files, upload_jobs, keys, lanes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from coordinator.database import Connection, Database, execute, fetch_all, fetch_one
from coordinator.domain import Freed
from coordinator.store.admission import admit_next, ended_slots
from coordinator.store.auditing import Act, write_act
from coordinator.store.commits import CommitBounds
from coordinator.store.places import places


@dataclass(frozen=True, slots=True)
class RemovedWork:
    """What was removed before the plays. `files` counts archives too, `jobs` those in history too."""

    jobs: int
    files: int
    upload_ids: tuple[UUID, ...]
    # Whether workers had some of the jobs, and were left word.
    told_workers: bool
    # Whether the act was written into the audit log.
    audited: bool
    # What there is room for in guarded queues.
    freed: Freed


@dataclass(frozen=True, slots=True)
class RemovedPlays:
    """How many plays were removed, and the time of the last: the next step goes on there. None: there were none."""

    plays: int
    last: datetime | None


async def knows(database: Database, user_id: UUID, bounds: CommitBounds) -> bool:
    """Returns whether anything is there of a person at this moment."""
    async with _step(database, bounds) as connection:
        row = await fetch_one(connection, "has_user_data", _names(user_id))
    return row is not None and bool(row["found"])


async def remove_work(database: Database, user_id: UUID, act: Act | None, bounds: CommitBounds) -> RemovedWork:
    """Removes a person's jobs, uploads, files, idempotency keys and lanes, all or none.

    Where something was there, plays included, `act` is written down with the numbers; the plays are still to be
    removed. Raises Busy where a lock takes too long.
    """
    names = _names(user_id)
    async with _step(database, bounds) as connection:
        await execute(connection, "lock_user", names)
        ended = await fetch_all(connection, "delete_user_history", names)
        live = await fetch_all(connection, "delete_user_jobs", names)
        files = await execute(connection, "delete_user_files", names)
        uploads = await fetch_all(connection, "delete_user_uploads", names)
        jobs = sum(row["jobs"] for row in (*ended, *live))
        keys = await execute(connection, "delete_user_keys", names)
        lanes = await execute(connection, "delete_user_lanes", names)
        (there,) = await fetch_all(connection, "count_user_listens", names)
        numbers = {"plays": there["plays"], "uploads": len(uploads), "files": files, "jobs": jobs}
        audited = act is not None and any((*numbers.values(), keys, lanes))
        if act is not None and audited:
            await write_act(connection, act, **numbers)
        freed = await admit_next(connection, ended_slots(live))
        strangers = places(row for row in live if row["position"] is not None)
    held = any(row["held"] for row in live)
    freed = Freed(freed.queues, (*freed.pending, *strangers))
    return RemovedWork(jobs, files, tuple(row["id"] for row in uploads), held, audited, freed)


async def remove_plays(
    database: Database, user_id: UUID, start: datetime | None, most: int, bounds: CommitBounds
) -> RemovedPlays:
    """Removes about `most` of a person's plays from a time on, None: from the first. Raises Busy as above."""
    wanted = {**_names(user_id), "start": start, "most": most}
    async with _step(database, bounds) as connection:
        await execute(connection, "lock_user", wanted)
        (gone,) = await fetch_all(connection, "delete_user_listens", wanted)
    return RemovedPlays(gone["plays"], gone["last"])


@asynccontextmanager
async def _step(database: Database, bounds: CommitBounds) -> AsyncIterator[Connection]:
    async with database.transaction() as connection:
        await execute(connection, "bound_forgetting", bounds.parameters)
        yield connection


def _names(user_id: UUID) -> dict[str, object]:
    """Returns the person as uploads and plays name them, and as jobs do."""
    return {"user_id": user_id, "owner": str(user_id)}
