"""What a claim touches, counted in pages: the same however many jobs wait, and while somebody holds a snapshot."""

from __future__ import annotations

from collections.abc import AsyncIterator

import psycopg
import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from coordinator.database import Database
from coordinator.domain import Progress, ProgressReport
from coordinator.store import leases, sessions
from coordinator.store.sessions import Heard
from tests.database.claimer import Claimer
from tests.database.explained import explained
from tests.database.stored_plays import connect
from tests.database.stores import Store
from tests.waiting import eventually

LEASE_SECONDS = 3_600.0
CLAIM = 10
# A job may lie on a page of its own, which is read, locked, changed, and read again for what stays. Where that page has
# no room left the job moves, and is written into each index: its owner's is one of them.
PAGES_OF_A_JOB = 6
# A page is half empty when its jobs come in: small ones that are all claimed at once have no room for the last of them.
NEARLY_ALL_CLAIMS = 0.85
NEARLY_ALL = 0.75


async def _enqueue(store: Store, number: int) -> None:
    for start in range(0, number, 5_000):
        await store.enqueue(min(5_000, number - start), lane=f"lane {start % 3}")


async def _pages(claimer: Claimer, database_url: str) -> int:
    """Returns how many pages a claim of ten jobs touches, from where it would begin now. It is undone."""
    async with explained(database_url, analyze=True) as undone:
        assert await claimer.try_claim(CLAIM, undone) == CLAIM
    return undone.plan_of("claim_jobs").buffers


@pytest.mark.parametrize("deep", [20_000, pytest.param(50_000, marks=pytest.mark.long)])
async def test_a_claim_touches_the_same_pages_with_ten_and_with_thousands_waiting(
    store: Store, database_url: str, deep: int
) -> None:
    claimer = Claimer(store, await store.open_session(LEASE_SECONDS))
    await _enqueue(store, 2 * CLAIM)
    await claimer.leave_the_start(CLAIM)
    shallow = await _pages(claimer, database_url)
    await _enqueue(store, deep)
    assert await _pages(claimer, database_url) <= shallow + PAGES_OF_A_JOB * CLAIM


@pytest.mark.parametrize("jobs", [10_000, pytest.param(50_000, marks=pytest.mark.long)])
async def test_a_claim_from_the_mark_touches_the_same_pages_while_a_snapshot_is_held(
    store: Store, database_url: str, owner_url: str, jobs: int
) -> None:
    claimer = Claimer(store, await store.open_session(LEASE_SECONDS))
    await _enqueue(store, jobs + 20 * CLAIM)
    with psycopg.connect(owner_url) as reader:
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT count(*) FROM sluice.queues")
        await claimer.leave_the_start(CLAIM)
        first = await _pages(claimer, database_url)
        for _ in range(jobs // 1_000):
            await leases.complete(store.database, [job.lease for job in await claimer.claim(1_000)])
        last = await _pages(claimer, database_url)
        unmarked = await _pages(Claimer(store, claimer.key), database_url)
    assert last <= first + PAGES_OF_A_JOB * CLAIM
    assert unmarked >= 5 * last, "without the mark it reads what the snapshot keeps"


async def _heap_only(owner: Connection[TupleRow], database: Database, table: str, updates: int) -> float:
    """Returns how much of a table's updates was heap-only, once the connection has told of so many."""

    async def told() -> float:
        async with database.connection() as connection:
            await connection.execute("SELECT 1")
        row = owner.execute(
            "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE schemaname = 'sluice' AND relname = %s",
            [table],
        ).fetchone()
        assert row is not None
        assert row[0] == updates
        return float(row[1] / row[0])

    return await eventually(told)


@pytest.fixture
async def lone(database_url: str) -> AsyncIterator[Store]:
    """The store over a single connection, which tells its statistics about a second after what they are of."""
    database = Database(database_url, max_connections=1, timeout_seconds=10)
    await database.open()
    yield Store(database)
    await database.close()


async def test_claims_progress_and_checkpoints_change_no_index(lone: Store, owner_url: str) -> None:
    await _enqueue(lone, 2_000)
    key = await lone.open_session(LEASE_SECONDS)
    with connect(owner_url) as owner:
        taken = [job for _ in range(20) for job in await lone.claim(key, 100)]
        assert await _heap_only(owner, lone.database, "jobs", 2_000) > NEARLY_ALL_CLAIMS
        half = Progress(1, 2, "half")
        for start in range(0, len(taken), 100):
            reports = [ProgressReport(job.lease, half, b"line 17") for job in taken[start : start + 100]]
            assert await leases.report_progress(lone.database, reports) == []
        # What was claimed before leaves its room to what comes after.
        assert await _heap_only(owner, lone.database, "jobs", 4_000) > NEARLY_ALL


async def test_renewals_of_sessions_change_no_index(lone: Store, owner_url: str) -> None:
    keys = [await lone.open_session() for _ in range(100)]
    with connect(owner_url) as owner:
        for _ in range(20):
            assert len(await sessions.keep_alive(lone.database, [Heard(key, 15_000) for key in keys])) == 100
        assert await _heap_only(owner, lone.database, "worker_sessions", 2_000) == 1
