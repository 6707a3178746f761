-- Lets the next jobs of some lanes into the claim index again, so many of each kind: by priority, then in their old turn.
-- Of each kind, for who works on one may not work on another; claims keep back again what is too much.
-- Locks: jobs with SKIP LOCKED; the queue is shared already. Index: jobs_kept.
WITH RECURSIVE kinds AS (
    SELECT f.lane, f.jobs, (
        SELECT j.kind
        FROM sluice.jobs AS j
        WHERE j.queue = %(queue)s AND j.lane = f.lane AND j.kept_position IS NOT NULL
        ORDER BY j.kind
        LIMIT 1
    ) AS kind
    FROM unnest(%(lanes)s::text[], %(jobs)s::bigint[]) AS f (lane, jobs)
    UNION ALL
    SELECT k.lane, k.jobs, (
        SELECT j.kind
        FROM sluice.jobs AS j
        WHERE j.queue = %(queue)s AND j.lane = k.lane AND j.kind > k.kind AND j.kept_position IS NOT NULL
        ORDER BY j.kind
        LIMIT 1
    )
    FROM kinds AS k
    WHERE k.kind IS NOT NULL
),
next AS MATERIALIZED (
    SELECT n.id
    FROM kinds AS k
    CROSS JOIN LATERAL (
        SELECT j.id
        FROM sluice.jobs AS j
        WHERE j.queue = %(queue)s AND j.lane = k.lane AND j.kind = k.kind AND j.kept_position IS NOT NULL
        ORDER BY j.priority, j.kept_position
        LIMIT k.jobs
        FOR UPDATE SKIP LOCKED
    ) AS n
    WHERE k.kind IS NOT NULL
)
UPDATE sluice.jobs AS j
SET position = j.kept_position, kept_position = NULL, slot = 'admitted'
WHERE j.id = ANY (ARRAY(SELECT n.id FROM next AS n))
RETURNING j.queue, j.kind, j.priority, j.position
