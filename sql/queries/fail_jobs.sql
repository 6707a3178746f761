-- Ends attempts with an error. Fail: → scheduled after a backoff; reap: → pending at once; either: → failed, in history, where
-- the error is permanent or no attempt is left. Expire: a job that nobody took (its token is null) → failed.
-- The contents of a file that was refused for good go; those of another failed file stay for a retry.
-- Those that are pending again have a turn each: a crowd that comes back together is no privilege.
-- Locks: jobs by id, then upload_files. The fence is (job id, token).
WITH held AS (
    SELECT
        j.id, j.queue, j.state, j.priority, j.lane, j.turn, j.session_id, f.reason, f.message, f.permanent,
        f.permanent OR j.attempt >= j.max_attempts AS final,
        sluice.append_error(j.errors, jsonb_build_object(
            'attempt', j.attempt, 'at', sluice.now(), 'worker', coalesce(s.worker, ''), 'reason', f.reason, 'message', f.message
        )) AS errors,
        sluice.backoff(j.attempt, j.backoff_base_ms, j.backoff_factor, j.backoff_ceiling_ms, j.backoff_jitter) AS delay
    FROM unnest(%(job_ids)s::uuid[], %(tokens)s::bigint[], %(reasons)s::text[], %(messages)s::text[], %(permanents)s::boolean[])
        AS f (job_id, token, reason, message, permanent)
    JOIN sluice.jobs AS j ON j.id = f.job_id AND j.lease_token IS NOT DISTINCT FROM f.token
    LEFT JOIN sluice.worker_sessions AS s ON s.id = j.session_id
    ORDER BY j.id
    FOR UPDATE OF j
),
placed AS (
    SELECT
        h.id, h.session_id, h.reason, h.message, h.errors, h.delay,
        sum(h.turn) OVER (PARTITION BY h.queue, h.priority, h.lane ORDER BY h.id) - h.turn AS earlier
    FROM held AS h
    WHERE NOT h.final
),
again AS (
    UPDATE sluice.jobs AS j
    SET state = CASE WHEN %(at_once)s THEN 'pending' ELSE 'scheduled' END,
        position = CASE WHEN %(at_once)s THEN sluice.virtual_time(j.queue, j.priority) + p.earlier END,
        run_at = CASE WHEN %(at_once)s THEN NULL ELSE sluice.now() + p.delay END,
        errors = p.errors, expires_at = NULL, ended_token = j.lease_token, ended_verb = %(verb)s, lease_token = NULL, session_id = NULL, slot = NULL
    FROM placed AS p
    WHERE j.id = p.id
    RETURNING j.id, j.queue, j.kind, j.priority, j.position, j.file_id, p.session_id, p.reason, p.message, p.delay
),
ended AS (
    DELETE FROM sluice.jobs AS j
    USING held AS h
    WHERE j.id = h.id AND h.final
    RETURNING
        j.id, j.queue, j.kind, j.priority, j.turn, j.lane, j.owner, j.unique_key, j.file_id, j.payload, j.size, j.attempt, j.max_attempts,
        j.deadline_ms, j.backoff_base_ms, j.backoff_factor, j.backoff_ceiling_ms, j.backoff_jitter, j.started_at,
        j.lease_token, j.ended_token, j.ended_verb, h.errors, j.progress, j.checkpoint, j.created_at, h.state AS was, h.session_id, h.reason, h.message, h.permanent
),
history AS (
    INSERT INTO sluice.job_history (
        id, queue, kind, state, priority, turn, lane, owner, unique_key, file_id, payload, size, attempt, max_attempts,
        deadline_ms, backoff_base_ms, backoff_factor, backoff_ceiling_ms, backoff_jitter, started_at,
        ended_token, ended_verb, errors, progress, checkpoint, created_at, finished_at
    )
    SELECT
        e.id, e.queue, e.kind, 'failed', e.priority, e.turn, e.lane, e.owner, e.unique_key, e.file_id, e.payload, e.size, e.attempt, e.max_attempts,
        e.deadline_ms, e.backoff_base_ms, e.backoff_factor, e.backoff_ceiling_ms, e.backoff_jitter, e.started_at,
        coalesce(e.lease_token, e.ended_token), CASE WHEN e.lease_token IS NULL THEN e.ended_verb ELSE %(verb)s END, e.errors, e.progress, e.checkpoint, e.created_at, sluice.now()
    FROM ended AS e
),
files AS (
    UPDATE public.upload_files AS f
    SET status = o.status, error_reason = o.reason, error_message = o.message, retryable = o.retryable, updated_at = sluice.now(),
        finished_at = CASE o.status WHEN 'failed' THEN sluice.now() END
    FROM (
        SELECT file_id, reason, message, 'pending' AS status, false AS retryable FROM again
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
SELECT o.id, o.queue, o.kind, o.priority, o.position, o.session_id, o.was, o.final, o.delay_seconds, u.upload_id
FROM (
    SELECT id, queue, kind, priority, position, session_id, file_id, 'processing' AS was, false AS final, extract(epoch FROM delay)::float8 AS delay_seconds FROM again
    UNION ALL
    SELECT id, queue, kind, priority, NULL, session_id, file_id, was, true, NULL FROM ended
) AS o
LEFT JOIN public.upload_files AS u ON u.id = o.file_id
