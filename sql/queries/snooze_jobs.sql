-- Snooze: processing → scheduled until the given time; the attempt does not count.
-- Locks: jobs by id, then upload_files. The fence is (job id, token).
WITH snoozed AS (
    UPDATE sluice.jobs AS j
    SET state = 'scheduled', attempt = j.attempt - 1, position = NULL, run_at = sluice.now() + s.delay_ms * interval '1 millisecond',
        expires_at = NULL, ended_token = j.lease_token, ended_verb = 'snooze', lease_token = NULL, session_id = NULL,
        slot = NULL
    FROM unnest(%(job_ids)s::uuid[], %(tokens)s::bigint[], %(delays_ms)s::bigint[]) AS s (job_id, token, delay_ms)
    WHERE j.id = s.job_id AND j.lease_token = s.token
    RETURNING j.id, j.queue, j.file_id, j.attempt
),
files AS (
    UPDATE public.upload_files AS f
    SET status = 'pending', attempts = s.attempt, updated_at = sluice.now()
    FROM snoozed AS s
    WHERE s.file_id IS NOT NULL AND f.id = s.file_id
)
SELECT id, queue
FROM snoozed
