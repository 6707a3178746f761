-- What ending these leases makes room for: how many jobs by queue and lane, and whether the queue keeps jobs back.
-- The fence is (job id, token). Index: primary keys of jobs and queues.
SELECT j.queue, j.lane, q.keeps_back, count(*) AS jobs
FROM unnest(%(job_ids)s::uuid[], %(tokens)s::bigint[]) AS lease (job_id, token)
JOIN sluice.jobs AS j ON j.id = lease.job_id AND j.lease_token = lease.token
JOIN sluice.queues AS q ON q.name = j.queue
GROUP BY j.queue, j.lane, q.keeps_back
ORDER BY j.queue, j.lane
