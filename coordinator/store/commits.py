"""Committing a file's plays: rows, job and outcome in one transaction, or nothing."""

from __future__ import annotations

from collections.abc import AsyncIterable
from dataclasses import dataclass
from datetime import timedelta

from psycopg import errors
from psycopg.types.json import Jsonb

from coordinator.copy_rows import COPY_END, COPY_START
from coordinator.database import Connection, Database, Parameters, fetch_all
from coordinator.domain import Lease
from coordinator.errors import InvalidRequest
from coordinator.listen_domain import CommitOutcome, FileSummary, LeasedFile, Source, TimeSpan
from coordinator.queries import query
from coordinator.store.admission import OnFreed, admit_next, find_slots, tell, tell_nobody
from coordinator.store.leases import completion_columns
from coordinator.store.places import lease_columns

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class CommitBounds:
    """How long a statement of a commit may take, and how long it may wait for a lock."""

    statement_seconds: float
    lock_seconds: float

    @property
    def parameters(self) -> Parameters:
        """The parameters of bound_commit.sql and bound_forgetting.sql: milliseconds, as settings take them."""
        return {
            "statement_ms": str(round(self.statement_seconds * 1000)),
            "lock_ms": str(round(self.lock_seconds * 1000)),
        }


@dataclass(frozen=True, slots=True)
class StagedRows:
    """A file's rows, encoded (see copy_rows), and the times between which they lie: None without rows."""

    content: AsyncIterable[bytes]
    span: TimeSpan | None


async def find_leased_file(database: Database, lease: Lease) -> LeasedFile | None:
    """Returns the file that the held job is about, None where the lease is not held.

    Raises InvalidRequest where the job is about no file, or about an archive, which has no plays of its own.
    """
    row = await database.fetch_one("find_leased_file", _fence(lease))
    if row is None:
        return None
    if row["file_id"] is None or row["archive"]:
        raise InvalidRequest("The job is about no file of plays: complete it by Complete or AddFiles.", field="job_id")
    return LeasedFile(row["file_id"], row["upload_id"], row["user_id"])


async def find_first_outcome(database: Database, lease: Lease) -> CommitOutcome | None:
    """Returns what a former commit under this lease answered, None where there was none."""
    row = await database.fetch_one("get_first_outcome", _fence(lease))
    if row is None:
        return None
    return CommitOutcome(row["inserted_records"], row["duplicate_records"], row["superseded_records"])


async def commit_listens(
    database: Database,
    file: LeasedFile,
    summary: FileSummary,
    rows: StagedRows,
    bounds: CommitBounds,
    *,
    on_freed: OnFreed = tell_nobody,
) -> CommitOutcome | None:
    """Stores the rows, completes the job and records the outcome; tells what there is room for then.

    Returns None, and changes nothing, where the lease is not held. Raises Busy where a lock takes too long.
    """
    async with database.transaction() as connection:
        await _run(connection, "bound_commit", bounds.parameters)
        if rows.span:
            await _stage(connection, rows.content)
        await _run(connection, "lock_user", {"user_id": file.user_id})
        if not await _run(connection, "lock_leases", lease_columns([summary.lease])):
            return None
        inserted, superseded = await _merge(connection, file, summary, rows.span)
        outcome = CommitOutcome(inserted, summary.merged_count + summary.row_count - inserted, superseded)
        slots = await find_slots(connection, [summary.lease])
        await fetch_all(connection, "complete_jobs", completion_columns([summary.lease]))
        await _run(connection, "record_outcome", _outcome(file, summary, outcome))
        freed = await admit_next(connection, slots)
    tell(freed, on_freed)
    return outcome


async def _stage(connection: Connection, content: AsyncIterable[bytes]) -> None:
    """Brings the rows into a temporary table, before any lock is taken."""
    await _run(connection, "stage_listens")
    async with connection.cursor() as cursor, cursor.copy(query("copy_listens")) as copy:
        await copy.write(COPY_START)
        async for chunk in content:
            await copy.write(chunk)
        await copy.write(COPY_END)
    await _run(connection, "analyze_staged_listens")


async def _merge(
    connection: Connection, file: LeasedFile, summary: FileSummary, span: TimeSpan | None
) -> tuple[int, int]:
    """Merges the staged rows into the person's plays; returns how many came in and how many went."""
    if span is None:
        return 0, 0
    first_minute = span.first.replace(second=0, microsecond=0)
    after_last_minute = span.last.replace(second=0, microsecond=0) + _MINUTE
    parameters = {
        "user_id": file.user_id,
        "first": span.first,
        "last": span.last,
        "first_minute": first_minute,
        "after_last_minute": after_last_minute,
    }
    await _run(connection, "plan_for_merge", {"merging": "on"})
    try:
        merge = _merge_account if summary.source is Source.ACCOUNT else _merge_extended
        inserted, superseded = await merge(connection, parameters, summary.row_count)
    except errors.UniqueViolation:  # not with what was stored before: under the person's lock that is looked for
        raise InvalidRequest("Two rows of the file are the same play: merge them first.", field="identities") from None
    await _run(connection, "plan_for_merge", {"merging": "off"})
    return inserted, superseded


async def _merge_account(connection: Connection, parameters: Parameters, _: int) -> tuple[int, int]:
    return await _run(connection, "insert_account_listens", parameters), 0


async def _merge_extended(connection: Connection, parameters: Parameters, row_count: int) -> tuple[int, int]:
    superseded = await _run(connection, "supersede_listens", parameters)
    inserted = await _run(connection, "insert_extended_listens", parameters)
    if inserted < row_count:
        await _run(connection, "remember_covers", parameters)
    return inserted, superseded


async def _run(connection: Connection, name: str, parameters: Parameters | None = None) -> int:
    """Runs the named statement; returns how many rows it changed or gave.

    Unprepared: each is planned for these rows, and a temporary table is another one in every transaction.
    """
    cursor = await connection.execute(query(name), parameters, prepare=False, binary=True)
    return cursor.rowcount


def _fence(lease: Lease) -> dict[str, object]:
    return {"job_id": lease.job_id, "token": lease.token}


def _outcome(file: LeasedFile, summary: FileSummary, outcome: CommitOutcome) -> dict[str, object]:
    return {
        "file_id": file.file_id,
        "format": summary.format,
        "inserted": outcome.inserted,
        "duplicate": outcome.duplicate,
        "rejected": summary.rejected_count,
        "superseded": outcome.superseded,
        "rejections": Jsonb(dict(summary.rejections)),
        "rejected_rows": Jsonb([[rejected.row, rejected.reason] for rejected in summary.rejected_rows]),
    }
