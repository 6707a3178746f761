"""Reading jobs, and moving them when their time has come."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from coordinator.clocks import VirtualClocks
from coordinator.database import Database
from coordinator.domain import Job, JobError
from coordinator.errors import JobNotFound


async def get_job(database: Database, owner: str, job_id: UUID) -> Job:
    """Reads a job of the owner, unfinished or in history. Raises JobNotFound, for another's job as well."""
    row = await database.fetch_one("get_job", {"job_id": job_id, "owner": owner})
    if row is None:
        raise JobNotFound(
            "There is no such job: check its id, and that it is not older than the history kept.",
            job_id=job_id,
        )
    errors = tuple(_error(error) for error in row.pop("errors") or ())
    return Job(**row, errors=errors)


def _error(stored: Mapping[str, Any]) -> JobError:
    return JobError(
        attempt=stored["attempt"],
        occurred_at=datetime.fromisoformat(stored["at"]),
        worker=stored["worker"],
        reason=stored["reason"],
        message=stored["message"],
    )


async def promote_due(database: Database) -> list[str]:
    """Makes due jobs pending, at most 1,000; returns their queues, one entry a job."""
    return [row["queue"] for row in await database.fetch_all("promote_due_jobs")]


async def next_due_seconds(database: Database) -> float | None:
    """Returns the seconds until the next scheduled job is due, None where none waits."""
    row = await database.fetch_one("next_due_seconds")
    return None if row is None else row["seconds"]


async def load_virtual_times(database: Database, clocks: VirtualClocks) -> None:
    """Learns the virtual times that are stored."""
    rows = await database.fetch_all("load_virtual_times")
    clocks.merge((row["queue"], row["priority"], row["virtual_time"]) for row in rows)


async def store_virtual_times(database: Database, clocks: VirtualClocks) -> None:
    """Stores every clock, the greater of old and new, and learns what others stored."""
    if not (times := clocks.snapshot()):
        return
    columns = {
        "queues": [queue for queue, _ in times],
        "priorities": [priority for _, priority in times],
        "virtual_times": list(times.values()),
    }
    rows = await database.fetch_all("store_virtual_times", columns)
    clocks.merge((row["queue"], row["priority"], row["virtual_time"]) for row in rows)
