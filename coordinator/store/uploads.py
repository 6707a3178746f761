"""Uploads that are whole: making jobs of their files, putting failed ones back, and forgetting what is not needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from coordinator.clocks import VirtualClocks
from coordinator.database import Connection, Database, execute, fetch_all, fetch_one
from coordinator.domain import NewJob, Place
from coordinator.errors import ContentExpired, InvalidRequest
from coordinator.store.depths import Depths
from coordinator.store.enqueueing import insert_jobs, take_key
from coordinator.store.incoming import not_found
from coordinator.store.jobs import redrive_jobs, store_virtual_times
from coordinator.upload_domain import FileRefusal, StoredFile


@dataclass(frozen=True, slots=True)
class ClosingUpload:
    """An upload that is to be enqueued: whose, under which key and content, and what the gateway refused of it."""

    user_id: UUID
    upload_id: UUID
    key: str
    content_hash: bytes
    refusals: Sequence[FileRefusal]


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


async def enqueue_upload(
    database: Database,
    clocks: VirtualClocks,
    closing: ClosingUpload,
    make_job: Callable[[StoredFile], NewJob],
    depths: Depths | None = None,
) -> EnqueuedUpload:
    """Makes one job a file and closes the upload, durably; returns the upload that stands.

    Raises UploadNotFound, InvalidRequest where it has no file or is not whole, IdempotencyKeyReused, QueueFull where
    `depths` are heeded.
    """
    upload_id, key = closing.upload_id, closing.key
    place = {"upload_id": upload_id, "user_id": closing.user_id}
    async with database.transaction() as connection:
        await fetch_all(connection, "lock_upload_files", place)
        upload = await fetch_one(connection, "lock_upload", place)
        if upload is None:
            raise not_found(upload_id)
        if upload["enqueued_at"] is not None:
            return EnqueuedUpload(upload_id, repeated=True)
        rows = await fetch_all(connection, "list_upload_files", place)
        _check_whole(rows, upload["expected_size"])
        jobs = [make_job(StoredFile(**row)) for row in rows]
        job_ids = [job.id for job in jobs]
        if key and (
            first := await take_key(connection, str(closing.user_id), key, closing.content_hash, [upload_id, *job_ids])
        ):
            await execute(connection, "delete_upload", place)
            return EnqueuedUpload(first[0], repeated=True)
        if depths is not None:
            await depths.make_room(connection, jobs)
        pending = await insert_jobs(connection, clocks, jobs)
        await execute(connection, "assign_file_jobs", {"file_ids": [row["id"] for row in rows], "job_ids": job_ids})
        stored = Jsonb([asdict(refusal) for refusal in closing.refusals])
        await execute(connection, "mark_upload_enqueued", {"upload_id": upload_id, "refusals": stored})
    return EnqueuedUpload(upload_id, pending=tuple(pending))


def _check_whole(files: Sequence[DictRow], expected_size: int | None) -> None:
    if not files:
        raise InvalidRequest("The upload has no file: append one first.", field="upload_id")
    size = sum(file["size"] for file in files)
    if expected_size is not None and size != expected_size:
        raise InvalidRequest(
            f"The upload has {size} of {expected_size} bytes: append the rest first.",
            field="upload_id",
            limit=expected_size,
            value=size,
        )


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
        raise not_found(upload_id)
    if row["failed"]:
        raise ContentExpired(
            "None of the failed files can be tried again: they were refused for good, or their content was removed. "
            "Upload them anew.",
            upload_id=upload_id,
        )


async def expire_contents(database: Database, days: int) -> int:
    """Removes the bytes of files that failed long ago, at most 100; returns how many."""
    return await database.execute("expire_contents", {"days": days})
