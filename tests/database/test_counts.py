"""Counts as they are noted, folded and mended by a recount, which mends nothing wrongly whenever it counts."""

import asyncio
from uuid import uuid4

import psycopg
import pytest

from coordinator.admin_domain import QueueStats
from coordinator.clocks import VirtualClocks
from coordinator.database import Database
from coordinator.store import counts, enqueueing, queue_stats
from coordinator.tallies import Move, Tally
from coordinator.witness import JobWitness
from tests.database.stores import Clock, Store, new_job

ME = uuid4()


async def no_rest(_: float) -> None:
    """Waits for nothing."""


async def stats(store: Store) -> QueueStats:
    (one,) = await queue_stats.queue_stats(store.database, "q")
    return one


async def levels(store: Store) -> tuple[int, int, int, int]:
    one = await stats(store)
    return one.pending, one.scheduled, one.processing, one.failed


async def note(store: Store, *moves: Move) -> None:
    tally = Tally()
    for move in moves:
        tally.add(move)
    await counts.note(store.database, ME, tally.take())


async def test_a_recount_finds_what_nobody_noted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "PIECE_JOBS", 3)
    await store.enqueue(7)
    await store.enqueue(2, delay_ms=60_000)
    await store.claim(await store.open_session(), 4)
    assert await levels(store) == (0, 0, 0, 0)
    mended = await counts.recount(store.database, min_age_seconds=0, rest=no_rest)
    assert mended == {"q": {"pending": 3, "scheduled": 2, "processing": 4}}
    assert await levels(store) == (3, 2, 4, 0)
    assert await counts.recount(store.database, min_age_seconds=0, rest=no_rest) == {}


async def test_failed_jobs_of_one_moment_are_counted_whole(
    store: Store, owner_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "PIECE_JOBS", 2)
    await store.enqueue(1)
    with psycopg.connect(owner_url) as owner:
        owner.execute(
            "INSERT INTO sluice.job_history (id, queue, kind, state, priority, owner, size, attempt, max_attempts, "
            "deadline_ms, backoff_base_ms, backoff_factor, backoff_ceiling_ms, created_at, finished_at) "
            "SELECT gen_random_uuid(), 'q', 'k', 'failed', 0, 'o', 0, 1, 1, 1, 1, 1, 1, now(), "
            "now() - n / 3 * interval '1 s' FROM generate_series(1, 10) AS n"
        )
    assert await counts.recount(store.database, min_age_seconds=0, rest=no_rest) == {"q": {"pending": 1, "failed": 10}}


async def test_a_difference_no_greater_than_what_moved_meanwhile_is_left_alone(store: Store) -> None:
    await store.enqueue(5)

    async def noted_late(_: float) -> None:
        # What had been done before the count, and was noted after it.
        await note(store, Move("q", None, "pending", 5))

    assert await counts.recount(store.database, min_age_seconds=0, rest=noted_late) == {}
    assert await levels(store) == (5, 0, 0, 0)


async def test_of_two_recounts_one_mends(store: Store) -> None:
    await store.enqueue(5)

    async def another(_: float) -> None:
        assert await counts.recount(store.database, min_age_seconds=0, rest=no_rest) == {"q": {"pending": 5}}

    assert await counts.recount(store.database, min_age_seconds=0, rest=another) is None
    assert await levels(store) == (5, 0, 0, 0)


async def test_a_recount_is_left_to_whoever_did_it_lately(store: Store, clock: Clock) -> None:
    assert await counts.recount(store.database, min_age_seconds=60, rest=no_rest) == {}
    await store.enqueue()
    assert await counts.recount(store.database, min_age_seconds=60, rest=no_rest) is None
    clock.push(61)
    assert await counts.recount(store.database, min_age_seconds=60, rest=no_rest) == {"q": {"pending": 1}}


async def test_what_is_folded_counts_the_same_and_rates_are_of_the_last_minute(store: Store, clock: Clock) -> None:
    await store.enqueue()
    await note(store, Move("q", None, "pending", 60), Move("q", "pending", "processing", 6))
    clock.push(6)
    await note(store, Move("q", "processing", "completed", 3))
    before = await stats(store)
    assert (before.enqueued_rate, before.claimed_rate, before.completed_rate) == (1.0, 0.1, 0.05)
    clock.push(200)
    assert await counts.fold(store.database) == 1
    assert await counts.fold(store.database) == 0
    after = await stats(store)
    assert (after.pending, after.processing) == (before.pending, before.processing) == (54, 3)
    assert (after.enqueued_rate, after.claimed_rate, after.completed_rate) == (0, 0, 0)


async def test_notes_and_folds_at_once_lose_nothing(store: Store, clock: Clock) -> None:
    await store.enqueue()
    for _ in range(10):
        clock.push(150)
        noting = [note(store, Move("q", None, "pending")) for _ in range(3)]
        folding = [counts.fold(store.database) for _ in range(3)]
        await asyncio.gather(*noting, *folding)
    assert (await levels(store))[0] == 30


async def test_what_is_rolled_back_is_not_counted(database_url: str) -> None:
    tally = Tally()
    database = Database(database_url, max_connections=2, timeout_seconds=10, witness=JobWitness(tally))
    await database.open()
    with pytest.raises(RuntimeError):
        await enqueue_and_fail(database)
    assert tally.take() == {}
    await enqueueing.enqueue(database, VirtualClocks(), "tests", "", b"", [new_job(), new_job(delay_ms=1)])
    assert tally.take() == {"q": {"pending": 1, "scheduled": 1, "moved": 2, "enqueued": 2}}
    await database.close()


async def enqueue_and_fail(database: Database) -> None:
    async with database.transaction() as connection:
        await enqueueing.insert_jobs(connection, VirtualClocks(), [new_job()])
        raise RuntimeError
