-- The failed jobs of one day of history, by queue: they go with it. Index: job_history_failed.
SELECT h.queue, h.state, count(*) AS jobs
FROM sluice.job_history AS h
WHERE h.state = 'failed'
    AND h.finished_at >= %(day)s::timestamp AT TIME ZONE 'UTC' AND h.finished_at < (%(day)s::date + 1)::timestamp AT TIME ZONE 'UTC'
GROUP BY h.queue, h.state
