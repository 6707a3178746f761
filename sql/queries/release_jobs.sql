-- Release: processing → pending, next in its lane; the attempt does not count.
-- Locks: jobs by id, then upload_files. The fence is (job id, token).
WITH released AS (
    UPDATE sluice.jobs AS j
    SET state = 'pending', attempt = j.attempt - 1, position = sluice.virtual_time(j.queue, j.priority),
        ended_token = j.lease_token, ended_verb = 'release', lease_token = NULL, session_id = NULL
    FROM unnest(%(job_ids)s::uuid[], %(tokens)s::bigint[]) AS lease (job_id, token)
    WHERE j.id = lease.job_id AND j.lease_token = lease.token
    RETURNING j.id, j.queue, j.file_id, j.attempt
),
files AS (
    UPDATE public.upload_files AS f
    SET status = 'pending', attempts = r.attempt, updated_at = sluice.now()
    FROM released AS r
    WHERE r.file_id IS NOT NULL AND f.id = r.file_id
)
SELECT id, queue
FROM released
