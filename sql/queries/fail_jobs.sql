-- Fail: processing → scheduled after a backoff with full jitter, or → failed (permanent, or no attempt left), moved to history.
-- The contents of a file that was refused for good go; those of another failed file stay for a retry.
-- Locks: jobs by id, then upload_files. The fence is (job id, token).
WITH held AS (
    SELECT
        j.id, j.file_id, f.reason, f.message, f.permanent, f.permanent OR j.attempt >= j.max_attempts AS final,
        sluice.append_error(j.errors, jsonb_build_object(
            'attempt', j.attempt, 'at', sluice.now(), 'worker', coalesce(s.worker, ''), 'reason', f.reason, 'message', f.message
        )) AS errors,
        sluice.backoff(j.attempt, j.backoff_base_ms, j.backoff_factor, j.backoff_ceiling_ms) AS delay
    FROM unnest(%(job_ids)s::uuid[], %(tokens)s::bigint[], %(reasons)s::text[], %(messages)s::text[], %(permanents)s::boolean[])
        AS f (job_id, token, reason, message, permanent)
    JOIN sluice.jobs AS j ON j.id = f.job_id AND j.lease_token = f.token
    LEFT JOIN sluice.worker_sessions AS s ON s.id = j.session_id
    ORDER BY j.id
    FOR UPDATE OF j
),
retried AS (
    UPDATE sluice.jobs AS j
    SET state = 'scheduled', position = NULL, run_at = sluice.now() + h.delay, errors = h.errors,
        ended_token = j.lease_token, ended_verb = 'fail', lease_token = NULL, session_id = NULL
    FROM held AS h
    WHERE j.id = h.id AND NOT h.final
    RETURNING j.file_id, h.reason, h.message, 'pending' AS status, false AS retryable
),
ended AS (
    DELETE FROM sluice.jobs AS j
    USING held AS h
    WHERE j.id = h.id AND h.final
    RETURNING
        j.id, j.queue, j.kind, j.priority, j.lane, j.owner, j.file_id, j.payload, j.size, j.attempt, j.max_attempts, j.deadline_ms,
        j.backoff_base_ms, j.backoff_factor, j.backoff_ceiling_ms, j.started_at, j.lease_token, h.errors, j.created_at,
        h.reason, h.message, h.permanent
),
history AS (
    INSERT INTO sluice.job_history (
        id, queue, kind, state, priority, lane, owner, file_id, payload, size, attempt, max_attempts, deadline_ms,
        backoff_base_ms, backoff_factor, backoff_ceiling_ms, started_at, ended_token, ended_verb, errors, created_at, finished_at
    )
    SELECT
        e.id, e.queue, e.kind, 'failed', e.priority, e.lane, e.owner, e.file_id, e.payload, e.size, e.attempt, e.max_attempts, e.deadline_ms,
        e.backoff_base_ms, e.backoff_factor, e.backoff_ceiling_ms, e.started_at, e.lease_token, 'fail', e.errors, e.created_at, sluice.now()
    FROM ended AS e
),
files AS (
    UPDATE public.upload_files AS f
    SET status = o.status, error_reason = o.reason, error_message = o.message, retryable = o.retryable, updated_at = sluice.now(),
        finished_at = CASE o.status WHEN 'failed' THEN sluice.now() END
    FROM (
        SELECT file_id, reason, message, status, retryable FROM retried
        UNION ALL
        SELECT file_id, reason, message, 'failed', NOT permanent FROM ended
    ) AS o
    WHERE o.file_id IS NOT NULL AND f.id = o.file_id
),
contents AS (
    DELETE FROM public.upload_file_chunks AS c
    USING ended AS e
    WHERE e.permanent AND e.file_id IS NOT NULL AND c.file_id = e.file_id
)
SELECT h.id, h.final, extract(epoch FROM h.delay)::float8 AS delay_seconds, u.upload_id
FROM held AS h
LEFT JOIN public.upload_files AS u ON u.id = h.file_id
