"""Claims from a mark on: what they must not pass, and how what they cannot see is found."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from uuid import UUID

import psycopg
import pytest

from coordinator.clocks import VirtualClocks
from coordinator.domain import Failure, Freed, Lease, Place, Postponement
from coordinator.marks import RESCAN_REST, RESCAN_SECONDS
from coordinator.store import enqueueing, jobs, leases, reaping, sessions
from coordinator.store.auditing import Act
from tests.database.claimer import LONG_SECONDS, Claimer
from tests.database.explained import explained
from tests.database.stores import Clock, Store, new_job

LEASE_SECONDS = 3_600.0


@pytest.fixture
async def claimer(store: Store) -> Claimer:
    return Claimer(store, await store.open_session(LEASE_SECONDS))


async def _commit_late(store: Store, claimer: Claimer, look_seconds: float = LONG_SECONDS) -> tuple[UUID, Place]:
    """Enqueues a job in a transaction that commits once the mark has passed its place, by one look from the start."""
    await store.enqueue(4, lane="a")
    late = new_job()
    async with store.database.transaction() as connection:
        (place,) = await enqueueing.insert_jobs(connection, store.clocks, [late])
        await claimer.leave_the_start(3, look_seconds)
    assert claimer.passes(place)
    return late.id, place


async def test_a_job_that_commits_late_is_seen_from_the_start_and_not_from_the_mark(
    store: Store, claimer: Claimer
) -> None:
    late, _ = await _commit_late(store, claimer)
    assert late not in await claimer.claim_ids(10)
    claimer.seconds += RESCAN_SECONDS
    assert await claimer.claim_ids(10) == [late]


async def test_a_job_that_commits_late_is_seen_at_once_when_it_is_told(store: Store, claimer: Claimer) -> None:
    late, place = await _commit_late(store, claimer)
    claimer.hear([place])
    assert await claimer.claim_ids(1) == [late]


async def test_after_one_look_from_the_start_every_late_job_is_seen_however_small_the_claims(
    store: Store, claimer: Claimer
) -> None:
    await store.enqueue(4, lane="a")
    late = [new_job() for _ in range(5)]
    async with store.database.transaction() as connection:
        await enqueueing.insert_jobs(connection, store.clocks, late)
        await claimer.leave_the_start(3)
    claimer.seconds += RESCAN_SECONDS
    taken = [(await claimer.claim_ids(1, look_seconds=LONG_SECONDS))[0] for _ in range(3)]
    assert set(taken) <= {job.id for job in late}


async def test_jobs_of_a_claim_that_is_rolled_back_are_not_passed(
    store: Store, claimer: Claimer, database_url: str
) -> None:
    ids = await store.enqueue(6, lane="a")
    async with explained(database_url) as undone:
        other = Claimer(store, await store.open_session(LEASE_SECONDS))
        lost = await other.claim(2, database=undone)
        assert [job.lease.job_id for job in lost] == ids[:2]
        # The other claim has them locked.
        assert await claimer.claim_ids(2) == ids[2:4]
    assert await claimer.claim_ids(3) == [*ids[:2], ids[4]]


async def test_a_job_that_somebody_has_locked_is_skipped_and_not_passed(
    store: Store, claimer: Claimer, owner_url: str
) -> None:
    ids = await store.enqueue(8, lane="a")
    first = await claimer.leave_the_start(1)
    with psycopg.connect(owner_url) as holder:
        holder.execute("SELECT id FROM sluice.jobs WHERE id = %s FOR UPDATE", [ids[2]])
        assert await claimer.claim_ids(2) == [ids[1], ids[3]]
        assert await claimer.claim_ids(2) == [ids[4], ids[5]]
    assert claimer.passes(Place("q", "k", 0, first[0].position)), "what was claimed before it is passed"
    assert await claimer.claim_ids(2) == [ids[2], ids[6]]


async def test_a_job_that_did_not_fit_is_not_passed(store: Store, claimer: Claimer) -> None:
    (small,) = await store.enqueue(lane="a", size=10)
    (large,) = await store.enqueue(lane="a", size=1_000)
    (last,) = await store.enqueue(lane="a", size=10)
    assert await claimer.claim_ids(3, most_bytes=500) == [small]
    assert await claimer.claim_ids(3, most_bytes=2_000) == [large, last]


async def test_of_one_claim_no_kind_passes_a_job_that_had_to_stay(store: Store, claimer: Claimer) -> None:
    for kind in "ab":
        await store.enqueue(3, lane=kind, kind=kind)
    taken = [job for _ in range(3) for job in await claimer.claim(2, ("a", "b"))]
    assert sorted(job.kind for job in taken) == ["a"] * 3 + ["b"] * 3


async def _release(store: Store, claimer: Claimer, clock: Clock, lease: Lease) -> Iterable[Place]:
    told: list[Freed] = []
    await leases.release(store.database, [lease], on_freed=told.append)
    return [place for freed in told for place in freed.pending]


async def _reap(store: Store, claimer: Claimer, clock: Clock, lease: Lease) -> Iterable[Place]:
    await sessions.close_session(store.database, claimer.key)
    ended = await reaping.reap_dead_sessions(store.database)
    claimer.key = await store.open_session(LEASE_SECONDS)
    return [job.place for job in ended if job.place is not None and job.job_id == lease.job_id]


async def _promote(store: Store, claimer: Claimer, clock: Clock, lease: Lease) -> Iterable[Place]:
    await leases.snooze(store.database, [Postponement(lease, 1_000)])
    clock.push(2)
    return await jobs.promote_due(store.database)


async def _redrive(store: Store, claimer: Claimer, clock: Clock, lease: Lease) -> Iterable[Place]:
    await leases.fail(store.database, [Failure(lease, "BROKEN", "it broke", permanent=True)])
    # By a coordinator that knows nothing of the time yet.
    act = Act("admin", "", "RedriveJobs", {})
    return (await jobs.redrive(store.database, VirtualClocks(), [lease.job_id], act)).pending


ComeBack = Callable[[Store, Claimer, Clock, Lease], Awaitable[Iterable[Place]]]


@pytest.mark.parametrize("come_back", [_release, _reap, _promote, _redrive])
async def test_a_job_that_comes_back_below_the_mark_is_found_when_its_place_is_told(
    store: Store, claimer: Claimer, clock: Clock, come_back: ComeBack
) -> None:
    await store.enqueue(9, lane="a")
    taken = await claimer.leave_the_start(5)
    places = list(await come_back(store, claimer, clock, taken[4].lease))
    assert [claimer.passes(place) for place in places] == [True]
    assert taken[4].lease.job_id not in await claimer.claim_ids(1), "nobody told that it is there"
    claimer.hear(places)
    assert await claimer.claim_ids(1) == [taken[4].lease.job_id]


async def test_claims_are_strictly_by_priority_over_all_kinds_and_ranges(store: Store, claimer: Claimer) -> None:
    for kind in "ab":
        for priority in (9, -3, 0):
            await store.enqueue(3, kind=kind, lane=kind, priority=priority)
    # One of each kind and priority, so that each has a mark: then there are four ranges of each kind.
    taken = await claimer.claim(4, ("a", "b"), look_seconds=5.0)
    await store.enqueue(2, kind="a", priority=-300)
    claimer.hear([Place("q", "a", -300, 0)])
    while more := await claimer.claim(2, ("b", "a")):
        taken += more
    order = [job.priority for job in taken]
    assert order == [-3] * 4 + [-300] * 2 + [-3] * 2 + [0] * 6 + [9] * 6
    turns = [(job.kind, job.position) for job in taken if job.priority == 9]
    assert [position for _, position in turns] == sorted(position for _, position in turns)
    assert {kind for kind, _ in turns[:2]} == {"a", "b"}, "kinds take turns by their positions alone"


@pytest.mark.parametrize("look_seconds", [0.001, 2.0])
async def test_a_late_job_is_found_in_time_though_there_is_always_enough_from_the_mark_on(
    store: Store, claimer: Claimer, look_seconds: float
) -> None:
    late, _ = await _commit_late(store, claimer, look_seconds)
    most_seconds = min(RESCAN_REST * look_seconds, RESCAN_SECONDS)
    began = claimer.seconds
    looks = 0
    while True:
        await store.enqueue(10, lane="a")
        looks += 1
        taken = await claimer.claim_ids(5, look_seconds=look_seconds)
        if late in taken:
            break
        assert len(taken) == 5, "the queue is never empty"
        assert claimer.seconds - began <= most_seconds + look_seconds
    assert looks > 1, "it was not to be seen from the mark"
