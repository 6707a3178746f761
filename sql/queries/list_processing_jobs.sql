-- Of these jobs those that are processing and fit, newest first, each with its last error. Index: primary key of jobs.
SELECT
    j.id, j.queue, j.kind, j.state, j.priority, j.turn, j.lane, j.owner, j.unique_key, j.size, j.attempt, j.max_attempts,
    CASE WHEN j.errors IS NOT NULL THEN jsonb_build_array(j.errors -> -1) END AS errors, j.progress, NULL::text AS result,
    j.created_at, j.started_at, NULL::timestamptz AS finished_at, j.run_at, j.expires_at, false AS waits_for_lane
FROM sluice.jobs AS j
WHERE j.id = ANY (%(job_ids)s::uuid[]) AND j.state = 'processing'
    AND (%(queue)s::text IS NULL OR j.queue = %(queue)s)
    AND (%(kind)s::text IS NULL OR j.kind = %(kind)s)
    AND (%(owner)s::text IS NULL OR j.owner = %(owner)s)
    AND (%(reason)s::text IS NULL OR j.errors -> -1 ->> 'reason' = %(reason)s)
ORDER BY j.id DESC
LIMIT %(most)s
