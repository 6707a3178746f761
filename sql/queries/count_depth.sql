-- How many unfinished jobs a queue has, no further than one more than its limit.
-- Index: jobs_claim, jobs_kept, jobs_scheduled.
SELECT count(*) AS jobs
FROM (
    SELECT 1 FROM sluice.jobs AS j WHERE j.queue = %(queue)s AND j.position IS NOT NULL
    UNION ALL
    SELECT 1 FROM sluice.jobs AS j WHERE j.queue = %(queue)s AND j.kept_position IS NOT NULL
    UNION ALL
    SELECT 1 FROM sluice.jobs AS j WHERE j.queue = %(queue)s AND j.position IS NULL AND j.kept_position IS NULL
    LIMIT %(most)s
) AS unfinished
