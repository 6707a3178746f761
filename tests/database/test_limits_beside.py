"""Limits beside everything else: cancelling many, uploads, forgetting, draining, checkpoints, counts and lists."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID, uuid4

import psycopg
import pytest

from coordinator.admin_domain import JobFilter, OpenJobFilter
from coordinator.domain import Freed, Lease, Place, ProgressReport
from coordinator.errors import Busy, QueueFull
from coordinator.ids import new_counted_token
from coordinator.listen_domain import FileSummary, LeasedFile, Source
from coordinator.queue_limits import KnownLimits, KnownQueue, QueueLimits
from coordinator.spool import SpoolRoom
from coordinator.store import (
    commits,
    enqueueing,
    forgetting,
    job_lists,
    jobs,
    leases,
    queue_stats,
    reaping,
    removals,
    workers,
)
from coordinator.store.commits import CommitBounds, StagedRows
from coordinator.store.depths import Depths
from coordinator.store.enqueueing import EnqueueCall, NotTogether
from tests.database.archive_calls import unpacking
from tests.database.leased_jobs import HeldFile, hold_file
from tests.database.limited import ACT, LimitedQueue
from tests.database.stores import Store, new_job

BOUNDS = CommitBounds(statement_seconds=20, lock_seconds=20)


@pytest.fixture
async def queue(store: Store, owner_url: str) -> AsyncIterator[LimitedQueue]:
    with psycopg.connect(owner_url, autocommit=True) as owner:
        yield LimitedQueue(store, owner)


async def lane_of_three(queue: LimitedQueue, lane: str = "a") -> tuple[UUID, UUID, UUID]:
    """Leaves the first of three jobs of a lane processing, and the others kept back."""
    await queue.limit(lane=1)
    first, second, third = await queue.store.enqueue(3, lane=lane)
    (job,) = await queue.claim(await queue.store.open_session(), 3)
    assert job.lease.job_id == first
    assert await queue.kept() == {second, third}
    return first, second, third


def positions(queue: LimitedQueue, job_id: UUID) -> tuple[Place, ...]:
    rows = queue.rows(f"SELECT queue, kind, priority, position FROM sluice.jobs WHERE id = '{job_id}'")
    return tuple(Place(*row) for row in rows)


async def test_many_that_are_cancelled_let_as_many_in_in_the_same_transaction(queue: LimitedQueue) -> None:
    first, second, third = await lane_of_three(queue)
    told: list[Freed] = []
    ended = await jobs.cancel_jobs(queue.store.database, [first, second], act=ACT, on_freed=told.append)
    assert {job.job_id for job in ended} == {first, second}
    assert await queue.kept() == set()
    assert told == [Freed(frozenset({"q"}), positions(queue, third))]


async def test_a_reap_that_an_operator_asks_for_lets_the_next_in(queue: LimitedQueue) -> None:
    _, second, third = await lane_of_three(queue)
    queue.owner.execute("UPDATE sluice.worker_sessions SET expires_at = sluice.now() - interval '1 s'")
    told: list[Freed] = []
    await reaping.reap_for(queue.store.database, ACT, on_freed=told.append)
    assert await queue.kept() == {third}
    assert told == [Freed(frozenset({"q"}), positions(queue, second))]


async def test_an_upload_that_is_cancelled_lets_the_next_of_its_person_in(queue: LimitedQueue) -> None:
    held = hold_file(queue.owner, uuid4())
    _, second, third = await lane_of_three(queue, str(held.user_id))
    queue.owner.execute(
        "UPDATE sluice.jobs SET queue = 'q', lane = %s, slot = 'running' WHERE owner = %s",
        (str(held.user_id), str(held.user_id)),
    )
    told: list[Freed] = []
    upload_id = queue.rows("SELECT id FROM public.upload_jobs")[0][0]
    await removals.cancel_upload(queue.store.database, held.user_id, upload_id, on_freed=told.append)
    assert await queue.kept() == {third}
    assert told == [Freed(frozenset({"q"}), positions(queue, second))]


def counted_file(queue: LimitedQueue, *, archive: bool = False) -> HeldFile:
    """Has a worker hold a file's job in lane "a" of queue "q", under a token that counts."""
    held = hold_file(queue.owner, uuid4(), archive=archive)
    lease = Lease(held.lease.job_id, new_counted_token())
    queue.owner.execute(
        "UPDATE sluice.jobs SET queue = 'q', lane = 'a', slot = 'running', lease_token = %s WHERE id = %s",
        (lease.token, lease.job_id),
    )
    return replace(held, lease=lease)


async def test_a_file_whose_plays_are_committed_lets_the_next_of_its_lane_in(queue: LimitedQueue) -> None:
    _, second, third = await lane_of_three(queue)
    held = counted_file(queue)
    file = LeasedFile(held.file_id, held.upload_id, held.user_id)
    summary = FileSummary(held.lease, "extended", Source.EXTENDED, 0, 0, {})
    spool = SpoolRoom(max_files=1, max_bytes=1).open(held.user_id)
    no_rows = StagedRows(spool.chunks(), None)
    told: list[Freed] = []
    database = queue.store.database
    assert await commits.commit_listens(database, file, summary, no_rows, BOUNDS, on_freed=told.append)
    await spool.close()
    assert await queue.kept() == {third}
    assert told == [Freed(frozenset({"q"}), positions(queue, second))]


async def test_an_archive_that_is_unpacked_lets_the_next_of_its_lane_in(queue: LimitedQueue, database_url: str) -> None:
    _, second, third = await lane_of_three(queue)
    held = counted_file(queue, archive=True)
    async with unpacking(database_url) as unpacker:
        await unpacker.add_files(held, b"[]")
        assert set(positions(queue, second)) <= set(unpacker.announced.places)
        assert "q" in unpacker.announced.topics
    assert await queue.kept() == {third}


async def test_a_person_who_is_forgotten_leaves_no_strangers_job_waiting_for_the_lane(queue: LimitedQueue) -> None:
    user_id = uuid4()
    first, second, third = await lane_of_three(queue, str(user_id))
    queue.owner.execute("UPDATE sluice.jobs SET owner = %s WHERE id = %s", (str(user_id), first))
    removed = await forgetting.remove_work(queue.store.database, user_id, ACT, BOUNDS)
    assert (removed.jobs, removed.told_workers, removed.freed.queues) == (1, True, frozenset({"q"}))
    assert set(removed.freed.pending) == {*positions(queue, second), *positions(queue, third)}
    assert await queue.kept() == set()
    assert {job.lease.job_id for job in await queue.claim(await queue.store.open_session(), 9)} == {second, third}


async def test_a_forgotten_jobs_end_lets_in_what_another_lane_keeps(queue: LimitedQueue) -> None:
    user_id = uuid4()
    first, second, third = await lane_of_three(queue)
    queue.owner.execute("UPDATE sluice.jobs SET owner = %s WHERE id = %s", (str(user_id), first))
    removed = await forgetting.remove_work(queue.store.database, user_id, ACT, BOUNDS)
    assert await queue.kept() == {third}
    assert removed.freed == Freed(frozenset({"q"}), positions(queue, second))


async def test_a_forgotten_persons_jobs_let_as_many_in_whatever_state_they_were_in(queue: LimitedQueue) -> None:
    user_id = uuid4()
    await queue.limit(lane=2)
    await queue.store.enqueue(2, lane="a", owner=str(user_id))
    others = await queue.store.enqueue(3, lane="a")
    one, _ = await queue.claim(await queue.store.open_session(), 5)
    await leases.release(queue.store.database, [one.lease])
    queue.owner.execute(
        "UPDATE sluice.jobs SET kept_position = coalesce(position, kept_position), position = NULL, slot = NULL "
        "WHERE owner <> %s",
        (str(user_id),),
    )
    assert await queue.kept() == set(others)
    removed = await forgetting.remove_work(queue.store.database, user_id, ACT, BOUNDS)
    assert removed.jobs == 2
    assert len(await queue.kept()) == 1, "one that ran and one that waited have gone: two come in"
    assert len(removed.freed.pending) == 2


async def test_what_was_given_back_is_told_though_a_commit_has_another_locked_for_long(queue: LimitedQueue) -> None:
    _, second, _ = await lane_of_three(queue)
    await queue.store.enqueue(lane="b")
    key = await queue.store.open_session()
    (committed,) = await queue.claim(key)
    (running,) = queue.rows("SELECT id, lease_token FROM sluice.jobs WHERE lane = 'a' AND lease_token IS NOT NULL")
    told: list[Freed] = []
    with queue.owner.transaction():
        queue.owner.execute("SELECT FROM sluice.jobs WHERE id = %s FOR UPDATE", (committed.lease.job_id,))
        with pytest.raises(Busy):
            await leases.release(queue.store.database, [committed.lease, Lease(*running)], on_freed=told.append)
    assert {place for freed in told for place in freed.pending} >= set(positions(queue, second))


async def test_a_worker_that_is_to_drain_gets_nothing_from_a_guarded_queue(queue: LimitedQueue) -> None:
    await queue.limit(running=5)
    await queue.store.enqueue(2)
    key = await queue.store.open_session()
    assert len(await queue.claim(key)) == 1
    assert await workers.retire(queue.store.database, key.id, ACT)
    assert await queue.claim(key) == []


async def test_a_checkpoint_reaches_the_next_attempt_within_limits_and_takes_room(queue: LimitedQueue) -> None:
    await queue.limit(running=5)
    await queue.store.enqueue(2, size=5)
    key = await queue.store.open_session()
    (job,) = await queue.claim(key)
    await leases.report_progress(queue.store.database, [ProgressReport(job.lease, None, b"half")])
    await leases.release(queue.store.database, [job.lease])
    assert [len((await queue.look(key, 2, most_bytes=13)).jobs) for _ in range(2)] == [1, 1]
    checkpoints = queue.rows("SELECT checkpoint FROM sluice.jobs WHERE state = 'processing' ORDER BY checkpoint")
    assert checkpoints == [(b"half",), (None,)]


async def test_the_next_attempt_is_handed_the_checkpoint(queue: LimitedQueue) -> None:
    await queue.limit(running=5)
    await queue.store.enqueue()
    key = await queue.store.open_session()
    (job,) = await queue.claim(key)
    await leases.report_progress(queue.store.database, [ProgressReport(job.lease, None, b"half")])
    await leases.release(queue.store.database, [job.lease])
    assert [job.checkpoint for job in await queue.claim(key)] == [b"half"]


async def test_what_waits_for_its_lane_is_shown_counted_and_found_by_a_filter(queue: LimitedQueue) -> None:
    first, second, third = await lane_of_three(queue)
    await queue.store.enqueue(lane="b")
    database = queue.store.database
    (stats,) = await queue_stats.queue_stats(database, "q")
    assert stats.lanes == {"a": 2, "b": 1}
    assert stats.limits == QueueLimits(max_running_per_lane=1)
    oldest = queue.rows("SELECT created_at FROM sluice.jobs WHERE lane = 'b'")[0][0]
    assert stats.oldest_pending_at == oldest, "what can be claimed next"
    assert set(await jobs.find_open(database, OpenJobFilter("q", lane="a"), 9)) == {first, second, third}
    for wanted in (JobFilter(owner="tests"), JobFilter(queue="q")):
        page = await job_lists.list_jobs(database, wanted, job_lists.NEWEST, 9)
        assert {job.id for job in page.jobs if job.waits_for_lane} == {second, third}
    queue.owner.execute("DELETE FROM sluice.jobs WHERE lane = 'b' OR state = 'processing'")
    (stats,) = await queue_stats.queue_stats(database, "q")
    assert stats.oldest_pending_at is not None, "though all of it waits for its lane"


async def test_a_full_queue_refuses_requests_that_came_together_too(queue: LimitedQueue) -> None:
    known = KnownLimits()
    limits = QueueLimits(max_depth=2)
    known.learn([KnownQueue("q", False, limits, guarded=False, guards=0, counted=False, keeps_back=False)])
    depths, store = Depths(known), queue.store
    calls = [EnqueueCall("tests", "", b"", [new_job()]) for _ in range(4)]
    made, _ = await enqueueing.enqueue_together(store.database, store.clocks, calls[:2], depths)
    assert len(made) == 2
    with pytest.raises(NotTogether) as refused:
        await enqueueing.enqueue_together(store.database, store.clocks, calls[2:], depths)
    assert isinstance(refused.value.__cause__, QueueFull)
    assert queue.rows("SELECT count(*) FROM sluice.jobs") == [(2,)]
