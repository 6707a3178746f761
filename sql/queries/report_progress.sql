-- Report progress: stores how far attempts have come, for whoever holds (job id, token).
-- Locks: jobs by id. No indexed column changes: heap-only.
UPDATE sluice.jobs AS j
SET progress = p.progress
FROM unnest(%(job_ids)s::uuid[], %(tokens)s::bigint[], %(progresses)s::jsonb[]) AS p (job_id, token, progress)
WHERE j.id = p.job_id AND j.lease_token = p.token
RETURNING j.id, j.session_id
