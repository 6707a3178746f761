-- Cancel: pending, scheduled or processing → cancelled, moved to history without its payload; a token becomes void, and a
-- worker that has one is told by a notice. Files' contents go with it. Whoever locks the row first wins.
-- Jobs of any owner where none is given.
-- Locks: jobs by id, then upload_files.
WITH wanted AS (
    SELECT j.id
    FROM sluice.jobs AS j
    WHERE j.id = ANY (%(job_ids)s::uuid[]) AND j.owner = coalesce(%(owner)s::text, j.owner)
    ORDER BY j.id
    FOR UPDATE
),
ended AS (
    DELETE FROM sluice.jobs AS j
    USING wanted AS w
    WHERE j.id = w.id
    RETURNING
        j.id, j.queue, j.kind, j.state, j.priority, j.turn, j.lane, j.owner, j.unique_key, j.file_id, j.size, j.attempt, j.max_attempts,
        j.deadline_ms, j.backoff_base_ms, j.backoff_factor, j.backoff_ceiling_ms, j.backoff_jitter, j.started_at,
        j.lease_token, j.ended_token, j.ended_verb, j.session_id, j.errors, j.progress, j.created_at
),
notices AS (
    INSERT INTO sluice.lease_notices (session_id, job_id, token, reason)
    SELECT e.session_id, e.id, e.lease_token, 'cancelled'
    FROM ended AS e
    WHERE e.lease_token IS NOT NULL
),
files AS (
    UPDATE public.upload_files AS f
    SET status = 'cancelled', error_reason = NULL, error_message = NULL, retryable = false,
        updated_at = sluice.now(), finished_at = sluice.now()
    FROM ended AS e
    WHERE e.file_id IS NOT NULL AND f.id = e.file_id
),
contents AS (
    DELETE FROM public.upload_file_chunks AS c
    USING ended AS e
    WHERE e.file_id IS NOT NULL AND c.file_id = e.file_id
),
history AS (
    INSERT INTO sluice.job_history (
        id, queue, kind, state, priority, turn, lane, owner, unique_key, file_id, size, attempt, max_attempts,
        deadline_ms, backoff_base_ms, backoff_factor, backoff_ceiling_ms, backoff_jitter, started_at,
        ended_token, ended_verb, errors, progress, created_at, finished_at
    )
    SELECT
        e.id, e.queue, e.kind, 'cancelled', e.priority, e.turn, e.lane, e.owner, e.unique_key, e.file_id, e.size, e.attempt, e.max_attempts,
        e.deadline_ms, e.backoff_base_ms, e.backoff_factor, e.backoff_ceiling_ms, e.backoff_jitter, e.started_at,
        coalesce(e.lease_token, e.ended_token), CASE WHEN e.lease_token IS NULL THEN e.ended_verb ELSE 'cancel' END, e.errors, e.progress, e.created_at, sluice.now()
    FROM ended AS e
)
SELECT e.id, e.queue, e.state AS was, e.lane, e.session_id, u.upload_id, q.guarded, q.keeps_back, 1 AS jobs
FROM ended AS e
LEFT JOIN public.upload_files AS u ON u.id = e.file_id
LEFT JOIN sluice.queues AS q ON q.name = e.queue
