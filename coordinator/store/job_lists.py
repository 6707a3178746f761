"""Pages of jobs. Each costs a look at so many, however few fit: a page may be short, and the next one goes on."""

from __future__ import annotations

from uuid import UUID

from psycopg.rows import DictRow

from coordinator.admin_domain import LOOK_JOBS, JobFilter, JobPage
from coordinator.database import Database
from coordinator.store.jobs import read_job
from coordinator.store.looks import look

NEWEST = UUID(int=2**128 - 1)

_UNFINISHED = frozenset({"pending", "scheduled", "processing"})
_FINISHED = frozenset({"completed", "failed", "cancelled"})


async def list_jobs(
    database: Database, wanted: JobFilter, before: UUID, page_size: int, look_jobs: int = LOOK_JOBS
) -> JobPage:
    """Returns the newest jobs below an id that fit, unfinished and in history."""
    states = wanted.states or _UNFINISHED | _FINISHED
    parameters = {
        **_columns(wanted),
        "before": before,
        "unfinished": bool(states & _UNFINISHED),
        "finished": bool(states & _FINISHED),
        "completed": "completed" in states,
        "states": sorted(wanted.states) if wanted.states else None,
        "jobs": look_jobs,
        "most": page_size + 1,
    }
    statement = "list_jobs" if wanted.owner is None else "list_owner_jobs"
    rows = await look(database, statement, parameters)
    looked, last_id = rows[0]["looked"], rows[0]["last_id"]
    fitting = [row for row in rows if row["id"] is not None]
    if len(fitting) > page_size:
        return _page(fitting[:page_size], more=True)
    return JobPage(_page(fitting, more=False).jobs, last_id if looked == look_jobs else None)


async def list_processing(
    database: Database, wanted: JobFilter, before: UUID, page_size: int, look_jobs: int = LOOK_JOBS
) -> JobPage:
    """Returns the newest jobs below an id that are processing and fit: from the heads of the queues, where they lie."""
    heads = {"queue": wanted.queue, "session_ids": None, "jobs": look_jobs}
    found = [row["id"] for row in await look(database, "find_processing_jobs", heads)]
    parameters = {**_columns(wanted), "job_ids": [job_id for job_id in found if job_id < before], "most": page_size + 1}
    rows = await database.fetch_all("list_processing_jobs", parameters)
    return _page(rows[:page_size], more=len(rows) > page_size)


def _columns(wanted: JobFilter) -> dict[str, object]:
    return {"queue": wanted.queue, "kind": wanted.kind, "owner": wanted.owner, "reason": wanted.reason}


def _page(rows: list[DictRow], *, more: bool) -> JobPage:
    jobs = [read_job({name: value for name, value in row.items() if name not in _OF_THE_LOOK}) for row in rows]
    return JobPage(jobs, jobs[-1].id if more else None)


_OF_THE_LOOK = {"looked", "last_id"}
