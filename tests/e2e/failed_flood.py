"""A hundred thousand jobs that failed, put into history by SQL: no worker would get there within a test."""

from __future__ import annotations

from tests.e2e.plain_sql import Connection

_FLOOD = """
    INSERT INTO sluice.job_history (
        id, queue, kind, state, priority, lane, owner, payload, size, attempt, max_attempts, deadline_ms,
        backoff_base_ms, backoff_factor, backoff_ceiling_ms, ended_token, ended_verb, errors, created_at, finished_at
    )
    SELECT
        gen_random_uuid(), %(queue)s, %(kind)s, 'failed', 0, 'owner ' || n %% 7, 'owner ' || n %% 7, '', 0, 4, 4,
        600000, 2000, 2, 300000, n, 'fail',
        jsonb_build_array(jsonb_build_object(
            'attempt', 4, 'at', now(), 'worker', 'w1', 'message', 'picture ' || n || ' <b>is</b> broken',
            'reason', CASE WHEN n = 1 THEN 'RARE' ELSE 'BROKEN' END
        )),
        now() - n * interval '1 ms', now()
    FROM generate_series(1, %(count)s::integer) AS n
"""


def flood(sql: Connection, queue: str, count: int, kind: str = "resize") -> None:
    """Has so many jobs of a queue failed; one of them for the reason RARE."""
    sql.execute(_FLOOD, {"queue": queue, "kind": kind, "count": count})


def failed_in(sql: Connection, queue: str) -> int:
    """Counts the failed jobs of a queue."""
    query = "SELECT count(*) AS jobs FROM sluice.job_history WHERE queue = %s AND state = 'failed'"
    (row,) = sql.execute(query, [queue]).fetchall()
    return int(row["jobs"])
