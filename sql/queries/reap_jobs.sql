-- Reap: processing → pending, or → failed where no attempt is left, for jobs leased to sessions that are over, and for
-- attempts past their deadline. The attempt counts. What a commit has locked is left for the next round.
-- Locks: jobs with SKIP LOCKED, then upload_files. No bound by position: it would miss jobs that came back.
WITH lost AS MATERIALIZED (
    SELECT
        j.id, j.lease_token AS token, j.session_id, j.attempt >= j.max_attempts AS final,
        sluice.append_error(j.errors, jsonb_build_object(
            'attempt', j.attempt, 'at', sluice.now(), 'worker', coalesce(s.worker, ''),
            'reason', %(reason)s::text, 'message', %(message)s::text
        )) AS errors
    FROM sluice.jobs AS j
    LEFT JOIN sluice.worker_sessions AS s ON s.id = j.session_id
    WHERE j.state = 'processing'
        AND (
            j.session_id = ANY (%(session_ids)s::bigint[])
            OR (%(overdue)s AND j.started_at + j.deadline_ms * interval '1 millisecond' <= sluice.now())
        )
    LIMIT 1000
    FOR UPDATE OF j SKIP LOCKED
),
returned AS (
    UPDATE sluice.jobs AS j
    SET state = 'pending', position = sluice.virtual_time(j.queue, j.priority), errors = l.errors,
        ended_token = j.lease_token, ended_verb = 'reap', lease_token = NULL, session_id = NULL
    FROM lost AS l
    WHERE j.id = l.id AND j.lease_token = l.token AND NOT l.final
    RETURNING j.id, j.queue, j.file_id, l.token, l.session_id
),
ended AS (
    DELETE FROM sluice.jobs AS j
    USING lost AS l
    WHERE j.id = l.id AND j.lease_token = l.token AND l.final
    RETURNING
        j.id, j.queue, j.kind, j.priority, j.lane, j.owner, j.file_id, j.payload, j.size, j.attempt, j.max_attempts, j.deadline_ms,
        j.backoff_base_ms, j.backoff_factor, j.backoff_ceiling_ms, j.started_at, j.lease_token, l.errors, j.created_at, l.session_id
),
history AS (
    INSERT INTO sluice.job_history (
        id, queue, kind, state, priority, lane, owner, file_id, payload, size, attempt, max_attempts, deadline_ms,
        backoff_base_ms, backoff_factor, backoff_ceiling_ms, started_at, ended_token, ended_verb, errors, created_at, finished_at
    )
    SELECT
        e.id, e.queue, e.kind, 'failed', e.priority, e.lane, e.owner, e.file_id, e.payload, e.size, e.attempt, e.max_attempts, e.deadline_ms,
        e.backoff_base_ms, e.backoff_factor, e.backoff_ceiling_ms, e.started_at, e.lease_token, 'reap', e.errors, e.created_at, sluice.now()
    FROM ended AS e
),
files AS (
    UPDATE public.upload_files AS f
    SET status = o.status, error_reason = %(reason)s, error_message = %(message)s, retryable = o.status = 'failed',
        updated_at = sluice.now(), finished_at = CASE o.status WHEN 'failed' THEN sluice.now() END
    FROM (
        SELECT file_id, 'pending' AS status FROM returned
        UNION ALL
        SELECT file_id, 'failed' FROM ended
    ) AS o
    WHERE o.file_id IS NOT NULL AND f.id = o.file_id
)
SELECT id, token, session_id, queue FROM returned
UNION ALL
SELECT id, lease_token, session_id, queue FROM ended
