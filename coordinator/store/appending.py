"""Appending to the files of an upload that is open: chunk by chunk, within the upload's limits."""

from __future__ import annotations

import zlib
from uuid import UUID

from psycopg.errors import ForeignKeyViolation

from coordinator.database import Connection, Database, execute, fetch_one
from coordinator.errors import InvalidRequest, PayloadTooLarge
from coordinator.ids import new_id
from coordinator.store.incoming import expired, not_found
from coordinator.upload_domain import Chunk, StoredFile, UploadLimits


async def append_file(database: Database, chunk: Chunk, limits: UploadLimits, hours: float) -> int:
    """Stores a chunk durably; returns the bytes that its file has now. A repeat of a chunk changes nothing.

    Raises UploadNotFound, InvalidRequest for a gap, for other bytes than are there or an upload that is closed,
    PayloadTooLarge at a limit, ContentExpired where the upload is older than so many hours.
    """
    async with database.transaction() as connection:
        file = await _touch_file(connection, chunk)
        if chunk.offset == file.size:
            await _store_chunk(connection, file, chunk, limits)
        # Last, so that chunks of other files of the upload wait for the rest of this transaction and no longer.
        expected_size = await _lock_open_upload(connection, chunk, hours)
        if chunk.offset == file.size:
            await _check_upload(connection, chunk.upload_id, limits, expected_size)
            return chunk.offset + chunk.size
        await _check_repeat(connection, file, chunk)
        return file.size


async def _touch_file(connection: Connection, chunk: Chunk) -> StoredFile:
    new_file = {
        "file_id": new_id(),
        "archive": chunk.archive,
        "file_index": chunk.file_index,
        "filename": chunk.filename,
    }
    try:
        row = await fetch_one(connection, "touch_upload_file", _place(chunk) | new_file)
    except ForeignKeyViolation:  # it was removed while it was looked at
        row = None
    if row is None:
        raise not_found(chunk.upload_id)
    if row["filename"] != chunk.filename:
        raise InvalidRequest(
            f"filename differs from the one that file {chunk.file_index} began with.", field="filename"
        )
    return StoredFile(row["id"], chunk.archive, row["filename"], row["size"])


async def _store_chunk(connection: Connection, file: StoredFile, chunk: Chunk, limits: UploadLimits) -> None:
    end = chunk.offset + chunk.size
    limit = limits.upload_bytes if chunk.archive else limits.file_bytes
    if end > limit:
        raise _too_large("file", limit, end, "bytes")
    parameters = {
        "file_id": file.id,
        "chunk_offset": chunk.offset,
        "size": chunk.size,
        "content": chunk.content,
    }
    if chunk.size:
        await execute(connection, "insert_file_chunk", parameters)


async def _lock_open_upload(connection: Connection, chunk: Chunk, hours: float) -> int | None:
    """Returns how many bytes the upload's only file is to have, None where nobody said."""
    upload = await fetch_one(connection, "lock_growing_upload", _place(chunk) | {"hours": hours})
    if upload is None:
        raise not_found(chunk.upload_id)
    if upload["enqueued_at"] is not None:
        raise InvalidRequest("The upload takes no more bytes: it was enqueued already.", field="upload_id")
    if upload["expired"]:
        raise expired(chunk.upload_id)
    expected_size: int | None = upload["expected_size"]
    return expected_size


async def _check_upload(
    connection: Connection, upload_id: UUID, limits: UploadLimits, expected_size: int | None
) -> None:
    """Counts under the upload's lock, in a statement of its own: it sees what others stored before they let go."""
    total = await fetch_one(connection, "get_upload_size", {"upload_id": upload_id})
    if total is None:
        raise not_found(upload_id)
    if total["files"] > limits.files:
        raise _too_large("upload", limits.files, total["files"], "files")
    if total["bytes"] > limits.upload_bytes:
        raise _too_large("upload", limits.upload_bytes, total["bytes"], "bytes")
    if expected_size is not None and total["bytes"] > expected_size:
        raise _too_large("upload", expected_size, total["bytes"], "bytes")


async def _check_repeat(connection: Connection, file: StoredFile, chunk: Chunk) -> None:
    """Refuses what is no repeat: two who send different files to one place would otherwise get one of both."""
    stored = await fetch_one(connection, "get_chunk", {"file_id": file.id, "chunk_offset": chunk.offset})
    if stored is None or stored["size"] != chunk.size or not _is_the_same(stored["content"], chunk.content):
        raise InvalidRequest(
            f"offset is {chunk.offset} and the file has {file.size} bytes: go on from there.",
            field="offset",
            limit=file.size,
            value=chunk.offset,
        )


def _is_the_same(stored: bytes, content: bytes) -> bool:
    """Compares compressed bytes; another release of zlib may have made others of the same."""
    return stored == content or zlib.decompress(stored) == zlib.decompress(content)


def _place(chunk: Chunk) -> dict[str, object]:
    return {"upload_id": chunk.upload_id, "user_id": chunk.user_id}


def _too_large(what: str, limit: int, value: int, unit: str) -> PayloadTooLarge:
    return PayloadTooLarge(
        f"The {what} has {value} {unit} or more; at most {limit} are taken.",
        field=what,
        limit=limit,
        value=value,
    )
