"""The queue's statements go by their indexes, whatever the statistics say: these lag behind a queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import psycopg
import pytest

from coordinator.clocks import VirtualClocks
from coordinator.database import Database
from coordinator.domain import Failure, Lease, Postponement, Progress, ProgressReport
from coordinator.marks import ClaimRange
from coordinator.store import claims, enqueueing, jobs, leases, maintenance, reaping, sessions
from coordinator.store.auditing import Act
from coordinator.store.claims import UNLIMITED_BYTES, ClaimLimit, SessionClaim
from coordinator.store.jobs import FailedJobFilter
from coordinator.store.sessions import Heard, SessionKey
from tests.database.explained import Explained, explained
from tests.database.filled_queue import SESSION, STATISTICS, TOKEN, fill
from tests.database.stored_plays import connect
from tests.database.stores import Store, new_job

HELD = 50

JOBS = {("jobs", "jobs_pkey")}
FILES = {("upload_files", "upload_files_pkey"), ("upload_file_chunks", "upload_file_chunks_pkey")}
SESSIONS = {("worker_sessions", "worker_sessions_pkey")}
QUEUES = {("queues", "queues_pkey")}
UNSETTLED = {("worker_sessions", "all of worker_sessions_unsettled")}

# By what each statement may read its tables.
BY_INDEX = {
    "claim_jobs": {("jobs", "jobs_claim"), ("jobs", "Tid Scan")} | SESSIONS | FILES | QUEUES,
    "complete_jobs": JOBS | FILES,
    "fail_jobs": JOBS | FILES | SESSIONS,
    "release_jobs": JOBS | FILES,
    "lock_leases": JOBS,
    "snooze_jobs": JOBS | FILES,
    "report_progress": JOBS,
    "find_ended_leases": JOBS | {("job_history", "job_history_id_idx")},
    "cancel_jobs": JOBS | FILES | QUEUES,
    "promote_due_jobs": JOBS | {("jobs", "jobs_due")},
    # Its first entry.
    "next_due_seconds": {("jobs", "all of jobs_due")},
    "lock_expired_jobs": {("jobs", "jobs_expiring")},
    "keep_sessions_alive": SESSIONS,
    "close_session": SESSIONS,
    "close_expired_sessions": UNSETTLED,
    "unsettled_sessions": UNSETTLED,
    "find_failed_jobs": {
        ("job_history", "job_history_queue_finished_at_idx"),
        ("jobs", "jobs_unique"),
        ("upload_files", "upload_files_pkey"),
        # All files that can be retried, once, where they are taken for few.
        ("upload_files", "all of upload_files_expiring"),
    },
    "redrive_jobs": {("job_history", "job_history_id_idx"), ("jobs", "jobs_unique")} | FILES,
    "delete_old_keys": JOBS
    | {
        ("enqueue_keys", "enqueue_keys_created"),
        ("enqueue_keys", "Tid Scan"),
        ("job_history", "job_history_id_idx"),
    },
    "find_unique_jobs": {("jobs", "jobs_unique")},
    "enqueue_jobs": set(),
}
# These read a whole table: all live jobs, once a session is over or the deadlines are looked at; and what is small.
WHOLE = {
    "lock_lost_jobs",
    "lock_overdue_jobs",
    "settle_sessions",
    "delete_old_sessions",
    "delete_old_notices",
    "extend_batch_leases",
    "find_final_states",
}


@dataclass(frozen=True, slots=True)
class Filled:
    """What is in the queue: leases by position, and jobs that have failed."""

    leases: Sequence[Lease]
    failed: Sequence[UUID]

    def held(self, turn: int) -> Sequence[Lease]:
        """Returns fifty leases, others each turn."""
        return self.leases[turn * HELD : (turn + 1) * HELD]


def filled(owner_url: str, statistics: str) -> Filled:
    with connect(owner_url) as owner:
        fill(owner, statistics)
        held = owner.execute("SELECT id FROM sluice.jobs WHERE lease_token = %s ORDER BY position", [TOKEN]).fetchall()
        failed = owner.execute("SELECT id FROM sluice.job_history WHERE state = 'failed'").fetchall()
    return Filled([Lease(row[0], TOKEN) for row in held], [row[0] for row in failed])


async def claim(database: Explained) -> None:
    ranges = [ClaimRange("k", below_priority=0), ClaimRange("k", 0, 1_500)]
    limit = ClaimLimit(HELD, UNLIMITED_BYTES, holds_nothing=True)
    await claims.claim(database, SessionClaim(SESSION, 1, TOKEN + 1, "q", ranges, limit))


async def every_verb_of_a_worker(database: Explained, queue: Filled) -> None:
    await claim(database)
    await leases.complete(database, queue.held(0))
    await leases.fail(database, [Failure(lease, "BROKEN", "it broke", permanent=False) for lease in queue.held(1)])
    await leases.fail(database, [Failure(lease, "BROKEN", "it broke", permanent=True) for lease in queue.held(2)])
    await leases.release(database, queue.held(3))
    await leases.snooze(database, [Postponement(lease, 1_000) for lease in queue.held(4)])
    await leases.report_progress(database, [ProgressReport(lease, Progress(1, 2, "")) for lease in queue.held(5)])
    # What is not held is looked up: it may be a repeat, or a commit may be under way.
    await leases.complete(database, queue.held(0))
    await leases.release(database, queue.held(0)[:1])


async def every_verb_of_others(database: Explained, queue: Filled) -> None:
    new = [new_job(lane=f"lane {number % 10}", unique_key=f"new {number}") for number in range(HELD)]
    await enqueueing.enqueue(database, VirtualClocks(), "tests", "key", b"", new)
    await jobs.cancel_job(database, "tests", queue.leases[-1].job_id)
    await jobs.find_failed(database, FailedJobFilter("q", "k", "tests", "BROKEN"), HELD)
    await jobs.redrive(database, VirtualClocks(), queue.failed[:HELD], Act("admin", "", "Redrive", {}))
    await jobs.promote_due(database)
    await jobs.next_due_seconds(database)
    await maintenance.delete_old_keys(database)
    await sessions.keep_alive(database, [Heard(SessionKey(number, 1), 15_000) for number in range(1, 101)])
    await sessions.delete_old_sessions(database)
    await sessions.delete_old_notices(database)
    await reaping.expire_jobs(database)
    await reaping.reap_overdue(database)
    await sessions.close_session(database, SessionKey(SESSION, 1))
    await reaping.reap_dead_sessions(database)


@pytest.mark.parametrize("plan_cache_mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("statistics", STATISTICS)
async def test_no_statistics_lead_a_statement_away_from_its_index(
    database_url: str, owner_url: str, statistics: str, plan_cache_mode: str
) -> None:
    queue = filled(owner_url, statistics)
    async with explained(database_url, plan_cache_mode=plan_cache_mode) as database:
        await every_verb_of_a_worker(database, queue)
        await every_verb_of_others(database, queue)
    planned = [plan for plan in database.plans if any("Relation Name" in node for node in plan.nodes())]
    astray = {
        f"{plan.name} reads {table} by {what}"
        for plan in planned
        for table, what in plan.scans() - BY_INDEX.get(plan.name, set())
        if plan.name not in WHOLE
    }
    assert astray == set()
    looping = {"Nested Loop"}
    assert {f"{plan.name} has a {join}" for plan in planned for join in plan.joins() - looping} == set()
    assert BY_INDEX.keys() <= {plan.name for plan in database.plans}, "each of the statements was carried out"


@pytest.mark.parametrize("statistics", STATISTICS)
async def test_what_fifty_leases_cost_does_not_depend_on_the_other_jobs(
    database_url: str, owner_url: str, statistics: str
) -> None:
    queue = filled(owner_url, statistics)
    async with explained(database_url, analyze=True) as database:
        await every_verb_of_a_worker(database, queue)
    costs = {plan.name: (plan.rows_read / HELD, plan.buffers / HELD) for plan in database.plans}
    # Each reads a job, its session or file and a few pages of their indexes; 5,000 jobs and as many in history wait.
    assert {name: cost for name, cost in costs.items() if cost[0] > 4 or cost[1] > 40} == {}
    assert costs.keys() >= {
        "claim_jobs",
        "complete_jobs",
        "fail_jobs",
        "release_jobs",
        "snooze_jobs",
        "report_progress",
    }


async def test_without_a_dead_session_the_reaper_reads_no_job(database_url: str, owner_url: str) -> None:
    filled(owner_url, "never made")
    with connect(owner_url) as owner:
        owner.execute("DELETE FROM sluice.worker_sessions WHERE NOT open")
    async with explained(database_url) as database:
        await reaping.reap_dead_sessions(database)
    assert "unsettled_sessions" in {plan.name for plan in database.plans}
    assert {table for plan in database.plans for table, _ in plan.scans()} == {"worker_sessions"}


async def test_no_plan_is_kept_that_was_made_when_there_was_a_single_job(database_url: str, owner_url: str) -> None:
    database = Database(database_url, max_connections=1, timeout_seconds=10)
    await database.open()
    store = Store(database)
    session = await store.open_session()
    await store.enqueue()
    with connect(owner_url) as owner:
        owner.execute("VACUUM ANALYZE sluice.jobs")
    # The driver prepares a statement the sixth time, and PostgreSQL plans it anew five times before it keeps a plan.
    for _ in range(20):
        await store.enqueue()
        assert await leases.complete(database, [job.lease for job in await store.claim(session)]) == []
    async with database.connection() as connection:
        cursor = await connection.execute(
            "SELECT generic_plans FROM pg_prepared_statements WHERE statement LIKE '%DELETE FROM sluice.jobs%'"
        )
        plans = await cursor.fetchall()
    await database.close()
    # A plan for any parameters would hold until the next ANALYZE, and read all of whatever waits by then.
    assert plans == [{"generic_plans": 0}]


def test_the_settings_that_hold_the_plans_are_those_of_the_coordinators_role(database_url: str) -> None:
    expected = {"enable_hashjoin": "off", "enable_mergejoin": "off", "enable_seqscan": "off", "jit": "off"}
    expected["plan_cache_mode"] = "force_custom_plan"
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("sluice_coordinator",)
        rows = connection.execute("SELECT name, setting FROM pg_settings WHERE name = ANY (%s)", [list(expected)])
        assert dict(rows.fetchall()) == expected
