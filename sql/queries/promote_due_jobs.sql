-- scheduled → pending, once a job's time has come: next in its lane. At most 1,000 at a time.
-- Index: jobs_due. Locks: jobs, with SKIP LOCKED.
WITH due AS (
    SELECT j.id, j.queue, j.priority, j.lane, j.turn, j.run_at
    FROM sluice.jobs AS j
    WHERE j.run_at <= sluice.now()
    ORDER BY j.run_at
    LIMIT 1000
    FOR UPDATE SKIP LOCKED
),
-- The first of a lane is next, each further one a turn later: a crowd that comes back together is no privilege.
turns AS (
    SELECT d.id, sum(d.turn) OVER (PARTITION BY d.queue, d.priority, d.lane ORDER BY d.run_at, d.id) - d.turn AS earlier
    FROM due AS d
)
UPDATE sluice.jobs AS j
SET state = 'pending', run_at = NULL, position = sluice.virtual_time(j.queue, j.priority) + t.earlier
FROM turns AS t
WHERE j.id = t.id
RETURNING j.id, j.queue, j.kind, j.priority, j.position
