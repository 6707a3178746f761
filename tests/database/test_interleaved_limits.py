"""Ends, claims and limits of one lane at once, stepped: never too many run, and nobody waits who has room."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from coordinator.database import Database
from coordinator.domain import Lease
from coordinator.ids import new_counted_token
from coordinator.marks import ClaimRange
from coordinator.store import claims, limits
from coordinator.store.claims import UNLIMITED_BYTES, ClaimLimit, SessionClaim
from coordinator.store.sessions import SessionKey
from tests.database.limited import ACT, LimitedQueue
from tests.database.scene_parts import cancelling, claiming, completing, failing, reaping_dead, releasing, snoozing
from tests.database.scenes import Theatre, open_theatre
from tests.database.stepped_transactions import Part, undone

# No step of its own: it is under the queue's lock, or reads what no other part changes.
UNSEEN = ("get_claim_room", "find_freed_slots", "find_ended_leases", "unsettled_sessions", "try_maintenance_lock")


@pytest.fixture
async def theatre(database_url: str, owner_url: str) -> AsyncIterator[Theatre]:
    async with open_theatre(database_url, owner_url) as opened:
        yield opened


@pytest.fixture
async def queue(theatre: Theatre) -> LimitedQueue:
    return LimitedQueue(theatre.store, theatre.owner)


def claiming_within(key: SessionKey, most: int = 1) -> Part:
    """Claims once within the limits; tells how many jobs it was given."""

    async def part(database: Database) -> object:
        limit = ClaimLimit(most, UNLIMITED_BYTES, holds_nothing=True)
        wanted = SessionClaim(key.id, key.epoch, new_counted_token(), "q", [ClaimRange("k")], limit)
        return len((await claims.claim(database, wanted)).jobs)

    return part


async def stands(queue: LimitedQueue, most: int, played: object) -> None:
    """Checks that no more run than may, and that a claim now finds as many as there is room for."""
    running = queue.running().get("a", 0)
    assert running <= most, played
    waiting = queue.rows("SELECT count(*) FROM sluice.jobs WHERE state = 'pending'")[0][0]
    taken = await queue.claim(await queue.store.open_session(), 10)
    assert len(taken) == min(most - running, waiting), f"room for {most - running}, {waiting} wait: {played}"


@pytest.mark.parametrize("verb", [completing, failing, releasing, snoozing])
async def test_an_end_and_a_claim_that_keeps_back_strand_nobody(
    theatre: Theatre, queue: LimitedQueue, verb: Callable[[Lease], Part]
) -> None:
    async def scene() -> list[Part]:
        await queue.limit(lane=1)
        await queue.store.enqueue(3, lane="a")
        key = await queue.store.open_session()
        claimed = await queue.look(key)
        theatre.owner.execute(
            "UPDATE sluice.jobs SET position = coalesce(position, kept_position), kept_position = NULL"
        )
        return [verb(claimed.jobs[0].lease), claiming_within(await queue.store.open_session(), 2)]

    async for played, _ in theatre.plays(scene, UNSEEN):
        assert not played.collisions, played
        await stands(queue, 1, played)


@pytest.mark.parametrize("most", [1, 2])
async def test_two_ends_of_one_lane_let_two_in(theatre: Theatre, queue: LimitedQueue, most: int) -> None:
    async def scene() -> list[Part]:
        await queue.limit(lane=2)
        await queue.store.enqueue(4, lane="a")
        key = await queue.store.open_session()
        one, other = await queue.claim(key, 4)
        parts = [completing(one.lease), failing(other.lease)]
        return parts if most == 2 else [undone(parts[0]), parts[1]]

    async for played, _ in theatre.plays(scene, UNSEEN):
        assert not played.collisions, played
        await stands(queue, 2, played)


async def test_two_claims_of_one_lane_never_pass_its_limit(theatre: Theatre, queue: LimitedQueue) -> None:
    async def scene() -> list[Part]:
        await queue.limit(lane=2)
        await queue.store.enqueue(5, lane="a")
        return [claiming_within(await queue.store.open_session(), 2) for _ in range(2)]

    async for played, ending in theatre.plays(scene, UNSEEN):
        assert not played.collisions, played
        assert sum(1 for result in ending.results if result == 2) == 1, played
        await stands(queue, 2, played)


async def test_two_claims_of_one_queue_never_pass_its_limit(theatre: Theatre, queue: LimitedQueue) -> None:
    async def scene() -> list[Part]:
        await queue.limit(running=3)
        await queue.store.enqueue(5)
        return [claiming_within(await queue.store.open_session(), 2) for _ in range(2)]

    async for played, ending in theatre.plays(scene, UNSEEN):
        assert sorted(str(result) for result in ending.results) == ["1", "2"], played
        assert queue.running() == {None: 3}, played


async def test_a_reaper_and_a_claim_for_the_session_that_it_ends_wait_in_one_order(
    theatre: Theatre, queue: LimitedQueue
) -> None:
    async def scene() -> list[Part]:
        await queue.limit(lane=1)
        await queue.store.enqueue(3, lane="a")
        key = await queue.store.open_session()
        await queue.claim(key, 1)
        theatre.let_expire(key.id)
        return [reaping_dead, claiming_within(key), claiming_within(await queue.store.open_session())]

    async for played, _ in theatre.plays(scene, (*UNSEEN, "lock_lost_jobs", "fail_jobs", "settle_sessions")):
        assert not played.collisions, played
        await stands(queue, 1, played)


async def test_a_waiting_job_that_is_cancelled_while_another_ends_leaves_no_room_empty(
    theatre: Theatre, queue: LimitedQueue
) -> None:
    async def scene() -> list[Part]:
        await queue.limit(lane=1)
        await queue.store.enqueue(1, lane="a")
        (second, _) = await queue.store.enqueue(2, lane="a")
        (job,) = await queue.claim(await queue.store.open_session(), 3)
        return [completing(job.lease), cancelling(second)]

    async for played, _ in theatre.plays(scene, UNSEEN):
        assert not played.collisions, played
        await stands(queue, 1, played)


def setting(change: Callable[[Database], Awaitable[object]]) -> Part:
    """Sets something and waits, as the call does before it answers; then looks at what was claimed by then."""

    async def part(database: Database) -> object:
        await change(database)
        await limits.claims_have_ended(database)
        async with database.connection() as connection:
            cursor = await connection.execute("SELECT count(*) AS held FROM sluice.jobs WHERE state = 'processing'")
            row = await cursor.fetchone()
        return row["held"] if row else None

    return part


@pytest.mark.parametrize("within", [False, True])
async def test_nothing_is_claimed_any_more_once_a_pause_was_answered(
    theatre: Theatre, queue: LimitedQueue, monkeypatch: pytest.MonkeyPatch, *, within: bool
) -> None:
    monkeypatch.setattr(limits, "WAIT_SECONDS", 0.05)

    async def scene() -> list[Part]:
        await queue.pause(paused=False)
        await queue.store.enqueue(2)
        key = await queue.store.open_session()
        claim = claiming_within(key, 2) if within else claiming(key, 2)
        return [claim, setting(lambda database: limits.pause(database, "q", ACT, paused=True))]

    async for played, ending in theatre.plays(scene, (*UNSEEN, "find_writers", "register_queues", "get_limits")):
        # Where the claim stands still in the middle the call is not answered: it is told to try again.
        assert ending.results[1] in {"Busy", sum(queue.running().values())}, f"claimed after the answer: {played}"
