-- Which of the leases that a resuming worker names are its session's, with what they count for in bytes.
SELECT j.id, j.size
FROM unnest(%(job_ids)s::uuid[], %(tokens)s::bigint[]) AS lease (job_id, token)
JOIN sluice.jobs AS j ON j.id = lease.job_id AND j.lease_token = lease.token
WHERE j.session_id = %(session_id)s
