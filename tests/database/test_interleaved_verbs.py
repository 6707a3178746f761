"""Two or three verbs at once, stepped statement by statement: every order ends as if one had waited for the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from coordinator.database import Database
from coordinator.domain import Lease
from coordinator.ids import new_token
from coordinator.marks import ClaimRange
from coordinator.store import claims, sessions
from coordinator.store.claims import UNLIMITED_BYTES, ClaimLimit, SessionClaim
from coordinator.store.sessions import SessionKey
from tests.database.leased_jobs import hold_file
from tests.database.scene_parts import (
    cancelling,
    claiming,
    committing,
    completing,
    failing,
    keeping_alive,
    reaping_dead,
    releasing,
    reporting,
    resuming,
    snoozing,
)
from tests.database.scenes import Ending, Standing, Theatre, open_theatre
from tests.database.stepped_transactions import Part, undone
from tests.database.stores import QUICK

SECRET = b"secret"
ONCE = replace(QUICK, max_attempts=1)
# Steps that matter to another reaper alone.
ONE_REAPER = ("try_maintenance_lock", "unsettled_sessions")
# Steps that are no matter between a session that is over and a job that it held.
ONE_ZOMBIE = (
    *("close_expired_sessions", "settle_sessions", "find_ended_leases", "lock_leases", "extend_batch_leases"),
    *ONE_REAPER,
)
PENDING, TAKEN = Standing("pending"), Standing("processing", 1)
LOST_ONCE, GIVEN_TO_ANOTHER = Standing("pending", 1, 1), Standing("processing", 2, 1)
LATE_AND_WAITING = Ending(("lost", (1, ())), (LOST_ONCE,))


@pytest.fixture
async def theatre(database_url: str, owner_url: str) -> AsyncIterator[Theatre]:
    async with open_theatre(database_url, owner_url) as opened:
        yield opened


async def test_two_claims_never_take_the_same_job(theatre: Theatre) -> None:
    async def scene() -> list[Part]:
        await theatre.store.enqueue()
        return [claiming(await theatre.store.open_session()) for _ in range(2)]

    assert await theatre.endings(scene, impatient=[0, 1]) == {
        Ending(((0,), ()), (TAKEN,)),
        Ending(((), (0,)), (TAKEN,)),
    }


async def test_two_claims_share_what_there_is(theatre: Theatre) -> None:
    async def scene() -> list[Part]:
        await theatre.store.enqueue(3)
        return [claiming(await theatre.store.open_session(), 2) for _ in range(2)]

    assert await theatre.endings(scene, impatient=[0, 1]) == {
        Ending(((0, 1), (2,)), (TAKEN,) * 3),
        Ending(((2,), (0, 1)), (TAKEN,) * 3),
    }


async def test_two_claims_for_one_session_never_take_the_same_job(theatre: Theatre) -> None:
    async def scene() -> list[Part]:
        await theatre.store.enqueue(2)
        key = await theatre.store.open_session()
        return [claiming(key), claiming(key)]

    assert await theatre.endings(scene) == {Ending(((0,), (1,)), (TAKEN,) * 2), Ending(((1,), (0,)), (TAKEN,) * 2)}


async def test_a_job_that_is_claimed_and_cancelled_is_cancelled_and_its_worker_told(theatre: Theatre) -> None:
    async def scene() -> list[Part]:
        (job_id,) = await theatre.store.enqueue()
        return [claiming(await theatre.store.open_session()), cancelling(job_id)]

    assert await theatre.endings(scene) == {
        Ending(((0,), "worker told"), (Standing("cancelled", 1),)),
        Ending(((), "cancelled"), (Standing("cancelled"),)),
    }


async def test_two_claims_and_a_cancel_leave_the_job_to_one_of_them_or_to_none(theatre: Theatre) -> None:
    async def scene() -> list[Part]:
        (job_id,) = await theatre.store.enqueue()
        return [*[claiming(await theatre.store.open_session()) for _ in range(2)], cancelling(job_id)]

    assert await theatre.endings(scene) == {
        Ending(((0,), (), "worker told"), (Standing("cancelled", 1),)),
        Ending(((), (0,), "worker told"), (Standing("cancelled", 1),)),
        Ending(((), (), "cancelled"), (Standing("cancelled"),)),
    }


async def test_a_job_is_completed_or_reaped_never_both(theatre: Theatre) -> None:
    async def scene() -> list[Part]:
        (job,), _ = await theatre.held(dead=True)
        return [completing(job.lease), reaping_dead]

    assert await theatre.endings(scene, ONE_REAPER, impatient=[1]) == {
        Ending(("done", 0), (Standing("completed", 1),)),
        Ending(("lost", 1), (LOST_ONCE,)),
    }


@pytest.mark.parametrize(
    ("verb", "in_time", "not_seen"),
    [
        (completing, Ending(("done", (0, ())), (Standing("completed", 1),)), LATE_AND_WAITING),
        (failing, Ending(("done", (0, ())), (Standing("scheduled", 1, 1),)), LATE_AND_WAITING),
        (releasing, Ending(("done", (0, (0,))), (TAKEN,)), Ending(("done", (0, ())), (PENDING,))),
        (snoozing, Ending(("done", (0, ())), (Standing("scheduled"),)), LATE_AND_WAITING),
        (reporting, Ending(("done", (1, (0,))), (GIVEN_TO_ANOTHER,)), Ending(("done", (0, ())), (TAKEN,))),
    ],
)
async def test_a_worker_that_was_given_up_changes_nothing_of_the_attempt_after_its_own(
    theatre: Theatre, verb: Callable[[Lease], Part], in_time: Ending, not_seen: Ending
) -> None:
    async def scene() -> list[Part]:
        (job,), _ = await theatre.held(dead=True)
        claim = claiming(await theatre.store.open_session())

        async def giving_it_to_another(database: Database) -> object:
            return await reaping_dead(database), await claim(database)

        return [verb(job.lease), giving_it_to_another]

    # Nobody waits for what is locked at that moment: the next look finds it.
    refused = [LATE_AND_WAITING, not_seen]
    late = Ending(("lost", (1, (0,))), (GIVEN_TO_ANOTHER,))
    assert await theatre.endings(scene, ONE_ZOMBIE, refused=refused) == {in_time, late}


async def test_two_completions_of_one_attempt_are_answered_alike(theatre: Theatre) -> None:
    async def scene() -> list[Part]:
        (job,), _ = await theatre.held()
        return [completing(job.lease), completing(job.lease)]

    assert await theatre.endings(scene) == {Ending(("done", "done"), (Standing("completed", 1),))}


async def test_two_reapers_count_an_attempt_once(theatre: Theatre) -> None:
    async def scene() -> list[Part]:
        await theatre.held(dead=True)
        return [reaping_dead, reaping_dead]

    assert await theatre.endings(scene, ["unsettled_sessions", "settle_sessions"]) == {
        Ending((1, 0), (LOST_ONCE,)),
        Ending((0, 1), (LOST_ONCE,)),
    }


async def test_a_session_is_renewed_with_its_jobs_or_lost_with_them(theatre: Theatre) -> None:
    async def scene() -> list[Part]:
        _, key = await theatre.held(dead=True)
        return [keeping_alive(key), reaping_dead]

    assert await theatre.endings(scene, ONE_REAPER) == {Ending((1, 0), (TAKEN,)), Ending((0, 1), (LOST_ONCE,))}


async def test_a_claim_for_a_session_that_ends_is_taken_back_or_takes_nothing(theatre: Theatre) -> None:
    async def scene() -> list[Part]:
        await theatre.store.enqueue()
        key = await theatre.store.open_session()

        async def ending(database: Database) -> object:
            await sessions.close_session(database, key)
            return await reaping_dead(database)

        return [claiming(key), ending]

    assert await theatre.endings(scene) == {Ending(((0,), 1), (LOST_ONCE,)), Ending(((), 0), (PENDING,))}


async def test_a_commit_stores_its_plays_and_completes_or_is_reaped_and_stores_none(theatre: Theatre) -> None:
    async def scene() -> list[Part]:
        held = hold_file(theatre.owner)
        theatre.let_expire(theatre.session_of(held.lease.job_id))
        return [committing(held, theatre.owner), reaping_dead]

    assert await theatre.endings(scene, ["lock_user", *ONE_REAPER], impatient=[1]) == {
        Ending((("stored", 1), 0), (Standing("completed", 1),)),
        Ending((("lost", 0), 1), (LOST_ONCE,)),
    }


async def test_a_commit_under_way_is_finished_before_its_job_can_be_cancelled(theatre: Theatre) -> None:
    async def scene() -> list[Part]:
        held = hold_file(theatre.owner)
        return [committing(held, theatre.owner), cancelling(held.lease.job_id, str(held.user_id))]

    assert await theatre.endings(scene, ["lock_user"]) == {
        Ending((("stored", 1), "JobFinished"), (Standing("completed", 1),)),
        Ending((("lost", 0), "worker told"), (Standing("cancelled", 1),)),
    }


async def test_a_release_waits_for_a_commit_of_the_job_and_finds_it_completed(theatre: Theatre) -> None:
    async def scene() -> list[Part]:
        held = hold_file(theatre.owner)
        return [committing(held, theatre.owner), releasing(held.lease)]

    assert await theatre.endings(scene, ["lock_user"]) == {
        Ending((("stored", 1), "lost"), (Standing("completed", 1),)),
        Ending((("lost", 0), "done"), (PENDING,)),
    }


async def test_a_job_whose_commit_came_to_nothing_can_be_released(theatre: Theatre) -> None:
    async def scene() -> list[Part]:
        held = hold_file(theatre.owner)
        return [undone(committing(held, theatre.owner)), releasing(held.lease)]

    assert await theatre.endings(scene, ["lock_user"]) == {
        Ending((("stored", 0), "done"), (PENDING,)),
        Ending((("lost", 0), "done"), (PENDING,)),
    }


async def test_two_commits_of_one_file_store_its_plays_once(theatre: Theatre) -> None:
    async def scene() -> list[Part]:
        held = hold_file(theatre.owner)
        return [committing(held, theatre.owner), committing(held, theatre.owner)]

    assert await theatre.endings(scene) == {
        Ending((("stored", 1), ("lost", 1)), (Standing("completed", 1),)),
        Ending((("lost", 1), ("stored", 1)), (Standing("completed", 1),)),
    }


async def test_a_job_is_completed_or_cancelled_and_both_are_told_which(theatre: Theatre) -> None:
    async def scene() -> list[Part]:
        (job,), _ = await theatre.held()
        return [completing(job.lease), cancelling(job.lease.job_id)]

    assert await theatre.endings(scene) == {
        Ending(("done", "JobFinished"), (Standing("completed", 1),)),
        Ending(("lost", "worker told"), (Standing("cancelled", 1),)),
    }


async def test_a_failure_counts_before_a_cancel_and_is_refused_after_it(theatre: Theatre) -> None:
    async def scene() -> list[Part]:
        (job,), _ = await theatre.held()
        return [failing(job.lease), cancelling(job.lease.job_id)]

    assert await theatre.endings(scene) == {
        Ending(("done", "cancelled"), (Standing("cancelled", 1, 1),)),
        Ending(("lost", "worker told"), (Standing("cancelled", 1),)),
    }


async def test_the_last_failure_and_a_cancel_agree_on_how_the_job_ended(theatre: Theatre) -> None:
    async def scene() -> list[Part]:
        (job,), _ = await theatre.held(retry_policy=ONCE)
        return [failing(job.lease), cancelling(job.lease.job_id)]

    assert await theatre.endings(scene) == {
        Ending(("done", "JobFinished"), (Standing("failed", 1, 1),)),
        Ending(("lost", "worker told"), (Standing("cancelled", 1),)),
    }


async def test_a_job_that_is_given_back_can_be_claimed_at_once(theatre: Theatre) -> None:
    async def scene() -> list[Part]:
        (job,), _ = await theatre.held()
        return [releasing(job.lease), claiming(await theatre.store.open_session())]

    assert await theatre.endings(scene) == {Ending(("done", (0,)), (TAKEN,)), Ending(("done", ()), (PENDING,))}


async def test_a_release_is_refused_once_the_job_is_cancelled(theatre: Theatre) -> None:
    async def scene() -> list[Part]:
        (job,), _ = await theatre.held()
        return [releasing(job.lease), cancelling(job.lease.job_id)]

    assert await theatre.endings(scene) == {
        Ending(("done", "cancelled"), (Standing("cancelled"),)),
        Ending(("lost", "worker told"), (Standing("cancelled", 1),)),
    }


async def test_a_session_is_resumed_with_all_that_was_claimed_for_it_and_nothing_comes_later(theatre: Theatre) -> None:
    async def scene() -> list[Part]:
        await theatre.store.enqueue()
        return [claiming(await theatre.store.open_session(secret=SECRET)), resuming(SECRET)]

    assert await theatre.endings(scene) == {
        Ending(((0,), (2, (0,), 1)), (TAKEN,)),
        Ending(((), (2, (), 1)), (PENDING,)),
    }


async def test_a_session_that_is_resumed_is_kept_alive_by_its_new_coordinator_alone(theatre: Theatre) -> None:
    async def scene() -> list[Part]:
        return [keeping_alive(await theatre.store.open_session(secret=SECRET)), resuming(SECRET)]

    assert await theatre.endings(scene, ["find_session_leases"]) == {
        Ending((1, (2, (), 1)), ()),
        Ending((0, (2, (), 1)), ()),
    }


async def test_a_mark_passes_no_job_that_another_claim_had_locked_and_gave_up(theatre: Theatre) -> None:
    def looking(key: SessionKey) -> Part:
        async def part(database: Database) -> object:
            limit = ClaimLimit(2, UNLIMITED_BYTES, holds_nothing=True)
            wanted = SessionClaim(key.id, key.epoch, new_token(), "q", [ClaimRange("k")], limit)
            return tuple(place.position for place in (await claims.claim(database, wanted)).staying)

        return part

    async def scene() -> list[Part]:
        await theatre.store.enqueue(2, lane="a")
        one, other = [await theatre.store.open_session() for _ in range(2)]
        return [undone(claiming(one)), looking(other)]

    async for played, ending in theatre.plays(scene):
        lowest = theatre.owner.execute("SELECT min(position) FROM sluice.jobs WHERE state = 'pending'").fetchone()
        assert ending.results[1] == (() if lowest == (None,) else lowest), played


async def test_what_a_reaper_passed_over_under_a_completion_that_came_to_nothing_is_reaped_later(
    theatre: Theatre,
) -> None:
    async def scene() -> list[Part]:
        (job,), _ = await theatre.held(dead=True)
        return [undone(completing(job.lease)), reaping_dead]

    async for played, ending in theatre.plays(scene, ONE_REAPER):
        reaped = await reaping_dead(theatre.store.database)
        assert (ending.results[1], reaped) in {(1, 0), (0, 1)}, played
        assert theatre.standing() == (LOST_ONCE,), played
