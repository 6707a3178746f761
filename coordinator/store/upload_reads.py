"""Reading uploads, and the bytes of a leased job's file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from coordinator.database import Database, fetch_one
from coordinator.domain import Lease
from coordinator.errors import LeaseLost, UploadNotFound
from coordinator.upload_domain import Upload, upload_from_row


@dataclass(frozen=True, slots=True)
class PageKey:
    """Where a page of uploads goes on: before this one, newest first."""

    created_at: datetime
    upload_id: UUID


@dataclass(frozen=True, slots=True)
class ListedUpload:
    """An upload without its files and refusals: a page of them all would be too long for a message."""

    upload: Upload
    refused_files: int


@dataclass(frozen=True, slots=True)
class FileChunk:
    """A stored chunk of a file: compressed bytes from an offset on; `content` is None where nothing is stored."""

    file_size: int
    offset: int
    content: bytes | None


async def get_upload(database: Database, user_id: UUID, upload_id: UUID) -> Upload:
    """Reads an upload of the person with its files. Raises UploadNotFound, for another's upload as well."""
    rows = await _read(database, user_id, upload_id=upload_id, before=None, page_size=1, whole=True)
    if not rows:
        raise UploadNotFound("There is no such upload: check its id.", upload_id=upload_id)
    return rows[0].upload


async def list_uploads(database: Database, user_id: UUID, before: PageKey | None, page_size: int) -> list[ListedUpload]:
    """Reads a page of the person's uploads, newest first."""
    return await _read(database, user_id, upload_id=None, before=before, page_size=page_size, whole=False)


async def _read(
    database: Database,
    user_id: UUID,
    *,
    upload_id: UUID | None,
    before: PageKey | None,
    page_size: int,
    whole: bool,
) -> list[ListedUpload]:
    parameters = {
        "user_id": user_id,
        "upload_id": upload_id,
        "before_time": before.created_at if before else None,
        "before_id": before.upload_id if before else None,
        "page_size": page_size,
        "whole": whole,
    }
    rows = await database.fetch_all("get_uploads", parameters)
    refused = [row.pop("refused_files") for row in rows]
    return [ListedUpload(upload_from_row(row), count) for row, count in zip(rows, refused, strict=True)]


async def read_chunk(database: Database, lease: Lease, offset: int) -> FileChunk:
    """Reads the chunk that holds the byte at an offset. Raises LeaseLost, by the same statement."""
    parameters = {"job_id": lease.job_id, "token": lease.token, "chunk_offset": offset}
    async with database.connection() as connection:
        row = await fetch_one(connection, "read_file_chunk", parameters)
    if row is None:
        raise LeaseLost("The worker does not hold this job, or the job is about no file.", job_id=lease.job_id)
    return FileChunk(row["file_size"], row["chunk_offset"] or 0, row["content"])
