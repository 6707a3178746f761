"""Uploads whose bytes are still to come: opening them, and how far they have come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import DictRow

from coordinator.database import Connection, Database, execute, fetch_all, fetch_one
from coordinator.errors import Busy, ContentExpired, UploadNotFound
from coordinator.ids import new_id
from coordinator.store.enqueueing import take_key

# Others may renew the same key, each time for an upload that is gone again.
KEY_TRIES = 5


@dataclass(frozen=True, slots=True)
class NewUpload:
    """An upload to be opened; `expected_size` are the bytes of its only file, None where nobody said."""

    user_id: UUID
    filename: str
    expected_size: int | None = None


@dataclass(frozen=True, slots=True)
class CreatedUpload:
    """An upload that is open, and when it goes unless it was enqueued by then."""

    id: UUID
    expires_at: datetime
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Incoming:
    """How much of an upload's first file is there, in bytes."""

    filename: str
    size: int
    expected_size: int | None
    enqueued: bool
    expires_at: datetime


async def create_upload(
    database: Database, new: NewUpload, hours: float, *, key: str = "", request_hash: bytes = b""
) -> CreatedUpload:
    """Opens an empty upload that is kept for so many hours; with a key used before, gives back the first.

    That is as long as the first is there; afterwards the key is as good as new. Raises IdempotencyKeyReused.
    """
    created = new_id()
    async with database.transaction() as connection:
        if key and (first := await _take_key(connection, new, hours, key, request_hash, created)):
            return first
        row = await fetch_one(connection, "create_upload", _columns(new, created, hours))
    assert row is not None  # noqa: S101 - RETURNING of one inserted row
    return CreatedUpload(created, row["expires_at"])


async def _take_key(
    connection: Connection, new: NewUpload, hours: float, key: str, request_hash: bytes, created: UUID
) -> CreatedUpload | None:
    """Takes the key for a new upload; returns the first one where it still stands."""
    owner = str(new.user_id)
    for _ in range(KEY_TRIES):
        former = await take_key(connection, owner, key, request_hash, [created])
        if former is None:
            return None
        row = await _read(connection, new.user_id, former[0], hours)
        if row is not None and not row["expired"]:
            return CreatedUpload(former[0], row["expires_at"], repeated=True)
        renewal = {"owner": owner, "key": key, "result_ids": [created], "former_ids": former}
        if await execute(connection, "renew_enqueue_key", renewal):
            return None
    raise Busy("Others begin an upload with the same key at this moment; try again.", retry_after_seconds=1.0)


async def get_incoming(database: Database, user_id: UUID, upload_id: UUID, hours: float) -> Incoming:
    """Reads how far an upload's bytes have come. Raises UploadNotFound, ContentExpired where no more are taken."""
    async with database.connection() as connection:
        row = await _read(connection, user_id, upload_id, hours)
    if row is None:
        raise not_found(upload_id)
    incoming = Incoming(**{name: row[name] for name in Incoming.__slots__})
    if row["expired"]:
        raise expired(upload_id)
    if incoming.enqueued and incoming.expected_size is not None and incoming.size < incoming.expected_size:
        raise ContentExpired("The upload was cancelled before it was whole: begin a new one.", upload_id=upload_id)
    return incoming


async def delete_abandoned(database: Database, hours: float) -> int:
    """Removes uploads that were never enqueued, at most 20; returns how many."""
    async with database.transaction() as connection:
        found = [row["id"] for row in await fetch_all(connection, "find_abandoned_uploads", {"hours": hours})]
        if not found:
            return 0
        await fetch_all(connection, "lock_abandoned_files", {"upload_ids": found})
        return await execute(connection, "delete_abandoned_uploads", {"upload_ids": found})


def not_found(upload_id: UUID) -> UploadNotFound:
    """Makes the refusal of an upload that the person does not have."""
    return UploadNotFound("There is no such upload: check its id.", upload_id=upload_id)


def expired(upload_id: UUID) -> ContentExpired:
    """Makes the refusal of an upload that took too long to come in."""
    return ContentExpired("The time in which the upload could come in is over: begin a new one.", upload_id=upload_id)


async def _read(connection: Connection, user_id: UUID, upload_id: UUID, hours: float) -> DictRow | None:
    parameters = {"user_id": user_id, "upload_id": upload_id, "hours": hours}
    return await fetch_one(connection, "get_incoming", parameters)


def _columns(new: NewUpload, upload_id: UUID, hours: float) -> dict[str, object]:
    return {
        "upload_id": upload_id,
        "user_id": new.user_id,
        "filename": new.filename,
        "expected_size": new.expected_size,
        "hours": hours,
    }
