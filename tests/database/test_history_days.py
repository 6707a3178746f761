"""Days of history come and go while others read, complete, fail, cancel and redrive: none of them waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from coordinator.clocks import VirtualClocks
from coordinator.domain import ClaimedJob, Failure
from coordinator.errors import JobNotFound
from coordinator.store import jobs, leases, maintenance
from coordinator.store.auditing import Act
from tests.database.stored_plays import connect
from tests.database.stores import Clock, Store
from tests.waiting import eventually

DAY_SECONDS = 86_400
# The coordinator's lock_timeout is 5 s, a drop's 100 ms: who waits for anybody but a drop is later than this.
AT_ONCE_SECONDS = 1.0
LEASE_SECONDS = 30.0 * DAY_SECONDS


@contextmanager
def _reading(owner_url: str) -> Iterator[None]:
    """Keeps a transaction open that has read all of history."""
    with psycopg.connect(owner_url) as reader:
        reader.execute("SELECT count(*) FROM sluice.job_history")
        yield


def _days(owner: Connection[TupleRow]) -> set[str]:
    rows = owner.execute(
        "SELECT right(inhrelid::regclass::text, 8) FROM pg_inherits WHERE inhparent = 'sluice.job_history'::regclass"
    ).fetchall()
    return {row[0] for row in rows}


async def _complete(store: Store, job: ClaimedJob) -> None:
    assert await leases.complete(store.database, [job.lease]) == []


async def _fail(store: Store, job: ClaimedJob) -> None:
    (outcome,) = await leases.fail(store.database, [Failure(job.lease, "BROKEN", "it broke", permanent=True)])
    assert not outcome.refused


async def _cancel(store: Store, job: ClaimedJob) -> None:
    assert await jobs.cancel_job(store.database, "tests", job.lease.job_id)


End = Callable[[Store, ClaimedJob], Awaitable[None]]
ends = pytest.mark.parametrize("end", [_complete, _fail, _cancel])


@ends
async def test_jobs_end_at_once_while_history_is_read_and_days_come(
    store: Store, clock: Clock, owner_url: str, end: End
) -> None:
    await store.enqueue(2)
    first, second = await store.claim(await store.open_session(LEASE_SECONDS), 2)
    with connect(owner_url) as owner, _reading(owner_url):
        before = _days(owner)
        clock.push(3 * DAY_SECONDS)
        async with asyncio.timeout(AT_ONCE_SECONDS):
            await end(store, first)
        async with asyncio.timeout(AT_ONCE_SECONDS):
            await maintenance.create_history_partitions(store.database)
        assert len(_days(owner) - before) == 3, "the reader does not keep them from coming"
        async with asyncio.timeout(AT_ONCE_SECONDS):
            await end(store, second)


@ends
async def test_jobs_end_at_once_while_history_is_read_and_a_day_is_to_go(
    store: Store, clock: Clock, owner_url: str, end: End
) -> None:
    await store.enqueue(30)
    taken = await store.claim(await store.open_session(LEASE_SECONDS), 30)
    clock.push(3 * DAY_SECONDS)
    await maintenance.create_history_partitions(store.database)
    with connect(owner_url) as owner:
        with _reading(owner_url):
            dropping = asyncio.create_task(_drop_again_and_again(store))
            for job in taken:
                async with asyncio.timeout(AT_ONCE_SECONDS):
                    await end(store, job)
            dropping.cancel()
            await asyncio.wait([dropping])
            before = _days(owner)
            assert await maintenance.drop_old_history(store.database, retention_days=1) == 0
            assert _days(owner) == before, "nobody takes away what is read"
        gone = await maintenance.drop_old_history(store.database, retention_days=1)
        assert gone == len(before - _days(owner)) > 0


async def _drop_again_and_again(store: Store) -> None:
    while True:
        assert await maintenance.drop_old_history(store.database, retention_days=1) == 0


async def _failed_job(store: Store) -> ClaimedJob:
    await store.enqueue()
    (job,) = await store.claim(await store.open_session(LEASE_SECONDS))
    await _fail(store, job)
    return job


async def test_a_redrive_under_way_delays_the_drop_of_its_day(store: Store, clock: Clock, owner_url: str) -> None:
    job = await _failed_job(store)
    clock.push(5 * DAY_SECONDS)
    async with store.database.transaction() as connection:
        redriven = await jobs.redrive_jobs(connection, [job.lease.job_id])
        assert redriven.job_ids == (job.lease.job_id,)
        assert await maintenance.drop_old_history(store.database, retention_days=1) == 0
    assert await maintenance.drop_old_history(store.database, retention_days=1) > 0
    assert (await jobs.get_job(store.database, "tests", job.lease.job_id)).state == "pending", "it has left its day"


async def test_a_drop_that_waits_does_not_delay_a_redrive(store: Store, clock: Clock, owner_url: str) -> None:
    job = await _failed_job(store)
    clock.push(3 * DAY_SECONDS)
    act = Act("admin", "", "RedriveJobs", {})
    with _reading(owner_url):
        dropping = asyncio.create_task(_drop_again_and_again(store))
        with connect(owner_url) as owner:
            await eventually(lambda: _waiting(owner))
        async with asyncio.timeout(AT_ONCE_SECONDS):
            redriven = await jobs.redrive(store.database, VirtualClocks(), [job.lease.job_id], act)
        dropping.cancel()
        await asyncio.wait([dropping])
    assert redriven.job_ids == (job.lease.job_id,)


def _waiting(owner: Connection[TupleRow]) -> bool:
    row = owner.execute("SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND NOT granted").fetchone()
    assert row is not None
    return bool(row[0])


async def test_a_job_of_a_day_that_is_gone_cannot_be_redriven(store: Store, clock: Clock) -> None:
    job = await _failed_job(store)
    clock.push(3 * DAY_SECONDS)
    assert await maintenance.drop_old_history(store.database, retention_days=1) > 0
    act = Act("admin", "", "RedriveJobs", {})
    assert (await jobs.redrive(store.database, VirtualClocks(), [job.lease.job_id], act)).job_ids == ()
    with pytest.raises(JobNotFound):
        await jobs.get_job(store.database, "tests", job.lease.job_id)


async def test_only_days_past_their_retention_go(store: Store, clock: Clock, owner_url: str) -> None:
    with connect(owner_url) as owner:
        before = sorted(_days(owner))
        clock.push(3 * DAY_SECONDS)
        assert await maintenance.drop_old_history(store.database, retention_days=2) == 2
        assert sorted(_days(owner)) == before[2:]


async def test_tomorrows_partition_is_missed_when_it_is_missing(store: Store, clock: Clock) -> None:
    assert await maintenance.has_tomorrows_partition(store.database)
    clock.push(10 * 86_400)
    assert not await maintenance.has_tomorrows_partition(store.database)
    await maintenance.create_history_partitions(store.database)
    assert await maintenance.has_tomorrows_partition(store.database)


async def test_coordinators_that_start_together_make_each_day_once(store: Store, clock: Clock) -> None:
    clock.push(30 * 86_400)
    await asyncio.gather(*(maintenance.create_history_partitions(store.database) for _ in range(4)))
    assert await maintenance.has_tomorrows_partition(store.database)
