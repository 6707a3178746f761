-- Reads one job of an owner, or of any where none is given: the live table first, then history.
-- Index: primary key of jobs, job_history's index on id in each day.
SELECT
    j.id, j.queue, j.kind, j.state, j.priority, j.turn, j.lane, j.owner, j.unique_key, j.size, j.attempt, j.max_attempts, j.errors,
    j.progress, NULL::text AS result, j.created_at, j.started_at, NULL::timestamptz AS finished_at, j.run_at, j.expires_at,
    j.kept_position IS NOT NULL AS waits_for_lane
FROM sluice.jobs AS j
WHERE j.id = %(job_id)s AND j.owner = coalesce(%(owner)s::text, j.owner)
UNION ALL
SELECT
    h.id, h.queue, h.kind, h.state, h.priority, h.turn, h.lane, h.owner, h.unique_key, h.size, h.attempt, h.max_attempts, h.errors,
    h.progress, h.result::text, h.created_at, h.started_at, h.finished_at, NULL::timestamptz, NULL::timestamptz,
    false
FROM sluice.job_history AS h
WHERE h.id = %(job_id)s AND h.owner = coalesce(%(owner)s::text, h.owner)
LIMIT 1
