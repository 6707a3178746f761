-- Release: processing → pending, next in its lane (further ones a turn later each); the attempt does not count.
-- What somebody has locked, a commit most likely, is left out: the caller tries those again by themselves.
-- Locks: jobs with SKIP LOCKED, then upload_files. The fence is (job id, token).
WITH held AS MATERIALIZED (
    SELECT j.id, j.queue, j.priority, j.lane, j.turn, j.position
    FROM unnest(%(job_ids)s::uuid[], %(tokens)s::bigint[]) AS lease (job_id, token)
    JOIN sluice.jobs AS j ON j.id = lease.job_id AND j.lease_token = lease.token
    FOR UPDATE OF j SKIP LOCKED
),
placed AS (
    SELECT h.id, sum(h.turn) OVER (PARTITION BY h.queue, h.priority, h.lane ORDER BY h.position, h.id) - h.turn AS earlier
    FROM held AS h
),
released AS (
    UPDATE sluice.jobs AS j
    SET state = 'pending', attempt = j.attempt - 1, position = sluice.virtual_time(j.queue, j.priority) + p.earlier,
        ended_token = j.lease_token, ended_verb = 'release', lease_token = NULL, session_id = NULL, slot = NULL
    FROM placed AS p
    WHERE j.id = p.id
    RETURNING j.id, j.queue, j.kind, j.priority, j.position, j.file_id, j.attempt
),
files AS (
    UPDATE public.upload_files AS f
    SET status = 'pending', attempts = r.attempt, updated_at = sluice.now()
    FROM released AS r
    WHERE r.file_id IS NOT NULL AND f.id = r.file_id
)
SELECT id, queue, kind, priority, position
FROM released
