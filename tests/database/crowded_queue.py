"""A queue with any number of waiting and of finished jobs, put there by SQL, and every administrative call upon it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

from coordinator.admin_domain import JobFilter, OpenJobFilter, PruneFilter
from coordinator.clocks import VirtualClocks
from coordinator.database import Database
from coordinator.store import auditing, job_lists, jobs, pruning, queue_stats, reaping, workers
from coordinator.store.auditing import Act
from coordinator.store.jobs import FailedJobFilter

PAGE = 50
MOST = 1_000
ACT = Act("operator", "here", "Test", {})
OWNER = "owner 7"

# Ids as the coordinator makes them: they grow with time. Finished jobs are older than most that wait.
_ID = (
    "(lpad(to_hex((1700000000000 + {n} * 7)::bigint), 12, '0') || '7' || substr(md5({n}::text), 1, 3) || '8' || "
    "substr(md5({n}::text), 4, 15))::uuid"
)

_JOBS = f"""
    INSERT INTO sluice.jobs (
        id, queue, kind, state, priority, position, lane, owner, payload, size, run_at, attempt, lease_token,
        session_id, started_at, max_attempts, deadline_ms, backoff_base_ms, backoff_factor, backoff_ceiling_ms
    )
    SELECT
        {_ID.format(n="(n + %(finished)s)")}, CASE WHEN n %% 1000 = 7 THEN 'rare' ELSE 'q' END, 'kind ' || n %% 4,
        CASE WHEN n %% 100 = 0 THEN 'scheduled' WHEN n <= 1000 THEN 'processing' ELSE 'pending' END, n %% 2,
        CASE WHEN n %% 100 > 0 THEN n END, 'lane ' || n %% 977, 'owner ' || n %% 977, '', 100,
        CASE WHEN n %% 100 = 0 THEN now() + n * interval '1 s' END,
        CASE WHEN n <= 1000 AND n %% 100 > 0 THEN 1 ELSE 0 END,
        CASE WHEN n <= 1000 AND n %% 100 > 0 THEN n END, CASE WHEN n <= 1000 AND n %% 100 > 0 THEN 1 + n %% 10 END,
        CASE WHEN n <= 1000 AND n %% 100 > 0 THEN now() END, 4, 600000, 2000, 2, 300000
    FROM generate_series(1, %(waiting)s) AS n
"""

_HISTORY = f"""
    INSERT INTO sluice.job_history (
        id, queue, kind, state, priority, lane, owner, payload, size, attempt, max_attempts, deadline_ms,
        backoff_base_ms, backoff_factor, backoff_ceiling_ms, ended_token, ended_verb, errors, created_at, finished_at
    )
    SELECT
        {_ID.format(n="n")}, CASE WHEN n %% 1000 = 7 THEN 'rare' ELSE 'q' END, 'kind ' || n %% 4,
        CASE WHEN n %% 20 = 0 THEN 'failed' WHEN n %% 100 = 1 THEN 'cancelled' ELSE 'completed' END, 0, 'lane',
        'owner ' || n %% 977, CASE WHEN n %% 20 = 0 THEN ''::bytea END, 100, 1, 4, 600000,
        2000, 2, 300000, 3, 'complete',
        CASE WHEN n %% 20 = 0 THEN jsonb_build_array(jsonb_build_object(
            'attempt', 1, 'at', '2026-01-01T00:00:00Z', 'worker', 'w', 'reason', 'BROKEN', 'message', ''
        )) END,
        now(), now() - %(days)s * interval '1 day' + n * (%(days)s * interval '1 day' - interval '1 h') / %(finished)s
    FROM generate_series(1, %(finished)s) AS n
"""

_SESSIONS = """
    INSERT INTO sluice.worker_sessions (worker, coordinator, queues, kinds, expires_at, open, settled, closed_at)
    SELECT 'w', gen_random_uuid(), '{q}', '{k}', now() + interval '1 hour', n <= 100, n > 100,
        CASE WHEN n > 100 THEN now() END
    FROM generate_series(1, 5000) AS n
"""

_REST = (
    "INSERT INTO sluice.queues (name) SELECT 'q' || n FROM generate_series(1, 20) AS n",
    "INSERT INTO sluice.queues (name) VALUES ('q'), ('rare')",
    "INSERT INTO sluice.coordinators VALUES (gen_random_uuid(), now())",
    "INSERT INTO sluice.queue_counts "
    "SELECT 'q' || q, now() - n * interval '5 s', gen_random_uuid(), 1, 1, 1, 1, 1, 1, 1, 1, 1 "
    "FROM generate_series(1, 20) AS q, generate_series(1, 24) AS n",
    "INSERT INTO sluice.audit_log (principal, peer, act, details) "
    "SELECT 'p', '', 'Test', '{}' FROM generate_series(1, 20000)",
)


_DAYS = "SELECT sluice.create_history_partition((now() AT TIME ZONE 'UTC')::date - n) FROM generate_series(1, %s) AS n"


def fill(owner: Connection[TupleRow], waiting: int, finished: int, days: int = 1) -> None:
    """Fills the queue, with what finished within so many days; who analyses, and when, is the caller's business."""
    with owner.transaction():
        owner.execute(_DAYS, [days])
        for statement in (_JOBS, _HISTORY):
            owner.execute(statement, {"waiting": waiting, "finished": finished, "days": days})
        for statement in (_SESSIONS, *_REST):
            owner.execute(statement)


def some_ids(owner: Connection[TupleRow], table: str, condition: str) -> list[UUID]:
    """Returns ids of jobs that fit, at most as many as a call may name."""
    query = f"SELECT id FROM sluice.{table} WHERE {condition} LIMIT {MOST}"
    return [row[0] for row in owner.execute(query.encode()).fetchall()]


Call = Callable[[Database], Awaitable[object]]


def calls(open_ids: list[UUID], failed_ids: list[UUID]) -> Mapping[str, Call]:
    """Returns every administrative call, by name, with what it costs most by."""
    newest = job_lists.NEWEST
    middle = open_ids[len(open_ids) // 2]
    an_hour_ago = datetime.now(UTC) - timedelta(hours=2)

    def page(before: UUID = newest, **wanted: object) -> Call:
        return lambda database: job_lists.list_jobs(database, JobFilter(**wanted), before, PAGE)  # type: ignore[arg-type]

    def processing(**wanted: object) -> Call:
        return lambda database: job_lists.list_processing(database, JobFilter(**wanted), newest, PAGE)  # type: ignore[arg-type]

    def cancel(**wanted: str) -> Call:
        async def find_and_cancel(database: Database) -> object:
            found = await jobs.find_open(database, OpenJobFilter(**wanted), MOST)
            assert found
            return await jobs.cancel_jobs(database, found, act=ACT)

        return find_and_cancel

    def prune(most: int, **wanted: object) -> Call:
        return lambda database: pruning.prune(database, PruneFilter(an_hour_ago, **wanted), most, ACT)  # type: ignore[arg-type]

    async def redrive(database: Database) -> object:
        found = await jobs.find_failed(database, FailedJobFilter("q"), MOST)
        return await jobs.redrive(database, VirtualClocks(), found, ACT)

    return {
        "GetQueueStats": lambda database: queue_stats.queue_stats(database, None),
        "GetQueueStats of one": lambda database: queue_stats.queue_stats(database, "q"),
        "ListWorkers": lambda database: workers.list_workers(database, workers.NEWEST, PAGE, closed=False),
        "ListWorkers, closed too": lambda database: workers.list_workers(database, workers.NEWEST, PAGE, closed=True),
        "DrainWorker": lambda database: workers.retire(database, 7, ACT),
        "ListJobs": page(owner=OWNER),
        "ListJobs, failed": page(owner=OWNER, states=frozenset({"failed"})),
        "ListJobs of nobody": page(owner="nobody"),
        "ListAllJobs": page(),
        "ListAllJobs, further on": page(middle),
        "ListAllJobs, failed": page(states=frozenset({"failed"}), queue="q", reason="BROKEN"),
        "ListAllJobs, completed": page(states=frozenset({"completed"})),
        "ListAllJobs, pending": page(states=frozenset({"pending"})),
        "ListAllJobs, processing": processing(states=frozenset({"processing"})),
        "ListAllJobs, nothing fits": page(kind="none"),
        "GetAnyJob, waiting": lambda database: jobs.get_job(database, None, middle),
        "GetAnyJob, finished": lambda database: jobs.get_job(database, None, failed_ids[0]),
        "CancelJobs by 1,000 ids": lambda database: jobs.cancel_jobs(database, open_ids, act=ACT),
        "CancelJobs of a queue": cancel(queue="q"),
        "CancelJobs of an owner": cancel(queue="q", owner=OWNER),
        "CancelJobs of a kind": cancel(queue="q", kind="kind 1"),
        "RedriveJobs by 1,000 ids": lambda database: jobs.redrive(database, VirtualClocks(), failed_ids, ACT),
        "RedriveJobs of a queue": redrive,
        "Reap": lambda database: reaping.reap_for(database, ACT),
        "PruneJobs": prune(MOST),
        "PruneJobs, failed of a queue": prune(MOST, queue="q", states=frozenset({"failed"})),
        "ListAudit": lambda database: auditing.list_audit(database, workers.NEWEST, PAGE),
    }
