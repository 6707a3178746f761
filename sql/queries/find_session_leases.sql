-- All leases of some sessions. Reads every live job, so it is asked only where a claim's answer or a stream was lost.
SELECT j.id, j.lease_token AS token, j.session_id
FROM sluice.jobs AS j
WHERE j.state = 'processing' AND j.session_id = ANY (%(session_ids)s::bigint[])
