-- What ending these pending jobs makes room for in queues that keep jobs back: how many by queue and lane.
-- Index: primary keys of jobs and queues.
SELECT j.queue, j.lane, q.keeps_back, count(*) AS jobs
FROM unnest(%(job_ids)s::uuid[]) AS wanted (job_id)
JOIN sluice.jobs AS j ON j.id = wanted.job_id AND j.lane IS NOT NULL
JOIN sluice.queues AS q ON q.name = j.queue AND q.keeps_back
GROUP BY j.queue, j.lane, q.keeps_back
ORDER BY j.queue, j.lane
