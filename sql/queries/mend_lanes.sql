-- Lets jobs of these lanes in where there is room that nobody has filled: a limit was raised, or an end was missed. At most
-- 1,000 at a time. Each kind gets what is neither running in the lane nor let in of the kind.
-- Locks: jobs with SKIP LOCKED; the queue is shared already. Index: jobs_kept, jobs_slots.
WITH RECURSIVE kinds AS (
    SELECT l.lane, (
        SELECT j.kind
        FROM sluice.jobs AS j
        WHERE j.queue = %(queue)s AND j.lane = l.lane AND j.kept_position IS NOT NULL
        ORDER BY j.kind
        LIMIT 1
    ) AS kind
    FROM unnest(%(lanes)s::text[]) AS l (lane)
    UNION ALL
    SELECT k.lane, (
        SELECT j.kind
        FROM sluice.jobs AS j
        WHERE j.queue = %(queue)s AND j.lane = k.lane AND j.kind > k.kind AND j.kept_position IS NOT NULL
        ORDER BY j.kind
        LIMIT 1
    )
    FROM kinds AS k
    WHERE k.kind IS NOT NULL
),
wanting AS (
    SELECT k.lane, k.kind, CASE WHEN q.max_running_per_lane IS NULL THEN 1000 ELSE greatest(0, q.max_running_per_lane - (
        SELECT count(*)
        FROM sluice.jobs AS j
        WHERE j.queue = %(queue)s AND j.slot = 'running' AND j.lane = k.lane
    ) - (
        SELECT count(*)
        FROM sluice.jobs AS j
        WHERE j.queue = %(queue)s AND j.slot = 'admitted' AND j.lane = k.lane AND j.kind = k.kind
    )) END AS jobs
    FROM kinds AS k
    CROSS JOIN sluice.queues AS q
    WHERE k.kind IS NOT NULL AND q.name = %(queue)s
),
next AS MATERIALIZED (
    SELECT n.id
    FROM wanting AS w
    CROSS JOIN LATERAL (
        SELECT j.id
        FROM sluice.jobs AS j
        WHERE j.queue = %(queue)s AND j.lane = w.lane AND j.kind = w.kind AND j.kept_position IS NOT NULL
        ORDER BY j.priority, j.kept_position
        LIMIT w.jobs
        FOR UPDATE SKIP LOCKED
    ) AS n
    LIMIT 1000
)
UPDATE sluice.jobs AS j
SET position = j.kept_position, kept_position = NULL, slot = 'admitted'
WHERE j.id = ANY (ARRAY(SELECT n.id FROM next AS n))
RETURNING j.queue, j.kind, j.priority, j.position
