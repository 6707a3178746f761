"""The members of archives come in: beside each other, again, from workers that fall silent or leave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from uuid import UUID

import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from coordinator.domain import INGEST_KIND, INGEST_QUEUE
from coordinator.errors import Busy, LeaseLost
from coordinator.queries import query
from coordinator.services.archive_members import StepLimits
from coordinator.spool import SpoolRoom
from coordinator.wakeups import upload_topic
from protos.uploads.v1.upload_service_pb2 import AddFilesRequest
from tests.database.archive_calls import (
    NO_CONTEXT,
    Unpacker,
    add_files_requests,
    hold_archives,
    members_of,
    unpacking,
)
from tests.database.leased_jobs import HeldFile, take_away
from tests.database.stored_plays import connect, job_row
from tests.waiting import eventually

_PATIENT = StepLimits(lock_seconds=20)
_IMPATIENT = StepLimits(idle_seconds=0.05)


@contextmanager
def _upload_locked(owner_url: str, upload_id: UUID) -> Iterator[None]:
    """Makes AddFiles stand still after its rows are in: their key refers to the upload."""
    with connect(owner_url) as connection, connection.transaction():
        connection.execute("SELECT FROM upload_jobs WHERE id = %s FOR UPDATE", [upload_id])
        yield


@contextmanager
def _user_locked(owner_url: str, user_id: UUID) -> Iterator[None]:
    """Commits something of the person elsewhere, as long as the block lasts."""
    with connect(owner_url) as connection, connection.transaction():
        connection.execute(query("lock_user"), {"user_id": user_id})
        yield


def _waiting_for_locks(owner: Connection[TupleRow]) -> int:
    row = owner.execute(
        """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND usename = 'sluice_coordinator' AND wait_event_type = 'Lock'
        """
    ).fetchone()
    assert row
    return int(row[0])


async def _begin(unpacker: Unpacker, held: HeldFile) -> asyncio.Task[object]:
    """Sends one member, and returns when all of it has been taken."""
    taken = asyncio.Event()

    async def stream() -> AsyncIterator[AddFilesRequest]:
        for request in add_files_requests(held, [b"[]"]):
            yield request
        taken.set()

    call: asyncio.Task[object] = asyncio.create_task(unpacker.service.AddFiles(stream(), NO_CONTEXT))
    async with asyncio.timeout(5):
        await taken.wait()
    return call


async def test_two_archives_of_an_upload_at_the_same_time_in_two_coordinators_both_come_in(
    database_url: str, owner_url: str
) -> None:
    async with AsyncExitStack() as stack:
        one, other = [await stack.enter_async_context(unpacking(database_url, steps=_PATIENT)) for _ in range(2)]
        owner = stack.enter_context(connect(owner_url))
        first, second = hold_archives(owner, 2)
        with _upload_locked(owner_url, first.upload_id):
            adding = asyncio.gather(one.add_files(first, b"1", b"2"), other.add_files(second, b"3", b"4"))
            await eventually(lambda: _waiting_for_locks(owner) == 2)
        await adding
        members = members_of(owner, first.upload_id)
        assert members == [(0, "m0.json"), (1, "m1.json"), (2, "m0.json"), (3, "m1.json")]
        assert [job_row(owner, held)["state"] for held in (first, second)] == ["completed", "completed"]


async def test_a_lock_held_elsewhere_is_busy_and_stores_nothing(database_url: str, owner_url: str) -> None:
    async with unpacking(database_url, steps=StepLimits(lock_seconds=0.05)) as unpacker:
        with connect(owner_url) as owner:
            (held,) = hold_archives(owner, 1)
            with _user_locked(owner_url, held.user_id):
                async with asyncio.timeout(1):
                    with pytest.raises(Busy):
                        await unpacker.add_files(held, b"[]")
            assert members_of(owner, held.upload_id) == []
            await unpacker.add_files(held, b"[]")
            assert members_of(owner, held.upload_id) == [(0, "m0.json")]


@pytest.mark.parametrize("messages", [0, 1, 2, 3])
async def test_a_worker_that_falls_silent_makes_room_for_others(
    database_url: str, owner_url: str, messages: int
) -> None:
    room = SpoolRoom(max_files=1, max_bytes=1 << 20)
    async with unpacking(database_url, steps=_IMPATIENT, room=room) as unpacker:
        with connect(owner_url) as owner:
            (held,) = hold_archives(owner, 1)

            async def silent() -> AsyncIterator[AddFilesRequest]:
                for request in add_files_requests(held, [b"[]"])[:messages]:
                    yield request
                await asyncio.Event().wait()

            async with asyncio.timeout(5):
                with pytest.raises(Busy, match="Nothing came"):
                    await unpacker.service.AddFiles(silent(), NO_CONTEXT)
            await unpacker.add_files(held, b"[]")
            assert members_of(owner, held.upload_id) == [(0, "m0.json")]


async def test_finishing_waits_for_members_whose_worker_has_left(database_url: str, owner_url: str) -> None:
    async with unpacking(database_url, steps=_PATIENT) as unpacker:
        with connect(owner_url) as owner:
            (held,) = hold_archives(owner, 1)
            with _upload_locked(owner_url, held.upload_id):
                call = await _begin(unpacker, held)
                await eventually(lambda: _waiting_for_locks(owner) == 1)
                call.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await call
                assert members_of(owner, held.upload_id) == []
            await unpacker.background.finish()
            assert members_of(owner, held.upload_id) == [(0, "m0.json")]
            assert upload_topic(held.upload_id) in unpacker.announced.topics


async def test_a_repeat_while_the_first_waits_for_its_turn_succeeds_as_well(database_url: str, owner_url: str) -> None:
    async with unpacking(database_url) as unpacker:
        with connect(owner_url) as owner:
            (held,) = hold_archives(owner, 1)
            async with unpacker.gate.turn(held.user_id):
                calls = [await _begin(unpacker, held) for _ in range(2)]
            await asyncio.gather(*calls)
            assert members_of(owner, held.upload_id) == [(0, "m0.json")]


async def test_a_repeat_waits_for_the_first_without_a_connection(database_url: str, owner_url: str) -> None:
    async with unpacking(database_url, steps=_PATIENT) as unpacker:
        with connect(owner_url) as owner:
            (held,) = hold_archives(owner, 1)
            with _upload_locked(owner_url, held.upload_id):
                first = await _begin(unpacker, held)
                await eventually(lambda: _waiting_for_locks(owner) == 1)
                repeat = await _begin(unpacker, held)
                assert _waiting_for_locks(owner) == 1
            await asyncio.gather(first, repeat)
            assert members_of(owner, held.upload_id) == [(0, "m0.json")]


async def test_members_whose_lease_was_lost_while_they_waited_are_not_stored(database_url: str, owner_url: str) -> None:
    async with unpacking(database_url) as unpacker:
        with connect(owner_url) as owner:
            (held,) = hold_archives(owner, 1)
            async with unpacker.gate.turn(held.user_id):
                call = await _begin(unpacker, held)
                take_away(owner, held)
            with pytest.raises(LeaseLost):
                await call
            assert members_of(owner, held.upload_id) == []


async def test_it_is_told_where_the_members_jobs_stand(database_url: str, owner_url: str) -> None:
    async with unpacking(database_url) as unpacker:
        with connect(owner_url) as owner:
            (held,) = hold_archives(owner, 1)
            await unpacker.add_files(held, b"[]", b"[]")
            row = owner.execute("SELECT min(position) FROM sluice.jobs WHERE kind = 'ingest'").fetchone()
            assert row
            (place,) = unpacker.announced.places
            assert (place.queue, place.kind, place.position) == (INGEST_QUEUE, INGEST_KIND, row[0])
