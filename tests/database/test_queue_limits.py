"""Limits of a queue on running jobs, in all and a lane: exact, and whatever ends lets the next in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

import psycopg
import pytest

from coordinator.domain import ClaimedJob, Failure, Freed, Lease, Postponement
from coordinator.ids import is_counted, new_token
from coordinator.marks import ClaimRange
from coordinator.queue_limits import QueueLimits, RateLimit
from coordinator.store import claims, jobs, leases, limits, reaping, sessions
from coordinator.store.claims import UNLIMITED_BYTES, ClaimLimit, SessionClaim
from tests.database.limited import ACT, LimitedQueue
from tests.database.stores import QUICK, Clock, Store

End = Callable[[Store, ClaimedJob, Callable[[Freed], None]], Awaitable[Any]]


@pytest.fixture
async def queue(store: Store, owner_url: str) -> AsyncIterator[LimitedQueue]:
    with psycopg.connect(owner_url, autocommit=True) as owner:
        yield LimitedQueue(store, owner)


async def complete(store: Store, job: ClaimedJob, on_freed: Callable[[Freed], None]) -> None:
    assert await leases.complete(store.database, [job.lease], on_freed=on_freed) == []


async def fail(store: Store, job: ClaimedJob, on_freed: Callable[[Freed], None]) -> None:
    await leases.fail(store.database, [Failure(job.lease, "BROKEN", "", permanent=False)], on_freed=on_freed)


async def fail_for_good(store: Store, job: ClaimedJob, on_freed: Callable[[Freed], None]) -> None:
    await leases.fail(store.database, [Failure(job.lease, "BROKEN", "", permanent=True)], on_freed=on_freed)


async def snooze(store: Store, job: ClaimedJob, on_freed: Callable[[Freed], None]) -> None:
    await leases.snooze(store.database, [Postponement(job.lease, 60_000)], on_freed=on_freed)


async def release(store: Store, job: ClaimedJob, on_freed: Callable[[Freed], None]) -> None:
    await leases.release(store.database, [job.lease], on_freed=on_freed)


async def cancel(store: Store, job: ClaimedJob, on_freed: Callable[[Freed], None]) -> None:
    assert await jobs.cancel_job(store.database, "tests", job.lease.job_id, on_freed=on_freed) is not None


async def reap(store: Store, job: ClaimedJob, on_freed: Callable[[Freed], None]) -> None:
    async with store.database.connection() as connection:
        await connection.execute("UPDATE sluice.worker_sessions SET expires_at = sluice.now() - interval '1 s'")
    assert len(await reaping.reap_dead_sessions(store.database, on_freed=on_freed)) == 1


async def reap_overdue(store: Store, job: ClaimedJob, on_freed: Callable[[Freed], None]) -> None:
    async with store.database.connection() as connection:
        await connection.execute("UPDATE sluice.jobs SET started_at = started_at - interval '1 day'")
    assert len(await reaping.reap_overdue(store.database, on_freed=on_freed)) == 1


ENDS = [complete, fail, fail_for_good, snooze, release, cancel, reap, reap_overdue]


@pytest.mark.parametrize("end", ENDS)
async def test_whatever_ends_or_returns_a_job_lets_the_next_of_its_lane_in(queue: LimitedQueue, end: End) -> None:
    await queue.limit(lane=1)
    first, second, third = await queue.store.enqueue(3, lane="a")
    (job,) = await queue.claim(await queue.store.open_session(), 3)
    assert job.lease.job_id == first
    assert await queue.kept() == {second, third}
    told: list[Freed] = []
    await end(queue.store, job, told.append)
    assert await queue.kept() == {third}
    assert {place.position for freed in told for place in freed.pending} >= {
        row[0] for row in queue.rows(f"SELECT position FROM sluice.jobs WHERE id = '{second}'")
    }
    assert frozenset({"q"}) in {freed.queues for freed in told}
    taken = await queue.claim(await queue.store.open_session(), 3)
    # A job that came back is next in its lane, as ever; either way one and no more.
    assert [one.lease.job_id for one in taken] in ([second], [first])
    assert queue.running() == {"a": 1}


async def test_a_waiting_job_that_is_cancelled_or_expires_lets_the_next_in(queue: LimitedQueue, clock: Clock) -> None:
    await queue.limit(lane=1)
    (ids_first,) = await queue.store.enqueue(lane="a")
    admitted, expiring, last = [
        (await queue.store.enqueue(lane="a", expire_ms=expire_ms))[0] for expire_ms in (None, 9_000, None)
    ]
    key = await queue.store.open_session(lease_seconds=100)
    (job,) = await queue.claim(key, 3)
    assert job.lease.job_id == ids_first
    await leases.complete(queue.store.database, [job.lease])
    assert await queue.kept() == {expiring, last}
    await jobs.cancel_job(queue.store.database, "tests", admitted)
    assert await queue.kept() == {last}
    clock.push(10)
    assert len(await reaping.expire_jobs(queue.store.database)) == 1
    assert await queue.kept() == set()


async def test_a_lane_never_gets_more_than_its_limit_and_others_are_not_held_up(queue: LimitedQueue) -> None:
    await queue.limit(lane=3)
    await queue.store.enqueue(50, lane="a")
    await queue.store.enqueue(2, lane="b")
    await queue.store.enqueue(5)
    key = await queue.store.open_session()
    await queue.claim(key, 100)
    assert queue.running() == {"a": 3, "b": 2, None: 5}
    assert len(await queue.kept()) == 47
    in_the_index = queue.rows("SELECT count(*) FROM sluice.jobs WHERE position IS NOT NULL AND state = 'pending'")
    assert in_the_index == [(0,)], "what waits for its lane is not at the head of the claim index"


async def test_a_queue_never_runs_more_than_its_limit(queue: LimitedQueue) -> None:
    await queue.limit(running=4)
    await queue.store.enqueue(10)
    one, other = [await queue.store.open_session() for _ in range(2)]
    taken = await queue.claim(one, 3)
    assert len(await queue.claim(other, 3)) == 1
    assert (await queue.look(one, 3)).jobs == ()
    await leases.complete(queue.store.database, [job.lease for job in taken[:2]])
    assert len(await queue.claim(other, 3)) == 2
    assert await queue.kept() == set()


async def test_priority_and_then_the_old_turn_say_who_is_let_in(queue: LimitedQueue) -> None:
    await queue.limit(lane=1)
    await queue.store.enqueue(lane="a")
    late, later = await queue.store.enqueue(2, lane="a", priority=1)
    first, second = await queue.store.enqueue(2, lane="a")
    key = await queue.store.open_session()
    (job,) = await queue.claim(key, 5)
    for expected in (first, second, late, later):
        await leases.complete(queue.store.database, [job.lease])
        (job,) = await queue.claim(key, 5)
        assert job.lease.job_id == expected


async def test_a_lane_is_not_held_up_by_a_kind_that_nobody_works_on(queue: LimitedQueue) -> None:
    await queue.limit(lane=1)
    await queue.store.enqueue(lane="a")
    await queue.store.enqueue(3, lane="a", kind="other")
    (wanted,) = await queue.store.enqueue(lane="a")
    key = await queue.store.open_session()
    (job,) = await queue.claim(key, 5, ("k", "other"))
    await leases.complete(queue.store.database, [job.lease])
    assert [job.lease.job_id for job in await queue.claim(key, 5)] == [wanted]


async def test_a_coordinator_that_knows_of_no_limit_claims_nothing_from_a_guarded_queue(queue: LimitedQueue) -> None:
    key = await queue.store.open_session()
    await queue.store.enqueue(5)
    assert len(await queue.store.claim(key)) == 1
    await queue.limit(running=3)
    assert await queue.store.claim(key, 5) == []
    assert len(await queue.claim(key, 5)) == 2


async def test_what_was_leased_before_there_was_a_limit_counts(queue: LimitedQueue) -> None:
    key = await queue.store.open_session()
    await queue.store.enqueue(20, lane="a")
    before = await queue.store.claim(key, 5)
    wanted = QueueLimits(max_running=8, max_running_per_lane=6)
    await limits.set_limits(queue.store.database, "q", wanted, ACT)
    assert await queue.claim(key, 9) == [], "nothing before it is counted"
    await queue.count()
    assert len(await queue.claim(key, 9)) == 1
    await leases.complete(queue.store.database, [job.lease for job in before[:4]])
    await mend(queue)
    assert len(await queue.claim(key, 9)) == 4
    assert queue.running() == {"a": 6}


async def mend(queue: LimitedQueue) -> None:
    """What the duty does with lanes that have room."""
    lanes = await limits.find_kept_lanes(queue.store.database, "q", "", 500)
    while await limits.mend_lanes(queue.store.database, "q", lanes):
        pass
    await limits.keep_none_back(queue.store.database, "q")


async def test_a_limit_that_is_raised_lowered_and_lifted_holds_from_then_on(queue: LimitedQueue) -> None:
    await queue.limit(lane=2)
    await queue.store.enqueue(20, lane="a")
    key = await queue.store.open_session()
    taken = await queue.claim(key, 20)
    assert len(taken) == 2
    assert await queue.limit(lane=5) == QueueLimits(max_running_per_lane=2)
    await mend(queue)
    taken += await queue.claim(key, 20)
    assert queue.running() == {"a": 5}
    await queue.limit(lane=1)
    await leases.complete(queue.store.database, [job.lease for job in taken[:4]])
    assert await queue.claim(key, 20) == []
    await leases.complete(queue.store.database, [taken[4].lease])
    assert len(await queue.claim(key, 20)) == 1
    assert await queue.limit() == QueueLimits(max_running_per_lane=1)
    await mend(queue)
    assert await queue.kept() == set()
    assert len(await queue.store.claim(key, 20)) == 14
    assert await limits.load_limits(queue.store.database) == [], "it costs nothing any more"


async def test_mending_lets_in_no_more_than_there_is_room_for(queue: LimitedQueue) -> None:
    await queue.limit(lane=3)
    await queue.store.enqueue(20, lane="a")
    key = await queue.store.open_session()
    taken = await queue.claim(key, 20)
    # An end that nobody noticed, as of a coordinator that knew of no limit.
    queue.owner.execute("DELETE FROM sluice.jobs WHERE id = %s", [taken[0].lease.job_id])
    for _ in range(3):
        await mend(queue)
    assert len(await queue.kept()) == 16


async def test_limits_are_written_down_with_those_before(queue: LimitedQueue) -> None:
    await queue.limit(running=3)
    assert await queue.limit(depth=7, rate=(2.5, 4)) == QueueLimits(max_running=3)
    assert await queue.limit() == QueueLimits(max_depth=7, rate=RateLimit(2.5, 4))
    written = queue.rows("SELECT act, details FROM sluice.audit_log ORDER BY id")
    assert written == [
        ("SetQueueLimits", {"previous": {}}),
        ("SetQueueLimits", {"previous": {"max_running": 3}}),
        ("SetQueueLimits", {"previous": {"max_depth": 7, "rate_burst": 4, "rate_per_second": 2.5}}),
    ]


async def test_a_paused_queue_gives_nothing_and_what_is_leased_goes_on(queue: LimitedQueue) -> None:
    key = await queue.store.open_session()
    await queue.store.enqueue(3)
    (job,) = await queue.store.claim(key)
    assert await queue.pause()
    assert not await queue.pause()
    assert await queue.store.claim(key, 5) == await queue.claim(key, 5) == []
    assert await leases.complete(queue.store.database, [job.lease]) == []
    assert await queue.pause(paused=False)
    assert not await queue.pause(paused=False)
    assert len(await queue.store.claim(key, 5)) == 2


async def test_a_bucket_gives_its_burst_and_then_its_rate(queue: LimitedQueue, clock: Clock) -> None:
    await queue.limit(rate=(2.0, 5))
    await queue.store.enqueue(50)
    key = await queue.store.open_session(lease_seconds=10_000)
    assert len(await queue.claim(key, 50)) == 5
    nothing = await queue.look(key, 50)
    assert not nothing.jobs
    assert nothing.again_seconds == pytest.approx(0.5)
    clock.push(0.25)
    assert (await queue.look(key, 50)).again_seconds == pytest.approx(0.25)
    clock.push(0.25)
    assert len(await queue.claim(key, 50)) == 1
    clock.push(1)
    assert len(await queue.claim(key, 50)) == 2
    clock.push(1000)
    assert len(await queue.claim(key, 50)) == 5


async def test_what_was_not_claimed_is_not_taken_out_of_the_bucket(queue: LimitedQueue, clock: Clock) -> None:
    await queue.limit(rate=(1.0, 3))
    key = await queue.store.open_session(lease_seconds=1000)
    assert await queue.claim(key, 50) == []
    await queue.store.enqueue(1)
    assert len(await queue.claim(key, 50)) == 1
    await queue.store.enqueue(5)
    assert len(await queue.claim(key, 50)) == 2


async def test_a_claim_within_limits_is_refused_where_its_session_is_over(queue: LimitedQueue) -> None:
    await queue.limit(running=5)
    await queue.store.enqueue(2)
    key = await queue.store.open_session()
    await sessions.close_session(queue.store.database, key)
    assert not (await queue.look(key)).looked, "which says nothing of what waits"


async def test_a_claim_tells_that_its_session_is_over_or_the_queue_guarded_and_not_that_nothing_waits(
    queue: LimitedQueue,
) -> None:
    database, key = queue.store.database, await queue.store.open_session()
    limit = ClaimLimit(1, UNLIMITED_BYTES, holds_nothing=True)
    wanted = SessionClaim(key.id, key.epoch, new_token(), "q", [ClaimRange("k")], limit)
    assert (await claims.claim(database, wanted)).looked
    await queue.limit(running=5)
    assert not (await claims.claim(database, wanted)).looked
    await queue.limit()
    await sessions.close_session(database, key)
    assert not (await claims.claim(database, wanted)).looked


async def test_tokens_tell_which_attempts_count(queue: LimitedQueue) -> None:
    assert not is_counted(new_token())
    await queue.limit(running=5)
    await queue.store.enqueue(1)
    (job,) = await queue.claim(await queue.store.open_session())
    assert is_counted(job.lease.token)
    told: list[Freed] = []
    await leases.complete(queue.store.database, [Lease(job.lease.job_id, -5)], on_freed=told.append)
    assert told == [], "nothing has room for what is not held"


async def test_a_job_tells_that_it_waits_for_its_lane(queue: LimitedQueue) -> None:
    await queue.limit(lane=1)
    first, second = await queue.store.enqueue(2, lane="a", retry_policy=QUICK)
    await queue.claim(await queue.store.open_session(), 2)
    waits = [(await jobs.get_job(queue.store.database, "tests", one)).waits_for_lane for one in (first, second)]
    assert waits == [False, True]


async def test_marks_pass_nothing_that_stays_and_all_that_is_kept_back(queue: LimitedQueue) -> None:
    await queue.limit(lane=1)
    await queue.store.enqueue(3, lane="a")
    (other,) = await queue.store.enqueue(lane="b")
    (last,) = await queue.store.enqueue(lane="c")
    key = await queue.store.open_session()
    claimed = await queue.look(key, 2)
    positions: dict[UUID, int] = dict(queue.rows("SELECT id, position FROM sluice.jobs WHERE lane = 'c'"))
    assert other in {job.lease.job_id for job in claimed.jobs}
    assert [place.position for place in claimed.staying] == [positions[last]]


async def test_bytes_bound_a_claim_within_limits(queue: LimitedQueue) -> None:
    await queue.limit(running=9)
    await queue.store.enqueue(3, size=10)
    assert len((await queue.look(await queue.store.open_session(), 3, most_bytes=25)).jobs) == 2
