"""What an attempt leaves for the next: kept over whatever ends the attempt, but for the end of the job."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest

from coordinator.clocks import VirtualClocks
from coordinator.domain import KIB, ClaimedJob, Failure, Lease, Postponement, Progress, ProgressReport
from coordinator.store import jobs, leases, reaping, sessions
from coordinator.store.auditing import Act
from coordinator.store.claims import ClaimLimit, SessionClaim, claim
from coordinator.store.sessions import SessionKey
from tests.database.stores import Clock, Store

LEASE_SECONDS = 3_600.0


async def save(store: Store, lease: Lease, checkpoint: bytes) -> bool:
    """Saves a checkpoint; tells whether the lease was held."""
    return await leases.report_progress(store.database, [ProgressReport(lease, checkpoint=checkpoint)]) == []


async def claimed_with(store: Store, key: SessionKey, checkpoint: bytes = b"half way", **fields: Any) -> ClaimedJob:
    """Enqueues and claims a job, and saves a checkpoint."""
    await store.enqueue(**fields)
    (job,) = await store.claim(key)
    assert job.checkpoint == b""
    assert await save(store, job.lease, checkpoint)
    return job


async def fail(store: Store, clock: Clock, lease: Lease) -> None:
    await leases.fail(store.database, [Failure(lease, "BROKEN", "it broke", permanent=False)])
    clock.push(60)
    await jobs.promote_due(store.database)


async def snooze(store: Store, clock: Clock, lease: Lease) -> None:
    await leases.snooze(store.database, [Postponement(lease, 1_000)])
    clock.push(60)
    await jobs.promote_due(store.database)


async def release(store: Store, clock: Clock, lease: Lease) -> None:
    await leases.release(store.database, [lease])


async def reap(store: Store, clock: Clock, lease: Lease) -> None:
    clock.push(LEASE_SECONDS + 1)
    assert len(await reaping.reap_dead_sessions(store.database)) == 1


@pytest.mark.parametrize("end", [fail, snooze, release, reap])
async def test_the_next_attempt_has_the_checkpoint_whatever_ended_the_last(
    store: Store, clock: Clock, end: Callable[[Store, Clock, Lease], Awaitable[None]]
) -> None:
    job = await claimed_with(store, await store.open_session(LEASE_SECONDS))
    await end(store, clock, job.lease)
    (again,) = await store.claim(await store.open_session(LEASE_SECONDS))
    assert (again.lease.job_id, again.checkpoint) == (job.lease.job_id, b"half way")


async def test_whoever_lost_the_job_cannot_write_a_checkpoint(store: Store, clock: Clock) -> None:
    job = await claimed_with(store, await store.open_session(LEASE_SECONDS))
    await reap(store, clock, job.lease)
    assert not await save(store, job.lease, b"a zombie's")
    (again,) = await store.claim(await store.open_session(LEASE_SECONDS))
    assert not await save(store, job.lease, b"a zombie's")
    assert again.checkpoint == b"half way"


async def test_progress_and_checkpoint_are_kept_apart(store: Store) -> None:
    key = await store.open_session(LEASE_SECONDS)
    job = await claimed_with(store, key)
    await leases.report_progress(store.database, [ProgressReport(job.lease, Progress(1, 2, "half"))])
    assert await save(store, job.lease, b"further")
    stored = await jobs.get_job(store.database, "tests", job.lease.job_id)
    assert stored.progress == Progress(1, 2, "half"), "a checkpoint alone leaves it"
    await leases.report_progress(store.database, [ProgressReport(job.lease, Progress(2, 2, ""))])
    await leases.release(store.database, [job.lease])
    (again,) = await store.claim(key)
    assert again.checkpoint == b"further", "progress alone leaves it"


async def test_an_empty_checkpoint_takes_the_last_one_away(store: Store) -> None:
    key = await store.open_session(LEASE_SECONDS)
    job = await claimed_with(store, key)
    assert await save(store, job.lease, b"")
    await leases.release(store.database, [job.lease])
    assert [again.checkpoint for again in await store.claim(key)] == [b""]


async def test_a_failed_job_has_its_checkpoint_when_it_is_redriven(store: Store) -> None:
    key = await store.open_session(LEASE_SECONDS)
    job = await claimed_with(store, key)
    await leases.fail(store.database, [Failure(job.lease, "BROKEN", "it broke", permanent=True)])
    await jobs.redrive(store.database, VirtualClocks(), [job.lease.job_id], Act("tests", "", "RedriveJobs", {}))
    (again,) = await store.claim(key)
    assert (again.attempt, again.checkpoint) == (1, b"half way")


async def test_of_completed_and_cancelled_jobs_no_checkpoint_is_kept(store: Store, owner_url: str) -> None:
    key = await store.open_session(LEASE_SECONDS)
    done, unwanted = await claimed_with(store, key), await claimed_with(store, key)
    await leases.complete(store.database, [done.lease])
    await jobs.cancel_job(store.database, "tests", unwanted.lease.job_id)
    with psycopg.connect(owner_url) as connection:
        kept = connection.execute("SELECT state, checkpoint FROM sluice.job_history ORDER BY state").fetchall()
    assert kept == [("cancelled", None), ("completed", None)]


async def test_a_claim_within_bytes_leaves_room_for_checkpoints(store: Store) -> None:
    key = await store.open_session(LEASE_SECONDS)
    for _ in range(3):
        await claimed_with(store, key, bytes(16 * KIB), size=1)
    await leases.release(store.database, list((await sessions.find_leases(store.database, [key.id]))[key.id]))
    store.marks.forget()
    look = store.marks.of("q").begin(["k"])
    wanted = SessionClaim(key.id, key.epoch, 7, "q", look.ranges, ClaimLimit(3, 40 * KIB, holds_nothing=True))
    claimed = await claim(store.database, wanted)
    store.marks.of("q").finish(look, claimed.jobs, claimed.staying)
    assert len(claimed.jobs) == 2
