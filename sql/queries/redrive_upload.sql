-- Redrive of an upload's failed files whose content is still there: failed → pending, with a fresh set of attempts (the file's own count shows the old ones until the next claim).
-- The id stays; the errors stay. The first is next in its lane, each further one a turn later: a crowd is no privilege.
-- Locks: upload_files by id (nobody else takes a job out of history for them).
WITH failed AS (
    SELECT f.id, f.job_id
    FROM public.upload_files AS f
    WHERE f.upload_id = %(upload_id)s AND f.user_id = %(user_id)s AND f.status = 'failed' AND f.retryable
    ORDER BY f.id
    FOR UPDATE
),
gone AS (
    DELETE FROM sluice.job_history AS h
    USING failed AS f
    WHERE h.id = f.job_id AND h.state = 'failed'
    RETURNING
        h.id, h.queue, h.kind, h.priority, h.lane, h.owner, h.file_id, h.payload, h.size, h.max_attempts, h.deadline_ms,
        h.backoff_base_ms, h.backoff_factor, h.backoff_ceiling_ms, h.ended_token, h.ended_verb, h.errors, h.created_at
),
back AS (
    INSERT INTO sluice.jobs (
        id, queue, kind, state, priority, position, lane, owner, file_id, payload, size, max_attempts, deadline_ms,
        backoff_base_ms, backoff_factor, backoff_ceiling_ms, ended_token, ended_verb, errors, created_at
    )
    SELECT
        g.id, g.queue, g.kind, 'pending', g.priority, 
        greatest(sluice.virtual_time(g.queue, g.priority), %(virtual_time)s) + (row_number() OVER (ORDER BY g.id) - 1) * 1048576, g.lane, g.owner, g.file_id, g.payload,
        g.size, g.max_attempts, g.deadline_ms, g.backoff_base_ms, g.backoff_factor, g.backoff_ceiling_ms,
        g.ended_token, g.ended_verb, g.errors, g.created_at
    FROM gone AS g
)
UPDATE public.upload_files AS f
SET status = 'pending', error_reason = NULL, error_message = NULL, retryable = false, finished_at = NULL,
    updated_at = sluice.now()
FROM gone AS g
WHERE f.id = g.file_id
RETURNING f.job_id
