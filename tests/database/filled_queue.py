"""A queue with thousands of jobs of every state, put there by SQL, and the statistics that the planner has of it."""

from __future__ import annotations

from psycopg import Connection
from psycopg.rows import TupleRow

# Token of every job that is held, and the session that has them.
TOKEN = 7
SESSION = 1

# Whoever analyses, it is the test.
_QUIET = """
    DO $$
    DECLARE
        one regclass;
    BEGIN
        FOR one IN SELECT c.oid FROM pg_class AS c
            WHERE c.relnamespace IN ('sluice'::regnamespace, 'public'::regnamespace) AND c.relkind = 'r'
        LOOP
            EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = false)', one);
        END LOOP;
    END
    $$
"""

_SESSIONS = """
    INSERT INTO sluice.worker_sessions (worker, coordinator, queues, kinds, expires_at, open, settled, closed_at)
    SELECT 'w', gen_random_uuid(), '{q}', '{k}', now() + interval '1 hour', n <= 100, n > 200,
        CASE WHEN n > 100 THEN now() END
    FROM generate_series(1, 1000) AS n
"""

_JOBS = """
    INSERT INTO sluice.jobs (
        id, queue, kind, state, priority, position, lane, owner, payload, size, run_at, expires_at, unique_key,
        max_attempts, deadline_ms, backoff_base_ms, backoff_factor, backoff_ceiling_ms
    )
    SELECT
        gen_random_uuid(), 'q', 'k', CASE WHEN n % 10 = 0 THEN 'scheduled' ELSE 'pending' END, 0,
        CASE WHEN n % 10 > 0 THEN n END, 'lane ' || n % 100, 'tests', '', 0,
        CASE WHEN n % 10 = 0 THEN now() + (n - 500) * interval '1 s' END,
        CASE WHEN n % 10 = 1 THEN now() + (n - 500) * interval '1 s' END,
        CASE WHEN n % 10 = 2 THEN n::text END,
        4, 600000, 2000, 2, 300000
    FROM generate_series(1, 5000) AS n
"""

_ONE_JOB = """
    INSERT INTO sluice.jobs (
        id, queue, kind, state, priority, position, owner, payload, size, max_attempts, deadline_ms, backoff_base_ms,
        backoff_factor, backoff_ceiling_ms
    )
    VALUES (gen_random_uuid(), 'q', 'k', 'pending', 0, 1, 'tests', '', 0, 4, 600000, 2000, 2, 300000)
"""

_HELD = """
    UPDATE sluice.jobs
    SET state = 'processing', attempt = 1, lease_token = 7, session_id = 1, started_at = now(), expires_at = NULL
    WHERE position <= 1500
"""

_HISTORY = """
    INSERT INTO sluice.job_history (
        id, queue, kind, state, priority, lane, owner, unique_key, payload, size, attempt, max_attempts, deadline_ms,
        backoff_base_ms, backoff_factor, backoff_ceiling_ms, ended_token, ended_verb, errors, created_at, finished_at
    )
    SELECT
        gen_random_uuid(), 'q', 'k', CASE WHEN n % 10 = 0 THEN 'failed' ELSE 'completed' END, 0, 'lane', 'tests',
        CASE WHEN n % 20 = 0 THEN 'old ' || n END, '', 0, 1, 4, 600000, 2000, 2, 300000, 3, 'complete',
        '[{"reason": "BROKEN"}]', now(), now() - n % 3 * interval '8 h'
    FROM generate_series(1, 5000) AS n
"""

_KEYS = """
    INSERT INTO sluice.enqueue_keys (owner, key, request_hash, result_ids, created_at)
    SELECT 'tests', n::text, '', ARRAY[gen_random_uuid(), gen_random_uuid()], now() - (n - 1000) * interval '1 day'
    FROM generate_series(1, 3000) AS n
"""

_FILES = """
    WITH uploads AS (
        INSERT INTO public.upload_jobs (id, user_id, filename, enqueued_at)
        SELECT gen_random_uuid(), gen_random_uuid(), 'history.zip', now() FROM generate_series(1, 300)
        RETURNING id, user_id
    ),
    files AS (
        INSERT INTO public.upload_files (
            id, upload_id, user_id, archive, file_index, filename, size, status, attempts, job_id, retryable,
            finished_at
        )
        SELECT gen_random_uuid(), u.id, u.user_id, false, n, 'endsong_0.json', 7,
            CASE WHEN n < 2 THEN 'failed' ELSE 'completed' END, 1, gen_random_uuid(), n < 2, now()
        FROM uploads AS u, generate_series(1, 10) AS n
        RETURNING id
    )
    INSERT INTO public.upload_file_chunks (file_id, chunk_offset, size, content)
    SELECT f.id, 0, 7, 'content' FROM files AS f
"""

STATISTICS = ("never made", "made of empty tables", "made of a single job", "made before jobs were held", "fresh")


def fill(owner: Connection[TupleRow], statistics: str) -> None:
    """Fills the queue, and has statistics made at the time that their name says."""
    owner.execute(_QUIET)
    if statistics == "made of a single job":
        owner.execute(_ONE_JOB)
    if statistics.startswith("made of"):
        owner.execute("VACUUM ANALYZE")
    for statement in (_SESSIONS, _JOBS):
        owner.execute(statement)
    if statistics == "made before jobs were held":
        owner.execute("ANALYZE")
    for statement in (_HELD, _HISTORY, _KEYS, _FILES):
        owner.execute(statement)
    if statistics == "fresh":
        owner.execute("ANALYZE")
