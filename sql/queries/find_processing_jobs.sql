-- Jobs that are processing, as far as a look at so many jobs tells: what is leased was claimed from the head of its queue, and
-- keeps its position. Of some sessions where these are given.
-- Index: jobs_claim, by which the kinds and priorities are found as well; no index has the state or the session.
WITH RECURSIVE groups AS (
    SELECT f.queue, f.kind, f.priority
    FROM (
        SELECT j.queue, j.kind, j.priority
        FROM sluice.jobs AS j
        WHERE j.queue >= coalesce(%(queue)s::text, '') AND j.position IS NOT NULL
        ORDER BY j.queue, j.kind, j.priority
        LIMIT 1
    ) AS f
    UNION ALL
    SELECT n.queue, n.kind, n.priority
    FROM groups AS g
    CROSS JOIN LATERAL (
        SELECT j.queue, j.kind, j.priority
        FROM sluice.jobs AS j
        WHERE (j.queue, j.kind, j.priority) > (g.queue, g.kind, g.priority) AND j.position IS NOT NULL
            AND (%(queue)s::text IS NULL OR j.queue = %(queue)s)
        ORDER BY j.queue, j.kind, j.priority
        LIMIT 1
    ) AS n
),
heads AS MATERIALIZED (
    SELECT g.queue, g.kind, g.priority
    FROM groups AS g
    WHERE %(queue)s::text IS NULL OR g.queue = %(queue)s
    LIMIT 1000
)
SELECT n.id, n.session_id, s.kind, n.attempt, n.started_at, n.progress
FROM heads AS s
CROSS JOIN LATERAL (
    SELECT j.id, j.state, j.session_id, j.attempt, j.started_at, j.progress
    FROM sluice.jobs AS j
    WHERE j.queue = s.queue AND j.kind = s.kind AND j.priority = s.priority AND j.position IS NOT NULL
    ORDER BY j.queue, j.kind, j.priority, j.position
    LIMIT greatest(%(jobs)s::bigint / (SELECT count(*) FROM heads), 10)
) AS n
WHERE n.state = 'processing' AND (%(session_ids)s::bigint[] IS NULL OR n.session_id = ANY (%(session_ids)s::bigint[]))
ORDER BY n.started_at, n.id
