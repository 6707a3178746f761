-- Leaves word to workers whose leases were taken from them while they live.
INSERT INTO sluice.lease_notices (session_id, job_id, token, reason)
SELECT n.session_id, n.job_id, n.token, 'lost'
FROM unnest(%(session_ids)s::bigint[], %(job_ids)s::uuid[], %(tokens)s::bigint[]) AS n (session_id, job_id, token)
