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
from coordinator.domain import Lease, NewJob, Verb
from coordinator.errors import LeaseLost, PayloadTooLarge
from coordinator.queries import query
from coordinator.spool import Spool
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

    file_id: UUID
    upload_id: UUID
    user_id: UUID


def encode_chunk(file_id: UUID, offset: int, size: int, content: bytes) -> bytes:
    """Returns a chunk (compressed `content`, `size` bytes before) as a tuple of the binary COPY format."""
    return _chunk_beginning(4, 16, file_id.bytes, 8, offset, 4, size, len(content)) + content


async def find_unpack_job(database: Database, lease: Lease) -> UnpackJob | None:
    """Returns the archive of a leased job; None where AddFiles has ended this lease before. Raises LeaseLost."""
    async with database.transaction() as connection:
        job = await _held(connection, lease)
        if job is None and lease.job_id not in await ended_before(connection, Verb.COMPLETE, [lease]):
            raise _lost(lease)
        return job


async def add_members(
    database: Database,
    clocks: VirtualClocks,
    lease: Lease,
    unpacked: Unpacked,
    chunks: Spool,
    make_job: Callable[[UUID, StoredFile], NewJob],
    most_files: int,
) -> UUID:
    """Stores the members, their bytes and jobs, and completes the unpack job, all or nothing; returns the upload's id.

    Raises LeaseLost, PayloadTooLarge where the upload would have too many files.
    """
    async with database.transaction() as connection:
        await connection.execute("SET LOCAL statement_timeout = '120s'")
        job = await _held(connection, lease)
        if job is None:
            raise _lost(lease)
        await _insert_files(connection, job, unpacked.members, most_files)
        await _copy_chunks(connection, chunks)
        await execute(connection, "record_unpacking", _record(job, unpacked))
        await _insert_jobs(connection, clocks, job, unpacked.members, make_job)
        await fetch_all(connection, "complete_jobs", completion_columns([lease]))
    return job.upload_id


async def _held(connection: Connection, lease: Lease) -> UnpackJob | None:
    row = await fetch_one(connection, "lock_unpack_job", {"job_id": lease.job_id, "token": lease.token})
    return None if row is None else UnpackJob(**row)


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


async def _copy_chunks(connection: Connection, chunks: Spool) -> None:
    await execute(connection, "stage_file_chunks")
    async with connection.cursor() as cursor, cursor.copy(query("copy_file_chunks")) as copy:
        await copy.write(COPY_START)
        async for content in chunks.chunks():
            await copy.write(content)
        await copy.write(COPY_END)
    await execute(connection, "insert_staged_chunks")


async def _insert_jobs(
    connection: Connection,
    clocks: VirtualClocks,
    job: UnpackJob,
    members: Sequence[Member],
    make_job: Callable[[UUID, StoredFile], NewJob],
) -> None:
    files = [StoredFile(member.id, archive=False, filename=member.filename, size=member.size) for member in members]
    jobs = [make_job(job.user_id, file) for file in files]
    await insert_jobs(connection, clocks, jobs)
    columns = {"file_ids": [file.id for file in files], "job_ids": [new.id for new in jobs]}
    await execute(connection, "assign_file_jobs", columns)


def _record(job: UnpackJob, unpacked: Unpacked) -> dict[str, object]:
    refusals = Jsonb([asdict(refusal) for refusal in unpacked.refusals])
    return {"upload_id": job.upload_id, "skipped_files": unpacked.skipped_files, "refusals": refusals}


def _lost(lease: Lease) -> LeaseLost:
    return LeaseLost("The worker does not hold this job, or it is about no archive.", job_id=lease.job_id)
