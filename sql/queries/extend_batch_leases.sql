-- The leases of a ClaimBatch run anew from a report of progress; a stream's live by its pings.
UPDATE sluice.worker_sessions AS s
SET expires_at = greatest(s.expires_at, sluice.now() + s.lease_ms * interval '1 millisecond')
WHERE s.id = ANY (%(session_ids)s::bigint[]) AND s.request_id IS NOT NULL AND s.open
