-- Keeps what a ClaimBatch was given, so that a repeat of the request gives the same; its leases run from now.
UPDATE sluice.worker_sessions AS s
SET claimed_ids = coalesce(s.claimed_ids, '{}') || %(job_ids)s::uuid[],
    expires_at = sluice.now() + s.lease_ms * interval '1 millisecond'
WHERE s.id = %(session_id)s
