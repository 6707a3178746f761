-- Finds the session of a ClaimBatch request made before.
SELECT s.id, s.claimed_ids
FROM sluice.worker_sessions AS s
WHERE s.request_id = %(request_id)s
