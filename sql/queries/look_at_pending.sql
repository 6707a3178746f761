-- What is pending at the head of queues: since when the next job of each has waited, and the ten lanes with most, as far as a
-- look at so many jobs tells. Each kind and priority is looked at from its start, in the order in which it is claimed.
-- What is kept back because its lane is full is looked at as well, and comes last.
-- Index: jobs_claim, by which the kinds and priorities are found as well; jobs_kept.
WITH RECURSIVE groups AS (
    SELECT f.queue, f.kind, f.priority
    FROM unnest(%(queues)s::text[]) AS wanted (queue)
    CROSS JOIN LATERAL (
        SELECT j.queue, j.kind, j.priority
        FROM sluice.jobs AS j
        WHERE j.queue = wanted.queue AND j.position IS NOT NULL
        ORDER BY j.queue, j.kind, j.priority
        LIMIT 1
    ) AS f
    UNION ALL
    SELECT n.queue, n.kind, n.priority
    FROM groups AS g
    CROSS JOIN LATERAL (
        SELECT j.queue, j.kind, j.priority
        FROM sluice.jobs AS j
        WHERE j.queue = g.queue AND (j.kind, j.priority) > (g.kind, g.priority) AND j.position IS NOT NULL
        ORDER BY j.queue, j.kind, j.priority
        LIMIT 1
    ) AS n
),
heads AS MATERIALIZED (
    SELECT g.queue, g.kind, g.priority
    FROM groups AS g
    LIMIT 1000
),
looked AS MATERIALIZED (
    -- Collated by their bytes, since they are sorted only to be grouped: by the words of a language it takes three times as long.
    SELECT s.queue COLLATE "C" AS queue, false AS kept_back, s.priority, n.position, coalesce(n.lane, '') COLLATE "C" AS lane, n.created_at
    FROM heads AS s
    CROSS JOIN LATERAL (
        SELECT j.position, j.lane, j.created_at, j.state
        FROM sluice.jobs AS j
        WHERE j.queue = s.queue AND j.kind = s.kind AND j.priority = s.priority AND j.position IS NOT NULL
        ORDER BY j.queue, j.kind, j.priority, j.position
        LIMIT greatest(%(jobs)s::bigint / (SELECT count(*) FROM heads), 10)
    ) AS n
    WHERE n.state = 'pending'
    UNION ALL
    SELECT wanted.queue COLLATE "C", true, n.priority, n.kept_position, n.lane COLLATE "C", n.created_at
    FROM unnest(%(queues)s::text[]) AS wanted (queue)
    CROSS JOIN LATERAL (
        SELECT j.priority, j.kept_position, j.lane, j.created_at
        FROM sluice.jobs AS j
        WHERE j.queue = wanted.queue AND j.kept_position IS NOT NULL
        ORDER BY j.queue, j.lane, j.kind, j.priority, j.kept_position
        LIMIT greatest(%(jobs)s::bigint / greatest(cardinality(%(queues)s::text[]), 1), 10)
    ) AS n
),
next AS (
    SELECT DISTINCT ON (l.queue) l.queue, l.created_at
    FROM looked AS l
    ORDER BY l.queue, l.kept_back, l.priority, l.position
),
depths AS (
    SELECT l.queue, l.lane, count(*) AS pending,
        row_number() OVER (PARTITION BY l.queue ORDER BY count(*) DESC, l.lane) AS place
    FROM looked AS l
    GROUP BY l.queue, l.lane
)
SELECT d.queue, n.created_at AS oldest_pending_at, d.lane, d.pending
FROM depths AS d
JOIN next AS n ON n.queue = d.queue
WHERE d.place <= 10
ORDER BY d.queue, d.place
