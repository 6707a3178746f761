"""What becomes of jobs: retries, reaping, deadlines, history, with the database's own clock pushed forward."""

import asyncio

import psycopg
import pytest

from coordinator.domain import Failure, Lease
from coordinator.errors import JobNotFound
from coordinator.store import jobs, leases, maintenance, reaping, sessions
from coordinator.store.sessions import Heard
from tests.database.stores import QUICK, Clock, Store


def broken(lease: Lease, *, permanent: bool = False) -> Failure:
    return Failure(lease, "BROKEN", "it broke", permanent)


async def state(store: Store, job_id: object) -> tuple[str, int]:
    job = await jobs.get_job(store.database, "tests", job_id)  # type: ignore[arg-type]
    return job.state, job.attempt


async def test_a_failed_attempt_waits_for_its_backoff_and_is_tried_again(store: Store, clock: Clock) -> None:
    (job_id,) = await store.enqueue(retry_policy=QUICK)
    session = await store.open_session()
    (claimed,) = await store.claim(session)
    (outcome,) = await leases.fail(store.database, [broken(claimed.lease)])
    assert outcome.delay_seconds is not None
    assert 0 <= outcome.delay_seconds <= 1, "the first backoff is drawn from 0 to the base"
    assert await state(store, job_id) == ("scheduled", 1)
    assert await store.claim(session) == []
    clock.push(1.1)
    assert [place.queue for place in await jobs.promote_due(store.database)] == ["q"]
    (again,) = await store.claim(session)
    assert (again.attempt, again.lease.token != claimed.lease.token) == (2, True)


async def test_the_last_attempt_ends_in_failed_with_every_error_kept(store: Store, clock: Clock) -> None:
    (job_id,) = await store.enqueue(retry_policy=QUICK, payload=b"kept for a redrive")
    session = await store.open_session(3600)
    delays = []
    for _ in range(2):
        (claimed,) = await store.claim(session)
        (outcome,) = await leases.fail(store.database, [broken(claimed.lease)])
        delays.append(outcome.delay_seconds)
        clock.push(60)
        await jobs.promote_due(store.database)
    assert delays[1] is None
    job = await jobs.get_job(store.database, "tests", job_id)
    assert (job.state, [error.attempt for error in job.errors]) == ("failed", [1, 2])
    assert {error.worker for error in job.errors} == {"w"}


async def test_a_repeated_failure_answers_the_same_and_counts_once(store: Store) -> None:
    (job_id,) = await store.enqueue()
    (claimed,) = await store.claim(await store.open_session())
    await leases.fail(store.database, [broken(claimed.lease)])
    (again,) = await leases.fail(store.database, [broken(claimed.lease)])
    assert not again.refused
    assert again.delay_seconds is not None
    assert len((await jobs.get_job(store.database, "tests", job_id)).errors) == 1


async def test_a_job_that_kills_its_worker_each_time_ends_failed(store: Store, clock: Clock) -> None:
    (job_id,) = await store.enqueue(retry_policy=QUICK)
    for _ in range(2):
        session = await store.open_session(lease_seconds=15)
        await store.claim(session)
        clock.push(16)
        assert [reaped.session_id for reaped in await reaping.reap_dead_sessions(store.database)] == [session.id]
    job = await jobs.get_job(store.database, "tests", job_id)
    assert (job.state, [error.reason for error in job.errors]) == ("failed", ["WORKER_LOST"] * 2)


async def test_the_reaper_leaves_a_session_alone_that_was_renewed(store: Store, clock: Clock) -> None:
    (job_id,) = await store.enqueue()
    session = await store.open_session(lease_seconds=15)
    await store.claim(session)
    clock.push(10)
    assert await sessions.keep_alive(store.database, [Heard(session, 15_000)]) == {session.id}
    clock.push(10)
    assert await reaping.reap_dead_sessions(store.database) == []
    assert await state(store, job_id) == ("processing", 1)


async def test_a_session_that_expired_claims_nothing_and_once_closed_cannot_be_renewed(
    store: Store, clock: Clock
) -> None:
    await store.enqueue()
    session = await store.open_session(lease_seconds=15)
    clock.push(16)
    assert await store.claim(session) == []
    await reaping.reap_dead_sessions(store.database)
    assert await sessions.keep_alive(store.database, [Heard(session, 15_000)]) == set()


async def test_after_an_outage_that_outlasted_the_lease_a_session_can_still_be_renewed(
    store: Store, clock: Clock
) -> None:
    (job_id,) = await store.enqueue()
    session = await store.open_session(lease_seconds=15)
    await store.claim(session)
    clock.push(60)
    assert await sessions.keep_alive(store.database, [Heard(session, 15_000)]) == {session.id}
    assert await reaping.reap_dead_sessions(store.database) == []
    assert await state(store, job_id) == ("processing", 1)


async def test_a_completion_under_way_is_not_reaped(store: Store, clock: Clock, owner_url: str) -> None:
    (job_id,) = await store.enqueue()
    session = await store.open_session()
    await store.claim(session)
    clock.push(16)
    with psycopg.connect(owner_url) as commit:
        commit.execute("SELECT id FROM sluice.jobs WHERE id = %s FOR UPDATE", [job_id])
        assert await reaping.reap_dead_sessions(store.database) == []
    assert len(await reaping.reap_dead_sessions(store.database)) == 1, "a later round finds what was passed over"


async def test_a_claim_under_way_when_its_session_closes_is_taken_back(store: Store, owner_url: str) -> None:
    await store.enqueue()
    session = await store.open_session()
    with psycopg.connect(owner_url) as claim:
        claim.execute("SELECT id FROM sluice.worker_sessions WHERE id = %s FOR SHARE", [session.id])
        closing = asyncio.create_task(sessions.close_session(store.database, session))
        await asyncio.wait([closing], timeout=0.2)
        assert not closing.done(), "whoever closes the session waits for the claim"
        claim.execute(
            "UPDATE sluice.jobs SET state = 'processing', attempt = 1, lease_token = 5, session_id = %s, "
            "started_at = sluice.now()",
            [session.id],
        )
    await closing
    assert len(await reaping.reap_dead_sessions(store.database)) == 1


async def test_an_overdue_attempt_is_ended_though_its_worker_lives(store: Store, clock: Clock) -> None:
    slow, quick = await store.enqueue(2, deadline_ms=60_000)
    session = await store.open_session(3600)
    first, _ = await store.claim(session, 2)
    clock.push(30)
    await leases.complete(store.database, [first.lease])
    clock.push(31)
    (reaped,) = await reaping.reap_overdue(store.database)
    assert (reaped.job_id, reaped.session_id) == (quick, session.id)
    assert await state(store, slow) == ("completed", 1)
    assert await state(store, quick) == ("pending", 1)


async def test_a_reaped_job_is_next_in_its_lane(store: Store, clock: Clock) -> None:
    first, *_ = await store.enqueue(3, lane="a")
    session = await store.open_session()
    await store.claim(session)
    clock.push(16)
    await jobs.store_virtual_times(store.database, store.clocks)
    await reaping.reap_dead_sessions(store.database)
    (again,) = await store.claim(await store.open_session())
    assert again.lease.job_id == first


async def test_a_late_lane_starts_at_the_virtual_time_and_not_behind_a_long_one(store: Store) -> None:
    await store.enqueue(1000, lane="long")
    session = await store.open_session()
    await store.claim(session, 100)
    (late,) = await store.enqueue(lane="late")
    taken = [job.lease.job_id for job in await store.claim(session, 2)]
    assert late in taken


@pytest.mark.parametrize(("attempt", "most"), [(1, 2.0), (2, 4.0), (5, 32.0), (9, 300.0), (100, 300.0)])
async def test_backoff_is_drawn_evenly_up_to_its_ceiling(store: Store, attempt: int, most: float) -> None:
    async with store.database.connection() as connection:
        cursor = await connection.execute(
            "SELECT extract(epoch FROM sluice.backoff(%s, 2000, 2::real, 300000, 1::real))::float8 AS s "
            "FROM generate_series(1, 400)",
            [attempt],
        )
        drawn = sorted(row["s"] for row in await cursor.fetchall())
    assert 0 <= drawn[0] < 0.1 * most
    assert 0.9 * most < drawn[-1] <= most
    assert 0.35 * most < drawn[200] < 0.65 * most


async def test_the_first_error_and_the_last_49_are_kept(store: Store) -> None:
    async with store.database.connection() as connection:
        cursor = await connection.execute(
            "WITH RECURSIVE kept (n, errors) AS (SELECT 1, sluice.append_error(NULL, '1'::jsonb) UNION ALL "
            "SELECT n + 1, sluice.append_error(errors, to_jsonb(n + 1)) FROM kept WHERE n < 80) "
            "SELECT errors FROM kept ORDER BY n DESC LIMIT 1"
        )
        row = await cursor.fetchone()
    assert row is not None
    assert row["errors"] == [1, *range(32, 81)]


async def test_completed_jobs_keep_no_payload_and_go_after_their_retention(store: Store, clock: Clock) -> None:
    (job_id,) = await store.enqueue(payload=b"secret")
    (claimed,) = await store.claim(await store.open_session())
    assert await leases.complete(store.database, [claimed.lease]) == []
    async with store.database.connection() as connection:
        cursor = await connection.execute("SELECT payload FROM sluice.job_history")
        assert await cursor.fetchall() == [{"payload": None}]
    clock.push(3 * 86_400)
    assert await maintenance.drop_old_history(store.database, retention_days=5) == 0
    assert await maintenance.drop_old_history(store.database, retention_days=1) > 0
    with pytest.raises(JobNotFound):
        await jobs.get_job(store.database, "tests", job_id)


async def test_a_claim_waits_for_whoever_is_closing_its_session_and_takes_nothing(store: Store, owner_url: str) -> None:
    await store.enqueue()
    session = await store.open_session()
    with psycopg.connect(owner_url) as closing:
        closing.execute("UPDATE sluice.worker_sessions SET open = false WHERE id = %s", [session.id])
        claiming = asyncio.create_task(store.claim(session))
        await asyncio.wait([claiming], timeout=0.2)
        assert not claiming.done()
    assert await claiming == []


async def test_a_lane_goes_on_where_its_last_request_ended(store: Store) -> None:
    for _ in range(3):
        await store.enqueue(lane="long")
    (late,) = await store.enqueue(lane="late")
    taken = [job.lease.job_id for job in await store.claim(await store.open_session(), 2)]
    assert late in taken


async def test_a_crowd_that_comes_back_together_does_not_pass_a_newcomer(store: Store, clock: Clock) -> None:
    await store.enqueue(50, lane="crowd", delay_ms=1000)
    clock.push(2)
    assert len(await jobs.promote_due(store.database)) == 50
    (late,) = await store.enqueue(lane="late")
    taken = [job.lease.job_id for job in await store.claim(await store.open_session(), 3)]
    assert late in taken
