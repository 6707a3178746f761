-- Complete: processing → completed, moved to history, for whoever holds (job id, token).
-- Files' contents go with it. The join is on the primary key and the token alone: a token says what the state would.
-- Locks: jobs by id, then upload_files.
WITH ended AS (
    DELETE FROM sluice.jobs AS j
    USING unnest(%(job_ids)s::uuid[], %(tokens)s::bigint[], %(results)s::text[]) AS lease (job_id, token, result)
    WHERE j.id = lease.job_id AND j.lease_token = lease.token
    RETURNING
        j.id, j.queue, j.kind, j.priority, j.turn, j.lane, j.owner, j.unique_key, j.file_id, j.size, j.attempt, j.max_attempts,
        j.deadline_ms, j.backoff_base_ms, j.backoff_factor, j.backoff_ceiling_ms, j.backoff_jitter, j.started_at,
        j.lease_token, j.errors, j.progress, j.created_at, lease.result
),
files AS (
    UPDATE public.upload_files AS f
    SET status = 'completed', error_reason = NULL, error_message = NULL, retryable = false,
        updated_at = sluice.now(), finished_at = sluice.now()
    FROM ended AS e
    WHERE e.file_id IS NOT NULL AND f.id = e.file_id
),
contents AS (
    DELETE FROM public.upload_file_chunks AS c
    USING ended AS e
    WHERE e.file_id IS NOT NULL AND c.file_id = e.file_id
)
INSERT INTO sluice.job_history (
    id, queue, kind, state, priority, turn, lane, owner, unique_key, file_id, size, attempt, max_attempts,
    deadline_ms, backoff_base_ms, backoff_factor, backoff_ceiling_ms, backoff_jitter, started_at,
    ended_token, ended_verb, errors, progress, result, created_at, finished_at
)
SELECT
    e.id, e.queue, e.kind, 'completed', e.priority, e.turn, e.lane, e.owner, e.unique_key, e.file_id, e.size, e.attempt, e.max_attempts,
    e.deadline_ms, e.backoff_base_ms, e.backoff_factor, e.backoff_ceiling_ms, e.backoff_jitter, e.started_at,
    e.lease_token, 'complete', e.errors, e.progress, e.result::json, e.created_at, sluice.now()
FROM ended AS e
RETURNING id, queue
