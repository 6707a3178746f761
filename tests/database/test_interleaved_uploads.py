"""The end of an upload at once with what makes it grow or go on: as if one had waited for the other, in any order."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from functools import partial
from uuid import UUID, uuid4

import pytest

from coordinator.clocks import VirtualClocks
from coordinator.database import Database
from coordinator.domain import RetryPolicy
from coordinator.store import appending, incoming, removals, uploads
from coordinator.store.incoming import NewUpload
from coordinator.upload_domain import Chunk, UploadLimits
from coordinator.wire.uploads import file_job
from tests.database.leased_jobs import hold_file
from tests.database.scene_parts import committing, failing
from tests.database.scenes import Ending, Standing, Theatre, open_theatre
from tests.database.stepped_transactions import Part

HOURS = 24.0
LIMITS = UploadLimits(files=200, file_bytes=100, upload_bytes=100)
CANCELLED, PENDING = Standing("cancelled"), Standing("pending")


@pytest.fixture
async def theatre(database_url: str, owner_url: str) -> AsyncIterator[Theatre]:
    async with open_theatre(database_url, owner_url) as opened:
        yield opened


class Person:
    """Whose upload the scene is about."""

    def __init__(self, theatre: Theatre) -> None:
        self.theatre = theatre
        self.id = uuid4()

    async def upload(self, size: int = 8, *, came: int = 0, old: bool = False) -> UUID:
        """Begins an upload of which so many bytes have come, perhaps longer ago than it is kept."""
        database = self.theatre.store.database
        upload_id = (await incoming.create_upload(database, NewUpload(self.id, "my.zip", size), HOURS)).id
        if came:
            await self.appending(upload_id, came)(database)
        if old:
            self.theatre.owner.execute("UPDATE upload_jobs SET created_at = created_at - interval '2 days'")
        return upload_id

    def appending(self, upload_id: UUID, size: int, offset: int = 0) -> Part:
        """Appends so many bytes; tells how many are there then."""
        content = zlib.compress(bytes(size))
        chunk = Chunk(self.id, upload_id, 0, "my.zip", archive=True, offset=offset, size=size, content=content)

        async def part(database: Database) -> object:
            return await appending.append_file(database, chunk, LIMITS, HOURS)

        return part

    def enqueueing(self, upload_id: UUID) -> Part:
        """Enqueues the upload; tells whether it was closed before."""
        make_job = partial(file_job, self.id, retry_policy=RetryPolicy(1, 0, 1, 0), deadline_ms=600_000)

        async def part(database: Database) -> object:
            clocks = VirtualClocks()
            closing = uploads.ClosingUpload(self.id, upload_id, "", b"", [])
            enqueued = await uploads.enqueue_upload(database, clocks, closing, make_job)
            return "closed before" if enqueued.repeated else "enqueued"

        return part

    def cancelling(self, upload_id: UUID) -> Part:
        """Cancels the upload; tells how many files are cancelled and how many plays stay."""

        async def part(database: Database) -> object:
            cancelled = await removals.cancel_upload(database, self.id, upload_id)
            return cancelled.cancelled_files, cancelled.kept_plays

        return part

    def removing(self, upload_id: UUID) -> Part:
        """Removes the upload."""

        async def part(database: Database) -> object:
            await removals.delete_upload(database, self.id, upload_id)
            return "removed"

        return part

    def retrying(self, upload_id: UUID) -> Part:
        """Puts failed files back; tells how many."""

        async def part(database: Database) -> object:
            return (await uploads.retry_upload(database, VirtualClocks(), self.id, upload_id, "", b"")).files

        return part


async def tidying(database: Database) -> object:
    """Removes abandoned uploads; tells how many."""
    return await incoming.delete_abandoned(database, HOURS)


@pytest.mark.parametrize("came", [0, 4])
async def test_bytes_come_before_a_cancel_or_are_refused(theatre: Theatre, came: int) -> None:
    person = Person(theatre)

    async def scene() -> list[Part]:
        upload_id = await person.upload(came=came)
        return [person.appending(upload_id, 4, came), person.cancelling(upload_id)]

    assert await theatre.endings(scene) == {
        Ending((came + 4, (1, 0)), ()),
        Ending(("InvalidRequest", (1 if came else 0, 0)), ()),
    }
    assert theatre.owner.execute("SELECT FROM upload_file_chunks").fetchall() == []


@pytest.mark.parametrize("came", [0, 4])
async def test_bytes_come_before_a_removal_or_find_nothing(theatre: Theatre, came: int) -> None:
    person = Person(theatre)

    async def scene() -> list[Part]:
        upload_id = await person.upload(came=came)
        return [person.appending(upload_id, 4, came), person.removing(upload_id)]

    assert await theatre.endings(scene) == {
        Ending((came + 4, "removed"), ()),
        Ending(("UploadNotFound", "removed"), ()),
    }


async def test_an_upload_is_enqueued_and_its_job_cancelled_or_never_enqueued(theatre: Theatre) -> None:
    person = Person(theatre)

    async def scene() -> list[Part]:
        upload_id = await person.upload(came=8)
        return [person.enqueueing(upload_id), person.cancelling(upload_id)]

    assert await theatre.endings(scene) == {
        Ending(("enqueued", (1, 0)), (CANCELLED,)),
        Ending(("closed before", (1, 0)), ()),
    }


async def test_an_upload_is_enqueued_or_removed(theatre: Theatre) -> None:
    person = Person(theatre)

    async def scene() -> list[Part]:
        upload_id = await person.upload(came=8)
        return [person.enqueueing(upload_id), person.removing(upload_id)]

    assert await theatre.endings(scene) == {
        Ending(("enqueued", "UploadInUse"), (PENDING,)),
        Ending(("UploadNotFound", "removed"), ()),
    }


async def test_a_failed_upload_is_retried_or_removed(theatre: Theatre) -> None:
    person = Person(theatre)

    async def scene() -> list[Part]:
        held = hold_file(theatre.owner, person.id)
        theatre.owner.execute("UPDATE sluice.jobs SET max_attempts = 1")
        await failing(held.lease)(theatre.store.database)
        return [person.retrying(held.upload_id), person.removing(held.upload_id)]

    assert await theatre.endings(scene) == {
        Ending((1, "UploadInUse"), (Standing("pending", 0, 1),)),
        Ending(("UploadNotFound", "removed"), ()),
    }


async def test_a_file_is_committed_or_cancelled(theatre: Theatre) -> None:
    person = Person(theatre)

    async def scene() -> list[Part]:
        held = hold_file(theatre.owner, person.id)
        return [committing(held, theatre.owner), person.cancelling(held.upload_id)]

    # What the upload's rows say before its jobs are looked at, and in the end, is nobody else's to change here.
    unseen = ("lock_upload", "list_upload_files", "count_outcomes")
    assert await theatre.endings(scene, unseen) == {
        Ending((("stored", 1), (0, 1)), (Standing("completed", 1),)),
        Ending((("lost", 0), (1, 0)), (Standing("cancelled", 1),)),
    }


async def test_an_upload_that_is_old_goes_or_was_enqueued_just_in_time(theatre: Theatre) -> None:
    person = Person(theatre)

    async def scene() -> list[Part]:
        return [person.enqueueing(await person.upload(came=8, old=True)), tidying]

    assert await theatre.endings(scene) == {Ending(("enqueued", 0), (PENDING,)), Ending(("UploadNotFound", 1), ())}


@pytest.mark.parametrize("came", [0, 4])
async def test_an_upload_that_is_old_takes_nothing_and_goes(theatre: Theatre, came: int) -> None:
    person = Person(theatre)

    async def scene() -> list[Part]:
        return [person.appending(await person.upload(came=came, old=True), 4, came), tidying]

    assert await theatre.endings(scene) == {Ending(("ContentExpired", 1), ()), Ending(("UploadNotFound", 1), ())}
