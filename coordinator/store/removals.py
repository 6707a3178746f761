"""Ending an upload before its time, and removing one that has left nothing."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from psycopg import Rollback
from psycopg.rows import DictRow

from coordinator.database import Connection, Database, Parameters, execute, fetch_all, fetch_one
from coordinator.domain import EndedJob
from coordinator.errors import Busy, UploadInUse
from coordinator.store.admission import OnFreed, tell_nobody
from coordinator.store.incoming import not_found
from coordinator.store.jobs import cancel_jobs

# An archive that was opened meanwhile has members, and files may be put back: each round ends what is open then.
CANCEL_ROUNDS = 5
# A file may be begun while the others are being locked.
LOCK_TRIES = 5


@dataclass(frozen=True, slots=True)
class CancelledUpload:
    """What cancelling has left: files that are cancelled, plays that stay; and the jobs that it ended just now."""

    cancelled_files: int
    kept_plays: int
    ended: tuple[EndedJob, ...]


async def cancel_upload(
    database: Database, user_id: UUID, upload_id: UUID, *, on_freed: OnFreed = tell_nobody
) -> CancelledUpload:
    """Ends the open files of an upload, and takes no more bytes of one that is still coming in.

    A repeat changes nothing and tells the same. Raises UploadNotFound, and Busy where a file's commit takes long.
    `on_freed` is told, in a guarded queue, what there is room for.
    """
    place = {"upload_id": upload_id, "user_id": user_id}
    await _close(database, upload_id, place)
    ended: list[EndedJob] = []
    for _ in range(CANCEL_ROUNDS):
        job_ids = [row["job_id"] for row in await database.fetch_all("list_open_jobs", place)]
        if not job_ids:
            left = await database.fetch_one("count_outcomes", place)
            if left is None:
                raise not_found(upload_id)
            return CancelledUpload(left["cancelled_files"], left["kept_plays"], tuple(ended))
        ended += await cancel_jobs(database, job_ids, owner=str(user_id), on_freed=on_freed)
    raise Busy("Files of the upload are put back while they are cancelled; try again.", retry_after_seconds=1.0)


async def _close(database: Database, upload_id: UUID, place: Parameters) -> None:
    async with database.transaction() as connection:
        upload = await _lock(connection, upload_id, place)
        if upload["enqueued_at"] is None:
            await execute(connection, "cancel_incoming", place)


async def delete_upload(database: Database, user_id: UUID, upload_id: UUID) -> None:
    """Removes an upload with its files, their bytes and their jobs' history. Raises UploadNotFound, UploadInUse."""
    place = {"upload_id": upload_id, "user_id": user_id}
    async with database.transaction() as connection:
        # Before the files, as whoever takes a job out of history does it; where the upload must stay, so does this.
        await fetch_all(connection, "delete_upload_history", place)
        upload = await _lock(connection, upload_id, place)
        if upload["enqueued_at"] is not None:
            await _check_unused(connection, upload_id, place)
        await execute(connection, "delete_upload", place)
        await execute(connection, "delete_upload_keys", {"owner": str(user_id), "upload_id": upload_id})


async def _check_unused(connection: Connection, upload_id: UUID, place: Parameters) -> None:
    left = await fetch_one(connection, "count_outcomes", place)
    if left is None:
        raise not_found(upload_id)
    if left["open_files"]:
        raise UploadInUse(
            "The upload is under way: cancel it first, then remove it.", upload_id=upload_id, state="under_way"
        )
    if left["inserted_records"]:
        raise UploadInUse(
            "Plays of the upload are part of your history and cannot be told apart from it any more: they go when "
            "you delete all your data (DELETE /api/me).",
            upload_id=upload_id,
            state="has_plays",
            value=left["inserted_records"],
        )


async def _lock(connection: Connection, upload_id: UUID, place: Parameters) -> DictRow:
    """Locks an upload and all its files, the files first. Raises UploadNotFound, Busy."""
    for _ in range(LOCK_TRIES):
        async with connection.transaction():
            locked = {row["id"] for row in await fetch_all(connection, "lock_upload_files", place)}
            upload = await fetch_one(connection, "lock_upload", place)
            if upload is None:
                raise not_found(upload_id)
            # A file that was begun in between is not locked, and locking it now would be against the order of locks.
            if {row["id"] for row in await fetch_all(connection, "list_upload_files", place)} == locked:
                return upload
            raise Rollback
    raise Busy("The upload is coming in at this moment; try again.", retry_after_seconds=1.0)
