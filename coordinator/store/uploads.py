"""Uploads: taking bytes in, making jobs of them, putting failed ones back, and forgetting what is not needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from psycopg.types.json import Jsonb

from coordinator.clocks import VirtualClocks
from coordinator.database import Connection, Database, execute, fetch_all, fetch_one
from coordinator.domain import NewJob, Place
from coordinator.errors import ContentExpired, InvalidRequest, PayloadTooLarge, UploadNotFound
from coordinator.ids import new_id
from coordinator.store.enqueueing import insert_jobs, take_key
from coordinator.store.jobs import redrive_jobs, store_virtual_times
from coordinator.upload_domain import Chunk, FileRefusal, StoredFile, UploadLimits


@dataclass(frozen=True, slots=True)
class EnqueuedUpload:
    """The upload that stands; `pending` is where its jobs do, the lowest a kind."""

    upload_id: UUID
    repeated: bool = False
    pending: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class RetriedUpload:
    """How many files went back into the queue, and where their jobs stand."""

    files: int
    pending: tuple[Place, ...] = ()


async def create_upload(database: Database, user_id: UUID, filename: str) -> UUID:
    """Opens an empty upload and returns its id."""
    upload_id = new_id()
    await database.execute("create_upload", {"upload_id": upload_id, "user_id": user_id, "filename": filename})
    return upload_id


async def append_file(database: Database, chunk: Chunk, limits: UploadLimits) -> int:
    """Stores a chunk durably; returns the bytes that its file has now. A repeat of a chunk changes nothing.

    Raises UploadNotFound, InvalidRequest for a gap or an upload that is closed, PayloadTooLarge at a limit.
    """
    async with database.transaction() as connection:
        file = await _touch_file(connection, chunk)
        if chunk.offset == file.size:
            await _store_chunk(connection, file, chunk, limits)
            return chunk.offset + chunk.size
        await _check_repeat(connection, file, chunk)
        return file.size


async def _touch_file(connection: Connection, chunk: Chunk) -> StoredFile:
    place = {"upload_id": chunk.upload_id, "user_id": chunk.user_id}
    new_file = {
        "file_id": new_id(),
        "archive": chunk.archive,
        "file_index": chunk.file_index,
        "filename": chunk.filename,
    }
    row = await fetch_one(connection, "touch_upload_file", place | new_file)
    upload = await fetch_one(connection, "lock_open_upload", place)
    if row is None or upload is None:
        raise _not_found(chunk.upload_id)
    if upload["enqueued_at"] is not None:
        raise InvalidRequest("The upload takes no more bytes: it was enqueued already.", field="upload_id")
    if row["filename"] != chunk.filename:
        raise InvalidRequest(
            f"filename differs from the one that file {chunk.file_index} began with.", field="filename"
        )
    return StoredFile(row["id"], chunk.archive, row["filename"], row["size"])


async def _store_chunk(connection: Connection, file: StoredFile, chunk: Chunk, limits: UploadLimits) -> None:
    end = chunk.offset + chunk.size
    file_limit = limits.upload_bytes if chunk.archive else limits.file_bytes
    if end > file_limit:
        raise _too_large("file", file_limit, end, "bytes")
    parameters = {
        "file_id": file.id,
        "chunk_offset": chunk.offset,
        "size": chunk.size,
        "content": chunk.content,
    }
    if chunk.size:
        await execute(connection, "insert_file_chunk", parameters)
    total = await fetch_one(connection, "get_upload_size", {"upload_id": chunk.upload_id})
    if total is None:
        raise _not_found(chunk.upload_id)
    if total["files"] > limits.files:
        raise _too_large("upload", limits.files, total["files"], "files")
    if total["bytes"] > limits.upload_bytes:
        raise _too_large("upload", limits.upload_bytes, total["bytes"], "bytes")


async def _check_repeat(connection: Connection, file: StoredFile, chunk: Chunk) -> None:
    stored = await fetch_one(connection, "get_chunk_size", {"file_id": file.id, "chunk_offset": chunk.offset})
    if stored is None or stored["size"] != chunk.size:
        raise InvalidRequest(
            f"offset is {chunk.offset} and the file has {file.size} bytes: go on from there.",
            field="offset",
            limit=file.size,
            value=chunk.offset,
        )


async def enqueue_upload(
    database: Database,
    clocks: VirtualClocks,
    user_id: UUID,
    upload_id: UUID,
    key: str,
    content_hash: bytes,
    refusals: Sequence[FileRefusal],
    make_job: Callable[[StoredFile], NewJob],
) -> EnqueuedUpload:
    """Makes one job a file and closes the upload, durably; returns the upload that stands.

    Raises UploadNotFound, InvalidRequest where it has no file, IdempotencyKeyReused.
    """
    place = {"upload_id": upload_id, "user_id": user_id}
    async with database.transaction() as connection:
        await fetch_all(connection, "lock_upload_files", place)
        upload = await fetch_one(connection, "lock_upload", place)
        if upload is None:
            raise _not_found(upload_id)
        if upload["enqueued_at"] is not None:
            return EnqueuedUpload(upload_id, repeated=True)
        rows = await fetch_all(connection, "list_upload_files", place)
        if not rows:
            raise InvalidRequest("The upload has no file: append one first.", field="upload_id")
        jobs = [make_job(StoredFile(**row)) for row in rows]
        job_ids = [job.id for job in jobs]
        if key and (first := await take_key(connection, str(user_id), key, content_hash, [upload_id, *job_ids])):
            await execute(connection, "delete_upload", place)
            return EnqueuedUpload(first[0], repeated=True)
        pending = await insert_jobs(connection, clocks, jobs)
        await execute(connection, "assign_file_jobs", {"file_ids": [row["id"] for row in rows], "job_ids": job_ids})
        stored = Jsonb([asdict(refusal) for refusal in refusals])
        await execute(connection, "mark_upload_enqueued", {"upload_id": upload_id, "refusals": stored})
    return EnqueuedUpload(upload_id, pending=tuple(pending))


async def retry_upload(
    database: Database, clocks: VirtualClocks, user_id: UUID, upload_id: UUID, key: str, request_hash: bytes
) -> RetriedUpload:
    """Puts the failed files back into the queue; a repeat with the same key tells what the first one did.

    Raises UploadNotFound, ContentExpired where files failed and none of them can be tried again.
    """
    place = {"upload_id": upload_id, "user_id": user_id}
    owner = str(user_id)
    await store_virtual_times(database, clocks)
    async with database.transaction() as connection:
        if key and await fetch_one(connection, "get_enqueue_key", {"owner": owner, "key": key}):
            return RetriedUpload(len(await take_key(connection, owner, key, request_hash, []) or ()))
        failed = [row["job_id"] for row in await fetch_all(connection, "find_failed_files", place)]
        redriven = await redrive_jobs(connection, failed)
        if not redriven.job_ids:
            await _explain_nothing_to_retry(connection, upload_id, user_id)
        if key and (first := await take_key(connection, owner, key, request_hash, redriven.job_ids)) is not None:
            return RetriedUpload(len(first))
    return RetriedUpload(len(redriven.job_ids), redriven.pending)


async def _explain_nothing_to_retry(connection: Connection, upload_id: UUID, user_id: UUID) -> None:
    row = await fetch_one(connection, "count_failed_files", {"upload_id": upload_id, "user_id": user_id})
    if row is None:
        raise _not_found(upload_id)
    if row["failed"]:
        raise ContentExpired(
            "None of the failed files can be tried again: they were refused for good, or their content was removed. "
            "Upload them anew.",
            upload_id=upload_id,
        )


async def delete_abandoned(database: Database, hours: float) -> int:
    """Removes uploads that were never enqueued, at most 20; returns how many."""
    return await database.execute("delete_abandoned_uploads", {"hours": hours})


async def expire_contents(database: Database, days: int) -> int:
    """Removes the bytes of files that failed long ago, at most 100; returns how many."""
    return await database.execute("expire_contents", {"days": days})


def _not_found(upload_id: UUID) -> UploadNotFound:
    return UploadNotFound("There is no such upload: check its id.", upload_id=upload_id)


def _too_large(what: str, limit: int, value: int, unit: str) -> PayloadTooLarge:
    return PayloadTooLarge(
        f"The {what} has {value} {unit} or more; at most {limit} are taken.",
        field=what,
        limit=limit,
        value=value,
    )
