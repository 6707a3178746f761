-- scheduled → pending, once a job's time has come: next in its lane. At most 1,000 at a time.
-- Index: jobs_due. Locks: jobs, with SKIP LOCKED.
WITH due AS (
    SELECT j.id
    FROM sluice.jobs AS j
    WHERE j.run_at <= sluice.now()
    ORDER BY j.run_at
    LIMIT 1000
    FOR UPDATE SKIP LOCKED
)
UPDATE sluice.jobs AS j
SET state = 'pending', run_at = NULL, position = sluice.virtual_time(j.queue, j.priority)
FROM due AS d
WHERE j.id = d.id
RETURNING j.queue
