-- Report progress: stores how far attempts have come and where a next one is to go on, for whoever holds (job id, token).
-- What is null stays as it is; an empty checkpoint is none.
-- Locks: jobs by id. No indexed column changes: heap-only.
UPDATE sluice.jobs AS j
SET progress = coalesce(p.progress, j.progress),
    checkpoint = CASE WHEN p.checkpoint IS NULL THEN j.checkpoint ELSE nullif(p.checkpoint, '') END
FROM unnest(%(job_ids)s::uuid[], %(tokens)s::bigint[], %(progresses)s::jsonb[], %(checkpoints)s::bytea[])
    AS p (job_id, token, progress, checkpoint)
WHERE j.id = p.job_id AND j.lease_token = p.token
RETURNING j.id, j.session_id
