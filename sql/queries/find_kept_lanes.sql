-- Lanes of a queue in which jobs are kept back, in order, after one of them. Index: jobs_kept, a look a lane.
WITH RECURSIVE found AS (
    (
        SELECT j.lane
        FROM sluice.jobs AS j
        WHERE j.queue = %(queue)s AND j.lane > %(after)s AND j.kept_position IS NOT NULL
        ORDER BY j.lane
        LIMIT 1
    )
    UNION ALL
    SELECT (
        SELECT j.lane
        FROM sluice.jobs AS j
        WHERE j.queue = %(queue)s AND j.lane > f.lane AND j.kept_position IS NOT NULL
        ORDER BY j.lane
        LIMIT 1
    )
    FROM found AS f
    WHERE f.lane IS NOT NULL
)
SELECT f.lane
FROM found AS f
WHERE f.lane IS NOT NULL
LIMIT %(most)s
