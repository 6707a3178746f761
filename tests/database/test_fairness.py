"""Lanes take turns: nobody waits for another's thousand jobs, and none passes the others for long."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import pytest

from coordinator.clocks import VirtualClocks
from coordinator.domain import TURN, ClaimedJob, Failure, Place, Postponement
from coordinator.store import jobs, leases, reaping, sessions
from coordinator.store.auditing import Act
from coordinator.store.sessions import SessionKey
from tests.database.stores import Clock, Store

LEASE_SECONDS = 3_600.0


@pytest.fixture
async def key(store: Store) -> SessionKey:
    return await store.open_session(LEASE_SECONDS)


async def _take(store: Store, key: SessionKey, number: int, *, at_once: int = 10) -> list[UUID]:
    """Claims so many jobs, some at once; returns their ids in order."""
    taken: list[UUID] = []
    while len(taken) < number:
        claimed = await store.claim(key, min(at_once, number - len(taken)), from_start=False)
        assert claimed
        taken += [job.lease.job_id for job in claimed]
    return taken


def _count(lane: Sequence[UUID], taken: Sequence[UUID]) -> int:
    return len(set(lane).intersection(taken))


@pytest.mark.parametrize("at_once", [1, 10])
async def test_each_job_of_ten_small_lanes_is_claimed_within_its_turn_beside_ten_thousand(
    store: Store, key: SessionKey, at_once: int
) -> None:
    for _ in range(2):
        await store.enqueue(5_000, lane="big")
    await _take(store, key, 100)
    small = [await store.enqueue(10, lane=f"small {number}") for number in range(10)]
    taken = await _take(store, key, 110, at_once=at_once)
    # In each turn there is one job of each lane, eleven in all: the k-th of a lane is among the first eleven times k.
    late = [(k, taken.index(one)) for ids in small for k, one in enumerate(ids, start=1) if one not in taken[: 11 * k]]
    assert late == []


async def test_four_times_the_weight_gets_four_times_as_much(store: Store, key: SessionKey) -> None:
    # Of weights 2 and 0.5: in two turns there are four jobs of the one and one of the other.
    heavy = await store.enqueue(400, lane="heavy", turn=TURN // 2)
    light = await store.enqueue(400, lane="light", turn=TURN * 2)
    taken = await _take(store, key, 300, at_once=7)
    for number in range(1, 301):
        assert abs(_count(light, taken[:number]) - number / 5) <= 1
        assert abs(_count(heavy, taken[:number]) - number * 4 / 5) <= 1


async def test_a_lane_that_comes_late_makes_up_for_nothing_and_waits_for_nobody(store: Store, key: SessionKey) -> None:
    await store.enqueue(1_000, lane="long")
    await _take(store, key, 500)
    late = await store.enqueue(20, lane="late")
    taken = await _take(store, key, 60, at_once=3)
    for number in range(1, 41):
        assert abs(_count(late, taken[:number]) - number / 2) <= 1


async def test_a_light_lane_does_not_starve_beside_heavy_ones_that_never_run_dry(store: Store, key: SessionKey) -> None:
    heavy = [f"heavy {number}" for number in range(3)]
    for lane in heavy:
        await store.enqueue(30, lane=lane, turn=TURN // 4)
    await _take(store, key, 30)
    (light,) = await store.enqueue(lane="light", turn=TURN * 2)
    taken: list[UUID] = []
    while light not in taken:
        for lane in heavy:
            await store.enqueue(5, lane=lane, turn=TURN // 4)
        taken += await _take(store, key, 5)
        # Two turns of three lanes, four jobs a turn each, the light one itself, and what its claim took besides.
        assert len(taken) <= 2 * 3 * 4 + 1 + 5


async def test_priorities_are_strict_and_lanes_take_turns_within_each(store: Store, key: SessionKey) -> None:
    lanes = {}
    for priority in (1, 0):
        for lane in ("a", "b"):
            lanes[priority, lane] = await store.enqueue(20, lane=lane, priority=priority)
    taken = await _take(store, key, 80, at_once=7)
    for priority, part in ((0, taken[:40]), (1, taken[40:])):
        for number in range(1, 41):
            assert abs(_count(lanes[priority, "a"], part[:number]) - number / 2) <= 1


async def test_a_lane_of_one_coordinator_passes_another_only_by_what_was_claimed_since_they_exchanged_clocks(
    store: Store, key: SessionKey
) -> None:
    behind = Store(store.database)
    await store.enqueue(1_000, lane="long")
    await _take(store, key, 200)
    await jobs.store_virtual_times(store.database, store.clocks)
    await jobs.load_virtual_times(store.database, behind.clocks)
    await _take(store, key, 20)
    late = await behind.enqueue(100, lane="late")
    # Its word, or a look from the start.
    store.marks.lower([Place("q", "k", 0, 0)])
    taken = await _take(store, key, 60)
    assert _count(late, taken[:20]) >= 19, "what was claimed since counts for the one that comes"
    assert abs(_count(late, taken) - (20 + 20)) <= 1


Back = Callable[[Store, Clock, SessionKey, Sequence[ClaimedJob]], Awaitable[None]]


async def _release(store: Store, clock: Clock, key: SessionKey, taken: Sequence[ClaimedJob]) -> None:
    await leases.release(store.database, [job.lease for job in taken])


async def _reap(store: Store, clock: Clock, key: SessionKey, taken: Sequence[ClaimedJob]) -> None:
    await sessions.close_session(store.database, key)
    assert len(await reaping.reap_dead_sessions(store.database)) == len(taken)


async def _promote(store: Store, clock: Clock, key: SessionKey, taken: Sequence[ClaimedJob]) -> None:
    await leases.snooze(store.database, [Postponement(job.lease, 1_000) for job in taken])
    clock.push(2)
    assert len(await jobs.promote_due(store.database)) == len(taken)


async def _redrive(store: Store, clock: Clock, key: SessionKey, taken: Sequence[ClaimedJob]) -> None:
    await leases.fail(store.database, [Failure(job.lease, "BROKEN", "it broke", permanent=True) for job in taken])
    ids = [job.lease.job_id for job in taken]
    redriven = await jobs.redrive(store.database, VirtualClocks(), ids, Act("admin", "", "RedriveJobs", {}))
    assert len(redriven.job_ids) == len(taken)


come_back = pytest.mark.parametrize("come_back", [_release, _reap, _promote, _redrive])


@come_back
async def test_a_job_that_comes_back_is_the_next_of_its_lane(store: Store, clock: Clock, come_back: Back) -> None:
    await store.enqueue(40, lane="a")
    await store.claim(await store.open_session(LEASE_SECONDS), 20)
    key = await store.open_session(LEASE_SECONDS)
    (back,) = await store.claim(key)
    await jobs.store_virtual_times(store.database, store.clocks)
    await come_back(store, clock, key, [back])
    (again,) = await store.claim(await store.open_session(LEASE_SECONDS))
    assert again.lease.job_id == back.lease.job_id


@come_back
async def test_a_crowd_that_comes_back_together_is_no_privilege(store: Store, clock: Clock, come_back: Back) -> None:
    await store.enqueue(50, lane="crowd", turn=TURN // 2)
    key = await store.open_session(LEASE_SECONDS)
    taken = await store.claim(key, 50)
    await jobs.store_virtual_times(store.database, store.clocks)
    await come_back(store, clock, key, taken)
    others = await store.enqueue(10, lane="others")
    again = [job.lease.job_id for job in await store.claim(await store.open_session(LEASE_SECONDS), 20)]
    # The crowd is next, and from then on the lanes take turns: its weight is 2.
    for number in range(1, 21):
        assert abs(_count(others, again[:number]) - number / 3) <= 1
