"""Uploads that are still coming in: their size, their time, the key that they were begun with, and their end."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from coordinator.clocks import VirtualClocks
from coordinator.database import Database
from coordinator.domain import RetryPolicy
from coordinator.errors import ContentExpired, IdempotencyKeyReused, InvalidRequest, PayloadTooLarge, UploadNotFound
from coordinator.store import incoming, removals, uploads
from coordinator.store.appending import append_file
from coordinator.store.incoming import NewUpload
from coordinator.upload_domain import Chunk, UploadLimits
from coordinator.wire.uploads import creation_hash, file_job
from tests.database.stored_plays import connect
from tests.database.stores import Clock, Store, new_database
from tests.waiting import eventually

HOURS = 24.0
LIMITS = UploadLimits(files=200, file_bytes=100, upload_bytes=100)


class Sender:
    """A person who sends one archive in pieces."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.user_id = uuid4()

    async def begin(self, size: int | None = 10, *, filename: str = "my.zip", key: str = "") -> UUID:
        new = NewUpload(self.user_id, filename, size)
        request_hash = creation_hash(new)
        return (await incoming.create_upload(self.database, new, HOURS, key=key, request_hash=request_hash)).id

    async def append(self, upload_id: UUID, content: bytes, offset: int = 0, index: int = 0) -> int:
        stored = zlib.compress(content)
        chunk = Chunk(self.user_id, upload_id, index, "my.zip", True, offset, len(content), stored)
        return await append_file(self.database, chunk, LIMITS, HOURS)

    async def enqueue(self, upload_id: UUID) -> UUID:
        make_job = partial(file_job, self.user_id, retry_policy=RetryPolicy(4, 2_000, 2, 300_000), deadline_ms=600_000)
        enqueued = await uploads.enqueue_upload(
            self.database, VirtualClocks(), uploads.ClosingUpload(self.user_id, upload_id, "", b"", []), make_job
        )
        return enqueued.upload_id

    async def size(self, upload_id: UUID) -> int:
        return (await incoming.get_incoming(self.database, self.user_id, upload_id, HOURS)).size


@pytest.fixture
def sender(store: Store) -> Sender:
    return Sender(store.database)


async def test_an_upload_takes_as_many_bytes_as_were_expected_and_not_one_more(sender: Sender) -> None:
    upload_id = await sender.begin(10)
    assert await sender.append(upload_id, b"12345") == 5
    with pytest.raises(PayloadTooLarge) as refused:
        await sender.append(upload_id, b"678901", offset=5)
    assert (refused.value.metadata["limit"], refused.value.metadata["value"]) == ("10", "11")
    assert await sender.size(upload_id) == 5
    assert await sender.append(upload_id, b"67890", offset=5) == 10


async def test_an_upload_that_is_not_whole_is_not_enqueued(sender: Sender) -> None:
    upload_id = await sender.begin(10)
    with pytest.raises(InvalidRequest):
        await sender.enqueue(upload_id)
    await sender.append(upload_id, b"123456789")
    with pytest.raises(InvalidRequest, match="9 of 10 bytes"):
        await sender.enqueue(upload_id)
    await sender.append(upload_id, b"0", offset=9)
    assert await sender.enqueue(upload_id) == upload_id
    assert (await incoming.get_incoming(sender.database, sender.user_id, upload_id, HOURS)).enqueued


async def test_other_bytes_at_a_place_that_is_taken_are_refused(sender: Sender) -> None:
    upload_id = await sender.begin(10)
    await sender.append(upload_id, b"12345")
    assert await sender.append(upload_id, b"12345") == 5, "the same bytes are a repeat"
    with pytest.raises(InvalidRequest) as refused:
        await sender.append(upload_id, b"abcde")
    assert refused.value.metadata["limit"] == "5"


async def test_two_files_sent_to_one_place_at_once_never_mix(database_url: str, owner_url: str) -> None:
    async with _pool(database_url) as database:
        sender = Sender(database)
        upload_id = await sender.begin(50)

        async def send(content: bytes) -> int:
            for offset in range(0, 50, 5):
                try:
                    await sender.append(upload_id, content[offset : offset + 5], offset)
                except InvalidRequest:
                    return offset
            return 50

        sent = await asyncio.gather(send(b"a" * 50), send(b"b" * 50))
        assert sorted(sent) == [0, 50], "whoever was first goes on alone"
        with connect(owner_url) as owner:
            rows = owner.execute("SELECT content FROM upload_file_chunks ORDER BY chunk_offset").fetchall()
    assert b"".join(zlib.decompress(row[0]) for row in rows) in {b"a" * 50, b"b" * 50}


async def test_the_same_key_gives_back_the_first_upload_while_it_exists(sender: Sender) -> None:
    first = await sender.begin(10, key="k")
    assert await sender.begin(10, key="k") == first
    await sender.append(first, b"1234567890")
    await sender.enqueue(first)
    assert await sender.begin(10, key="k") == first, "also when it has come in"
    for other in ({"size": 11}, {"filename": "other.zip"}):
        with pytest.raises(IdempotencyKeyReused):
            await sender.begin(**{"size": 10, **other}, key="k")  # type: ignore[arg-type]


async def test_the_key_of_an_upload_that_is_gone_begins_a_new_one(sender: Sender) -> None:
    first = await sender.begin(10, key="k")
    await removals.delete_upload(sender.database, sender.user_id, first)
    second = await sender.begin(10, key="k")
    assert second != first
    assert await sender.begin(10, key="k") == second


async def test_the_key_of_an_upload_whose_time_is_over_begins_a_new_one(sender: Sender, clock: Clock) -> None:
    first = await sender.begin(10, key="k")
    clock.push(HOURS * 3600 + 1)
    second = await sender.begin(10, key="k")
    assert second != first
    assert await sender.begin(10, key="k") == second


async def test_the_same_key_at_the_same_time_begins_one_upload(database_url: str) -> None:
    async with _pool(database_url) as database:
        sender = Sender(database)
        assert len(set(await asyncio.gather(*(sender.begin(10, key="k") for _ in range(8))))) == 1


async def test_keys_of_two_people_have_nothing_to_do_with_each_other(store: Store) -> None:
    anna, bert = Sender(store.database), Sender(store.database)
    assert await anna.begin(10, key="k") != await bert.begin(11, key="k")


async def test_an_upload_tells_when_its_time_is_over_and_takes_nothing_afterwards(sender: Sender, clock: Clock) -> None:
    new = NewUpload(sender.user_id, "my.zip", 10)
    created = await incoming.create_upload(sender.database, new, HOURS)
    await sender.append(created.id, b"12345")
    found = await incoming.get_incoming(sender.database, sender.user_id, created.id, HOURS)
    assert (found.filename, found.size, found.expected_size, found.enqueued) == ("my.zip", 5, 10, False)
    assert found.expires_at == created.expires_at
    clock.push(timedelta(hours=HOURS).total_seconds() + 1)
    with pytest.raises(ContentExpired):
        await sender.size(created.id)
    with pytest.raises(ContentExpired):
        await sender.append(created.id, b"67890", offset=5)


async def test_an_upload_that_came_in_does_not_expire(sender: Sender, clock: Clock) -> None:
    upload_id = await sender.begin(5)
    await sender.append(upload_id, b"12345")
    await sender.enqueue(upload_id)
    clock.push(HOURS * 3600 * 10)
    assert await sender.size(upload_id) == 5
    assert await incoming.delete_abandoned(sender.database, HOURS) == 0


async def test_abandoned_uploads_go_with_their_bytes_in_small_batches(
    sender: Sender, clock: Clock, owner_url: str
) -> None:
    for _ in range(21):
        await sender.append(await sender.begin(10), b"12345")
    assert await incoming.delete_abandoned(sender.database, HOURS) == 0
    clock.push(HOURS * 3600 + 1)
    assert [await incoming.delete_abandoned(sender.database, HOURS) for _ in range(3)] == [20, 1, 0]
    with connect(owner_url) as owner:
        for table in ("upload_jobs", "upload_files", "upload_file_chunks"):
            assert owner.execute(f"SELECT FROM {table}".encode()).fetchall() == []


async def test_what_is_abandoned_is_locked_files_first(database_url: str, owner_url: str, clock: Clock) -> None:
    async with _pool(database_url) as database:
        sender = Sender(database)
        upload_id = await sender.begin(10)
        await sender.append(upload_id, b"12345")
        clock.push(HOURS * 3600 + 1)
        with connect(owner_url) as owner, connect(owner_url) as other:
            # Somebody who has the file, and wants the upload next, as the order of locks says.
            with owner.transaction():
                owner.execute("SELECT FROM upload_files FOR UPDATE")
                removal = asyncio.create_task(incoming.delete_abandoned(database, HOURS))
                await eventually(lambda: _waiting_for_locks(other) == 1)
                owner.execute("SELECT FROM upload_jobs FOR UPDATE NOWAIT")
            assert await removal == 1


async def test_a_file_that_is_begun_while_an_upload_is_locked_is_locked_before_the_upload_too(
    database_url: str, owner_url: str
) -> None:
    async with _pool(database_url) as database:
        sender = Sender(database)
        upload_id = await sender.begin(10)
        with connect(owner_url) as holder, connect(owner_url) as second, connect(owner_url) as other:
            with second.transaction():
                with holder.transaction():
                    holder.execute("SELECT FROM upload_jobs FOR KEY SHARE")
                    cancel = asyncio.create_task(removals.cancel_upload(database, sender.user_id, upload_id))
                    await eventually(lambda: _waiting_for_locks(other) == 1)
                    await sender.append(upload_id, b"1234")
                    # As the next chunk of the file does it: the file, then the upload.
                    second.execute("SELECT FROM upload_files FOR UPDATE")
                await asyncio.to_thread(second.execute, "SELECT FROM upload_jobs FOR NO KEY UPDATE")
            assert (await cancel).cancelled_files == 1


async def test_another_persons_incoming_upload_is_not_found(store: Store) -> None:
    anna, bert = Sender(store.database), Sender(store.database)
    upload_id = await anna.begin()
    for call in (bert.size(upload_id), removals.cancel_upload(store.database, bert.user_id, upload_id)):
        with pytest.raises(UploadNotFound):
            await call
    with pytest.raises(UploadNotFound):
        await removals.delete_upload(store.database, bert.user_id, upload_id)
    assert await anna.size(upload_id) == 0


@asynccontextmanager
async def _pool(database_url: str) -> AsyncIterator[Database]:
    database = new_database(database_url, timeout_seconds=5)
    await database.open()
    yield database
    await database.close()


def _waiting_for_locks(owner: Connection[TupleRow]) -> int:
    row = owner.execute(
        """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND usename = 'sluice_coordinator' AND wait_event_type = 'Lock'
        """
    ).fetchone()
    assert row
    return int(row[0])
