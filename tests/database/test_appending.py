"""Chunks of one upload that come at the same time stay within its limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from uuid import UUID, uuid4

import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from coordinator.clocks import VirtualClocks
from coordinator.database import Database
from coordinator.domain import RetryPolicy
from coordinator.errors import InvalidRequest, PayloadTooLarge
from coordinator.store import appending, incoming, uploads
from coordinator.store.incoming import NewUpload
from coordinator.upload_domain import Chunk, UploadLimits
from coordinator.wire.uploads import file_job
from tests.database.stored_plays import connect
from tests.database.stores import new_database
from tests.waiting import eventually

_AT_ONCE = 8
_HOURS = 24.0


@asynccontextmanager
async def _store(database_url: str) -> AsyncIterator[Database]:
    database = new_database(database_url, max_connections=_AT_ONCE, timeout_seconds=5)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


@contextmanager
def _all_held_back(owner_url: str, upload_id: UUID) -> Iterator[Connection[TupleRow]]:
    """Has chunks of the upload wait where they make sure that it is open; its new files can be begun."""
    with connect(owner_url) as connection, connection.transaction():
        connection.execute("SELECT FROM upload_jobs WHERE id = %s FOR NO KEY UPDATE", [upload_id])
        yield connection


def _waiting_for_locks(owner: Connection[TupleRow]) -> int:
    row = owner.execute(
        """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND usename = 'sluice_coordinator' AND wait_event_type = 'Lock'
        """
    ).fetchone()
    assert row
    return int(row[0])


def _chunk(user_id: UUID, upload_id: UUID, index: int, size: int = 4, offset: int = 0) -> Chunk:
    return Chunk(user_id, upload_id, index, f"{index}.json", archive=False, offset=offset, size=size, content=b"x")


async def _append_at_once(
    database_url: str, owner_url: str, limits: UploadLimits, begun: int = 0
) -> tuple[list[int | BaseException], tuple[int, int]]:
    """Appends 4 bytes to each of many files of one upload; returns the answers, then the files and bytes stored.

    So many of the files have 4 bytes already.
    """
    user_id = uuid4()
    async with _store(database_url) as database:
        upload_id = (await incoming.create_upload(database, NewUpload(user_id, "history.json"), _HOURS)).id
        for index in range(begun):
            await appending.append_file(database, _chunk(user_id, upload_id, index), limits, _HOURS)
        chunks = [_chunk(user_id, upload_id, index, offset=4 if index < begun else 0) for index in range(_AT_ONCE)]
        with connect(owner_url) as owner:
            with _all_held_back(owner_url, upload_id):
                appends = asyncio.gather(
                    *(appending.append_file(database, chunk, limits, _HOURS) for chunk in chunks),
                    return_exceptions=True,
                )
                await eventually(lambda: _waiting_for_locks(owner) == _AT_ONCE)
            answers = await appends
            row = owner.execute("SELECT count(*)::int, coalesce(sum(size), 0)::int FROM upload_files").fetchone()
            assert row
            return list(answers), (row[0], row[1])


async def test_chunks_at_the_same_time_do_not_pass_the_bytes_of_an_upload(database_url: str, owner_url: str) -> None:
    limits = UploadLimits(files=100, file_bytes=10, upload_bytes=10)
    answers, stored = await _append_at_once(database_url, owner_url, limits)
    assert stored == (2, 8)
    assert answers.count(4) == 2
    assert sum(isinstance(answer, PayloadTooLarge) for answer in answers) == _AT_ONCE - 2


async def test_files_begun_at_the_same_time_do_not_pass_the_files_of_an_upload(
    database_url: str, owner_url: str
) -> None:
    answers, stored = await _append_at_once(database_url, owner_url, UploadLimits(3, 10, 100))
    assert stored == (3, 12)
    assert sum(isinstance(answer, PayloadTooLarge) for answer in answers) == _AT_ONCE - 3


@pytest.mark.parametrize("begun", [0, 4, _AT_ONCE])
async def test_what_fits_comes_in_whole_without_a_deadlock(database_url: str, owner_url: str, begun: int) -> None:
    limits = UploadLimits(files=_AT_ONCE, file_bytes=10, upload_bytes=4 * (_AT_ONCE + begun))
    answers, stored = await _append_at_once(database_url, owner_url, limits, begun)
    assert stored == (_AT_ONCE, 4 * (_AT_ONCE + begun))
    assert answers == [8] * begun + [4] * (_AT_ONCE - begun)


async def test_an_upload_that_is_enqueued_meanwhile_has_jobs_for_all_that_came_in(
    database_url: str, owner_url: str
) -> None:
    user_id, limits = uuid4(), UploadLimits(files=100, file_bytes=10, upload_bytes=100)
    async with _store(database_url) as database:
        upload_id = (await incoming.create_upload(database, NewUpload(user_id, "history.json"), _HOURS)).id
        for index in range(3):
            await appending.append_file(database, _chunk(user_id, upload_id, index), limits, _HOURS)
        chunks = [_chunk(user_id, upload_id, index, offset=4 if index < 3 else 0) for index in range(_AT_ONCE - 1)]
        with connect(owner_url) as owner:
            with _all_held_back(owner_url, upload_id):
                appends = [
                    asyncio.create_task(appending.append_file(database, chunk, limits, _HOURS)) for chunk in chunks
                ]
                await eventually(lambda: _waiting_for_locks(owner) == _AT_ONCE - 1)
                enqueue = asyncio.create_task(_enqueue(database, user_id, upload_id))
                await eventually(lambda: _waiting_for_locks(owner) == _AT_ONCE)
            await enqueue
            answers = await asyncio.gather(*appends, return_exceptions=True)
            taken = [answer for answer in answers if not isinstance(answer, BaseException)]
            assert all(isinstance(answer, InvalidRequest) for answer in answers if isinstance(answer, BaseException))
            row = owner.execute("SELECT count(*) FILTER (WHERE job_id IS NOT NULL), sum(size) FROM upload_files")
            assert row.fetchone() == (3 + sum(answer == 4 for answer in taken), 3 * 4 + 4 * len(taken))


async def _enqueue(database: Database, user_id: UUID, upload_id: UUID) -> None:
    make_job = partial(file_job, user_id, retry_policy=RetryPolicy(4, 2_000, 2, 300_000), deadline_ms=600_000)
    await uploads.enqueue_upload(
        database, VirtualClocks(), uploads.ClosingUpload(user_id, upload_id, "", b"", []), make_job
    )
