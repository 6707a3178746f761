-- Reads one job of an owner: the live table first, then history.
-- Index: primary key of jobs, job_history's index on id in each day.
SELECT
    j.id, j.queue, j.kind, j.state, j.priority, j.turn, j.lane, j.owner, j.unique_key, j.attempt, j.max_attempts, j.errors,
    j.progress, NULL::text AS result, j.created_at, j.started_at, NULL::timestamptz AS finished_at, j.run_at, j.expires_at,
    j.kept_position IS NOT NULL AS waits_for_lane
FROM sluice.jobs AS j
WHERE j.id = %(job_id)s AND j.owner = %(owner)s
UNION ALL
SELECT
    h.id, h.queue, h.kind, h.state, h.priority, h.turn, h.lane, h.owner, h.unique_key, h.attempt, h.max_attempts, h.errors,
    h.progress, h.result::text, h.created_at, h.started_at, h.finished_at, NULL::timestamptz, NULL::timestamptz,
    false
FROM sluice.job_history AS h
WHERE h.id = %(job_id)s AND h.owner = %(owner)s
LIMIT 1
