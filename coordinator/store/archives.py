"""The members of an archive: stored with their jobs in the transaction that completes the unpack job."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from psycopg.types.json import Jsonb

from coordinator.clocks import VirtualClocks
from coordinator.copy_rows import COPY_END, COPY_START
from coordinator.database import Connection, Database, execute, fetch_all, fetch_one
from coordinator.domain import Freed, Lease, NewJob, Place, Verb
from coordinator.errors import LeaseLost, PayloadTooLarge
from coordinator.queries import query
from coordinator.spool import Spool
from coordinator.store.admission import admit_next, find_slots
from coordinator.store.commits import CommitBounds
from coordinator.store.enqueueing import insert_jobs
from coordinator.store.leases import completion_columns, ended_before
from coordinator.upload_domain import FileRefusal, StoredFile

# Four columns: file id, offset, size, and the length of the content that follows.
_chunk_beginning = struct.Struct("!h i16s iq ii i").pack


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive. `size` is in bytes, uncompressed."""

    id: UUID
    filename: str
    format: str
    size: int


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What an archive held: its members, and what was left out and why."""

    members: tuple[Member, ...]
    skipped_files: int
    refusals: tuple[FileRefusal, ...]


@dataclass(frozen=True, slots=True)
class UnpackJob:
    """The archive that a leased job is about."""

    lease: Lease
    file_id: UUID
    upload_id: UUID
    user_id: UUID


def encode_chunk(file_id: UUID, offset: int, size: int, content: bytes) -> bytes:
    """Returns a chunk (compressed `content`, `size` bytes before) as a tuple of the binary COPY format."""
    return _chunk_beginning(4, 16, file_id.bytes, 8, offset, 4, size, len(content)) + content


async def find_unpack_job(database: Database, lease: Lease) -> UnpackJob | None:
    """Returns the archive of a leased job; None where AddFiles has ended this lease before. Raises LeaseLost."""
    async with database.connection() as connection:
        row = await fetch_one(connection, "find_leased_file", _fence(lease))
        if row is not None and row["archive"]:
            return UnpackJob(lease, row["file_id"], row["upload_id"], row["user_id"])
        await _check_repeat(connection, lease)
    return None


async def add_members(
    database: Database,
    clocks: VirtualClocks,
    job: UnpackJob,
    unpacked: Unpacked,
    chunks: Spool,
    make_job: Callable[[UUID, StoredFile], NewJob],
    most_files: int,
    bounds: CommitBounds,
) -> Freed:
    """Stores the members, their bytes and jobs, and completes the unpack job, all or nothing; returns where they stand.

    A repeat changes nothing and returns nothing. Raises LeaseLost, PayloadTooLarge where the upload would have too
    many files, Busy where a lock takes too long.
    """
    async with database.transaction() as connection:
        await execute(connection, "bound_commit", bounds.parameters)
        await _stage_chunks(connection, chunks)
        await execute(connection, "lock_user", {"user_id": job.user_id})
        if not await execute(connection, "lock_unpack_job", _fence(job.lease)):
            await _check_repeat(connection, job.lease)
            return Freed()
        await _insert_files(connection, job, unpacked.members, most_files)
        await execute(connection, "insert_staged_chunks")
        await execute(connection, "record_unpacking", _record(job, unpacked))
        pending = await _insert_jobs(connection, clocks, job, unpacked.members, make_job)
        slots = await find_slots(connection, [job.lease])
        await fetch_all(connection, "complete_jobs", completion_columns([job.lease]))
        freed = await admit_next(connection, slots)
    return Freed(freed.queues, (*pending, *freed.pending))


async def _check_repeat(connection: Connection, lease: Lease) -> None:
    """Raises LeaseLost unless a former call under this lease has completed the job."""
    if lease.job_id not in await ended_before(connection, Verb.COMPLETE, [lease]):
        raise LeaseLost("The worker does not hold this job, or it is about no archive.", job_id=lease.job_id)


async def _insert_files(connection: Connection, job: UnpackJob, members: Sequence[Member], most_files: int) -> None:
    columns = {
        "ids": [member.id for member in members],
        "filenames": [member.filename for member in members],
        "formats": [member.format for member in members],
        "sizes": [member.size for member in members],
    }
    await execute(connection, "insert_members", {"upload_id": job.upload_id, "user_id": job.user_id, **columns})
    total = await fetch_one(connection, "count_members", {"upload_id": job.upload_id})
    if total is not None and total["files"] > most_files:
        raise PayloadTooLarge(
            f"The upload has {total['files']} files; at most {most_files} are taken.",
            field="members",
            limit=most_files,
            value=total["files"],
        )


async def _stage_chunks(connection: Connection, chunks: Spool) -> None:
    """Brings the bytes into a temporary table, before any lock is taken."""
    await execute(connection, "stage_file_chunks")
    async with connection.cursor() as cursor, cursor.copy(query("copy_file_chunks")) as copy:
        await copy.write(COPY_START)
        async for content in chunks.chunks():
            await copy.write(content)
        await copy.write(COPY_END)


async def _insert_jobs(
    connection: Connection,
    clocks: VirtualClocks,
    job: UnpackJob,
    members: Sequence[Member],
    make_job: Callable[[UUID, StoredFile], NewJob],
) -> list[Place]:
    files = [StoredFile(member.id, archive=False, filename=member.filename, size=member.size) for member in members]
    jobs = [make_job(job.user_id, file) for file in files]
    pending = await insert_jobs(connection, clocks, jobs)
    columns = {"file_ids": [file.id for file in files], "job_ids": [new.id for new in jobs]}
    await execute(connection, "assign_file_jobs", columns)
    return pending


def _record(job: UnpackJob, unpacked: Unpacked) -> dict[str, object]:
    refusals = Jsonb([asdict(refusal) for refusal in unpacked.refusals])
    return {"upload_id": job.upload_id, "skipped_files": unpacked.skipped_files, "refusals": refusals}


def _fence(lease: Lease) -> dict[str, object]:
    return {"job_id": lease.job_id, "token": lease.token}
