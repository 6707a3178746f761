-- The jobs that a ClaimBatch was given and still holds.
SELECT j.id, j.queue, j.kind, j.priority, j.position, j.attempt, j.payload, j.checkpoint, j.size, j.deadline_ms, j.lease_token
FROM sluice.jobs AS j
WHERE j.id = ANY (%(job_ids)s::uuid[]) AND j.session_id = %(session_id)s
ORDER BY j.priority, j.position
