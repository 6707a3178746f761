-- A queue's limits, for whoever is about to change them. Locks: queues.
SELECT q.paused, q.max_depth, q.max_running, q.max_running_per_lane, q.rate_per_second, q.rate_burst
FROM sluice.queues AS q
WHERE q.name = %(queue)s
FOR UPDATE
