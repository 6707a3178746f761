-- Every queue, or one, with its limits and the sums of what was noted of it; rates are those of the last minute. One that noted
-- nothing for a minute is dead: what it saw last is found by a recount.
-- Index: primary key of queue_counts.
SELECT
    q.name, q.paused, q.max_depth, q.max_running, q.max_running_per_lane, q.rate_per_second, q.rate_burst,
    greatest(coalesce(s.pending, 0), 0)::bigint AS pending,
    greatest(coalesce(s.scheduled, 0), 0)::bigint AS scheduled,
    greatest(coalesce(s.processing, 0), 0)::bigint AS processing,
    greatest(coalesce(s.failed, 0), 0)::bigint AS failed,
    coalesce(s.enqueued, 0)::float8 / 60 AS enqueued_rate,
    coalesce(s.claimed, 0)::float8 / 60 AS claimed_rate,
    coalesce(s.completed, 0)::float8 / 60 AS completed_rate,
    coalesce(s.failures, 0)::float8 / 60 AS failed_rate,
    coalesce((
        SELECT min(c.noted_at)
        FROM sluice.coordinators AS c
        WHERE c.noted_at > sluice.now() - interval '1 minute'
    ), sluice.now()) AS counted_at
FROM sluice.queues AS q
CROSS JOIN LATERAL (
    SELECT
        sum(c.pending) AS pending,
        sum(c.scheduled) AS scheduled,
        sum(c.processing) AS processing,
        sum(c.failed) AS failed,
        sum(c.enqueued) FILTER (WHERE c.since > sluice.now() - interval '1 minute') AS enqueued,
        sum(c.claimed) FILTER (WHERE c.since > sluice.now() - interval '1 minute') AS claimed,
        sum(c.completed) FILTER (WHERE c.since > sluice.now() - interval '1 minute') AS completed,
        sum(c.failures) FILTER (WHERE c.since > sluice.now() - interval '1 minute') AS failures
    FROM sluice.queue_counts AS c
    WHERE c.queue = q.name
) AS s
WHERE %(queue)s::text IS NULL OR q.name = %(queue)s
ORDER BY q.name
