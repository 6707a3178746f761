-- The fence of a commit: nobody ends or takes a job while its rows come in. Waits for whoever has one.
-- Locks: jobs by id.
SELECT j.id
FROM unnest(%(job_ids)s::uuid[], %(tokens)s::bigint[]) AS lease (job_id, token)
JOIN sluice.jobs AS j ON j.id = lease.job_id AND j.lease_token = lease.token
ORDER BY j.id
FOR UPDATE OF j
