-- The queues of which there is something to heed. They are few.
SELECT
    q.name, q.paused, q.max_depth, q.max_running, q.max_running_per_lane, q.rate_per_second, q.rate_burst,
    q.guarded, q.guards, q.counted, q.keeps_back
FROM sluice.queues AS q
WHERE q.guarded OR q.keeps_back OR q.max_depth IS NOT NULL
