"""A person is forgotten while something of theirs is under way: every order leaves nothing, or what came afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from coordinator.database import Database
from coordinator.domain import Failure
from coordinator.store import leases
from coordinator.store.forgetting import StepBounds, remove_work
from tests.database.leased_jobs import hold_file
from tests.database.lives import append, begin, hold
from tests.database.scene_parts import (
    adding_a_member,
    appending_to,
    cancelling,
    claiming,
    committing,
    completing,
    enqueueing_as,
    enqueueing_upload,
    failing,
    forgetting,
    redriving,
)
from tests.database.scenes import Ending, Standing, Theatre, open_theatre
from tests.database.stepped_transactions import Part
from tests.database.stores import QUICK, Store, new_job
from tests.database.whole_database import read_everything, tables_with

ONCE = replace(QUICK, max_attempts=1)
# No steps: nobody else can see, hold or change what they read and write, in any of these scenes.
QUIET = ("bound_forgetting", "count_user_listens", "delete_user_keys", "get_audit_key")
PLAYS, UPLOADS, LANES = "delete_user_listens", ("delete_user_files", "delete_user_uploads"), "delete_user_lanes"

Scene = Callable[[], Awaitable[Sequence[Part]]]


@pytest.fixture
async def theatre(database_url: str, owner_url: str) -> AsyncIterator[Theatre]:
    async with open_theatre(database_url, owner_url) as opened:
        yield opened


class Anna:
    """A new person in each scene, and where she is found afterwards."""

    def __init__(self, theatre: Theatre) -> None:
        self._theatre = theatre
        self.id = UUID(int=0)

    def comes(self) -> UUID:
        """Makes her somebody new."""
        self.id = uuid4()
        return self.id

    def traces(self) -> set[str]:
        """Gives the tables that still name her."""
        return tables_with(read_everything(self._theatre.owner), [str(self.id)])


async def endings_without_a_trace(theatre: Theatre, anna: Anna, scene: Scene, *unseen: str) -> set[tuple[object, ...]]:
    """Plays the scene in every order, after each of which nothing may be left; returns what the parts were told."""
    told = set()
    async for played, ending in theatre.plays(scene, (*QUIET, *unseen)):
        assert anna.traces() == set(), played
        assert not played.collisions, played
        told.add(ending.results)
    return told


async def test_a_commit_comes_first_and_its_plays_are_removed_or_its_lease_is_lost(theatre: Theatre) -> None:
    anna = Anna(theatre)

    async def scene() -> list[Part]:
        held = hold_file(theatre.owner, anna.comes())
        return [committing(held, theatre.owner), forgetting(held.user_id)]

    stored, lost = (("stored", 1), (1, 1)), (("lost", 0), (0, 1))
    unseen = (*UPLOADS, LANES, "delete_user_history")
    assert await endings_without_a_trace(theatre, anna, scene, *unseen) == {stored, lost}


async def test_a_first_chunk_is_removed_with_its_upload_or_finds_none(theatre: Theatre) -> None:
    anna = Anna(theatre)

    async def scene() -> list[Part]:
        upload_id = await begin(theatre.store, anna.comes(), "f.zip")
        return [appending_to(upload_id, anna.id, index=0, offset=0), forgetting(anna.id)]

    unseen = ("lock_user", "delete_user_history", "delete_user_jobs", PLAYS, LANES)
    told = await endings_without_a_trace(theatre, anna, scene, *unseen)
    assert told == {(25, (0, 0)), ("UploadNotFound", (0, 0))}


async def test_a_further_chunk_is_removed_with_its_file_or_finds_none(theatre: Theatre) -> None:
    anna = Anna(theatre)

    async def scene() -> list[Part]:
        upload_id = await begin(theatre.store, anna.comes(), "f.zip")
        size = await append(theatre.store, anna.id, upload_id, "")
        return [appending_to(upload_id, anna.id, index=0, offset=size), forgetting(anna.id)]

    unseen = ("lock_user", "delete_user_history", "delete_user_jobs", PLAYS, LANES)
    told = await endings_without_a_trace(theatre, anna, scene, *unseen)
    assert told == {(50, (0, 0)), ("UploadNotFound", (0, 0))}


async def test_nobody_waits_in_a_ring_with_a_file_that_grows_while_its_upload_goes(theatre: Theatre) -> None:
    anna = Anna(theatre)

    async def scene() -> list[Part]:
        upload_id = await begin(theatre.store, anna.comes(), "f.zip")

        async def two_chunks(database: Database) -> object:
            offset = await append(Store(database), anna.id, upload_id, "")
            return await append(Store(database), anna.id, upload_id, "", offset=offset)

        async def first_step(database: Database) -> object:
            work = await remove_work(database, anna.id, None, StepBounds(statement_seconds=20, lock_seconds=20))
            return len(work.upload_ids)

        return [two_chunks, first_step]

    unseen = [*QUIET, "lock_user", "delete_user_history", "delete_user_jobs", LANES]
    unseen += ("lock_growing_upload", "get_upload_size")
    told = set()
    async for played, ending in theatre.plays(scene, unseen):
        assert not played.collisions, played
        told.add(ending.results)
        await forgetting(anna.id)(theatre.store.database)
        assert anna.traces() == set(), played
    # An upload that got a file between the two looks is left for the next round.
    assert told == {(50, 1), (50, 0), ("UploadNotFound", 1)}


async def test_an_upload_that_is_enqueued_is_removed_with_its_jobs_or_is_not_found(theatre: Theatre) -> None:
    anna = Anna(theatre)

    async def scene() -> list[Part]:
        upload_id = await begin(theatre.store, anna.comes(), "f.zip")
        await append(theatre.store, anna.id, upload_id, "")
        return [enqueueing_upload(upload_id, anna.id), forgetting(anna.id)]

    unseen = ["lock_user", "delete_user_history", PLAYS]
    unseen += ("list_upload_files", "insert_enqueue_key", "assign_file_jobs", "mark_upload_enqueued")
    told = await endings_without_a_trace(theatre, anna, scene, *unseen)
    assert told == {("enqueued", (0, 1)), ("UploadNotFound", (0, 0))}


async def test_the_members_of_an_archive_are_removed_with_it_or_refused(theatre: Theatre) -> None:
    anna = Anna(theatre)

    async def scene() -> list[Part]:
        held = hold_file(theatre.owner, anna.comes(), archive=True)
        return [adding_a_member(held), forgetting(held.user_id)]

    unseen = ["delete_user_history", PLAYS, LANES, "stage_file_chunks", "insert_staged_chunks", "insert_members"]
    unseen += ("count_members", "record_unpacking", "assign_file_jobs", "find_ended_leases")
    told = await endings_without_a_trace(theatre, anna, scene, *unseen)
    assert told == {("added", (0, 2)), ("LeaseLost", (0, 1))}


async def test_a_failed_job_that_is_redriven_meanwhile_is_removed_all_the_same(theatre: Theatre) -> None:
    anna = Anna(theatre)

    async def scene() -> list[Part]:
        held = await hold(theatre.store, anna.comes())
        await leases.fail(theatre.store.database, [Failure(held.lease, "BROKEN", "", permanent=False)])
        return [redriving(held.lease.job_id), forgetting(anna.id)]

    told = await endings_without_a_trace(theatre, anna, scene, "lock_user", PLAYS, LANES)
    assert told == {(1, (0, 1)), (0, (0, 1))}


@pytest.mark.parametrize("verb", [completing, failing])
async def test_a_job_that_ends_meanwhile_is_found_in_history_or_lost_to_its_worker(
    theatre: Theatre, verb: Callable[..., Part]
) -> None:
    anna = Anna(theatre)

    async def scene() -> list[Part]:
        held = await hold(theatre.store, anna.comes())
        return [verb(held.lease), forgetting(anna.id)]

    unseen = ("lock_user", PLAYS, LANES, "find_ended_leases", "delete_user_uploads")
    told = await endings_without_a_trace(theatre, anna, scene, *unseen)
    assert told == {("done", (0, 1)), ("lost", (0, 1))}


async def test_a_job_that_is_claimed_meanwhile_is_removed_and_its_worker_is_told(theatre: Theatre) -> None:
    anna = Anna(theatre)

    async def scene() -> list[Part]:
        upload_id = await begin(theatre.store, anna.comes(), "f.zip")
        await append(theatre.store, anna.id, upload_id, "")
        await enqueueing_upload(upload_id, anna.id)(theatre.store.database)
        return [claiming(await theatre.store.open_session()), forgetting(anna.id)]

    async for played, ending in theatre.plays(scene, (*QUIET, "lock_user", PLAYS, LANES, "delete_user_history")):
        claimed, removed = ending.results
        told = theatre.owner.execute("SELECT reason FROM sluice.lease_notices").fetchall()
        assert (removed, told) == ((0, 1), [("cancelled",)] if claimed else []), played
        assert anna.traces() == set(), played


async def test_a_job_that_is_cancelled_meanwhile_is_removed_all_the_same(theatre: Theatre) -> None:
    anna = Anna(theatre)

    async def scene() -> list[Part]:
        held = await hold(theatre.store, anna.comes())
        return [cancelling(held.lease.job_id, str(anna.id)), forgetting(anna.id)]

    unseen = ("lock_user", PLAYS, LANES, "find_final_states", "delete_user_uploads")
    told = await endings_without_a_trace(theatre, anna, scene, *unseen)
    assert told == {("worker told", (0, 1)), ("JobNotFound", (0, 1))}


async def test_a_job_that_comes_in_meanwhile_is_removed_or_is_the_first_of_a_person_who_came_back(
    theatre: Theatre,
) -> None:
    anna = Anna(theatre)

    def enqueueing() -> Part:
        # The key is another owner's, which does not matter here: the lane and the job are hers.
        return enqueueing_as("", [new_job(owner=str(anna.id), lane=str(anna.id))])

    async def scene() -> list[Part]:
        anna.comes()
        await enqueueing()(theatre.store.database)
        return [enqueueing(), forgetting(anna.id)]

    endings = await theatre.endings(scene, (*QUIET, "lock_user", PLAYS, *UPLOADS, "delete_user_history"))
    assert endings == {
        Ending(((False, (), ("nowhere",)), (0, 2)), ()),
        Ending(((False, (), (0,)), (0, 1)), (Standing("pending"),)),
    }


async def test_two_calls_at_once_remove_everything_once(theatre: Theatre) -> None:
    anna = Anna(theatre)

    async def scene() -> list[Part]:
        held = hold_file(theatre.owner, anna.comes())
        return [forgetting(held.user_id), forgetting(held.user_id)]

    unseen = ("lock_user", "has_user_data", "delete_user_history", LANES, PLAYS, "delete_user_uploads")
    told = await endings_without_a_trace(theatre, anna, scene, *unseen)
    assert told == {((0, 1), (0, 0)), ((0, 0), (0, 1))}
