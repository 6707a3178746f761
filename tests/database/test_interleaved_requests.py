"""Enqueues, redrives and prunes at once: every order ends as if one had waited for the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from coordinator.database import Database
from coordinator.domain import Failure, NewJob
from coordinator.store import leases, maintenance
from tests.database.scene_parts import cancelling, enqueueing_as, redriving
from tests.database.scenes import Ending, Standing, Theatre, open_theatre
from tests.database.stepped_transactions import Part, undone
from tests.database.stores import QUICK, new_job

ONCE = replace(QUICK, max_attempts=1)
PENDING = Standing("pending")


@pytest.fixture
async def theatre(database_url: str, owner_url: str) -> AsyncIterator[Theatre]:
    async with open_theatre(database_url, owner_url) as opened:
        yield opened


async def test_two_requests_with_one_key_make_one_job_and_are_told_the_same(theatre: Theatre) -> None:
    async def scene() -> list[Part]:
        return [enqueueing_as("key", [new_job()]) for _ in range(2)]

    first, repeat = (False, (), (0,)), (True, (), (0,))
    assert await theatre.endings(scene) == {Ending((first, repeat), (PENDING,)), Ending((repeat, first), (PENDING,))}


async def test_two_requests_with_one_unique_key_make_one_job_and_are_told_the_same(theatre: Theatre) -> None:
    async def scene() -> list[Part]:
        return [enqueueing_as("", [new_job(unique_key="only")]) for _ in range(2)]

    made, found = (False, (), (0,)), (False, (0,), (0,))
    assert await theatre.endings(scene) == {Ending((made, found), (PENDING,)), Ending((found, made), (PENDING,))}


async def test_a_repeat_is_told_of_the_job_that_the_first_request_found(theatre: Theatre) -> None:
    def with_key() -> Part:
        return enqueueing_as("key", [new_job(unique_key="only")])

    async def scene() -> list[Part]:
        return [with_key(), enqueueing_as("", [new_job(unique_key="only")])]

    async for played, ending in theatre.plays(scene):
        assert ending.jobs == (PENDING,), played
        (only,) = await theatre.store.enqueue(unique_key="only")
        assert await with_key()(theatre.store.database) == (True, (), (only,)), played


async def test_requests_of_several_lanes_and_priorities_never_wait_for_each_other_in_a_ring(theatre: Theatre) -> None:
    def new() -> list[NewJob]:
        return [new_job(lane=lane, priority=priority) for lane in "ab" for priority in (0, 1)]

    async def scene() -> list[Part]:
        return [enqueueing_as("", new()), enqueueing_as("", new()[::-1])]

    assert {ending.jobs for ending in await theatre.endings(scene)} == {(PENDING,) * 8}


async def failed_job(theatre: Theatre, **fields: Any) -> UUID:
    (job,), _ = await theatre.held(retry_policy=ONCE, **fields)
    await leases.fail(theatre.store.database, [Failure(job.lease, "BROKEN", "", permanent=False)])
    return job.lease.job_id


async def test_a_failed_job_is_redriven_once(theatre: Theatre) -> None:
    async def scene() -> list[Part]:
        job_id = await failed_job(theatre)
        return [redriving(job_id), redriving(job_id)]

    back = (Standing("pending", 0, 1),)
    assert await theatre.endings(scene) == {Ending((1, 0), back), Ending((0, 1), back)}


async def test_a_failed_job_is_redriven_or_gone_with_its_day(theatre: Theatre) -> None:
    async def pruning(database: Database) -> object:
        # A day that a redrive reads stays for the next time: 0 of 1 are no other ending.
        return await maintenance.drop_old_history(database, retention_days=0) <= 1

    async def scene() -> list[Part]:
        theatre.owner.execute("SELECT sluice.create_history_partition((now() AT TIME ZONE 'UTC')::date - 1)")
        job_id = await failed_job(theatre)
        theatre.owner.execute("UPDATE sluice.job_history SET finished_at = finished_at - interval '1 day'")
        return [redriving(job_id), pruning]

    assert await theatre.endings(scene, may_give_way=True) == {
        Ending((1, True), (Standing("pending", 0, 1),)),
        Ending((0, True), ()),
    }


async def test_a_redriven_job_and_a_new_one_share_their_unique_key_never_at_once(theatre: Theatre) -> None:
    async def scene() -> list[Part]:
        job_id = await failed_job(theatre, unique_key="only")
        return [redriving(job_id), enqueueing_as("", [new_job(unique_key="only")])]

    # Whether to take the new job for the old one is not for the redrive to say: it asks for another try.
    busy = Ending(("Busy", (False, (), (1,))), (Standing("failed", 1, 1), PENDING))
    assert await theatre.endings(scene, refused=[busy]) == {
        Ending((1, (False, (0,), (0,))), (Standing("pending", 0, 1),)),
        Ending((0, (False, (), (1,))), (Standing("failed", 1, 1), PENDING)),
    }


async def test_a_job_that_is_redriven_is_found_by_a_cancel(theatre: Theatre) -> None:
    async def scene() -> list[Part]:
        job_id = await failed_job(theatre)
        return [redriving(job_id), cancelling(job_id)]

    assert await theatre.endings(scene) == {
        Ending((1, "cancelled"), (Standing("cancelled", 0, 1),)),
        Ending((1, "JobFinished"), (Standing("pending", 0, 1),)),
    }


async def test_a_key_whose_request_came_to_nothing_is_free(theatre: Theatre) -> None:
    async def scene() -> list[Part]:
        return [undone(enqueueing_as("key", [new_job()])), enqueueing_as("key", [new_job()])]

    assert await theatre.endings(scene) == {
        Ending(((False, (), ("nowhere",)), (False, (), (0,))), (PENDING,)),
        Ending(((True, (), (0,)), (False, (), (0,))), (PENDING,)),
    }
