-- What was noted of every queue, in sum.
SELECT
    c.queue, sum(c.pending)::bigint AS pending, sum(c.scheduled)::bigint AS scheduled, sum(c.processing)::bigint AS processing,
    sum(c.failed)::bigint AS failed, sum(c.moved)::bigint AS moved
FROM sluice.queue_counts AS c
GROUP BY c.queue
