-- Sets all limits of a queue. The bucket begins full where there was no rate limit.
-- Locks: queues, under the queue's advisory lock.
UPDATE sluice.queues AS q
SET max_depth = %(max_depth)s::bigint,
    max_running = %(max_running)s::integer,
    max_running_per_lane = %(max_running_per_lane)s::integer,
    rate_per_second = %(rate_per_second)s::float8,
    rate_burst = %(rate_burst)s::integer,
    rate_tokens = coalesce(least(
        CASE WHEN q.rate_per_second IS NULL THEN %(rate_burst)s::integer ELSE sluice.rate_tokens(q) END,
        %(rate_burst)s::integer), 0),
    rate_at = sluice.now(),
    keeps_back = q.keeps_back OR %(max_running_per_lane)s::integer IS NOT NULL,
    counted = q.counted AND q.guarded,
    guards = q.guards + (NOT q.guarded)::integer
WHERE q.name = %(queue)s
