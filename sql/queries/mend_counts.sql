-- Adds what a recount found missing to the rows of no coordinator.
INSERT INTO sluice.queue_counts AS c (
    queue, since, coordinator, pending, scheduled, processing, failed, moved, enqueued, claimed, completed, failures
)
SELECT n.queue, 'epoch', '00000000-0000-0000-0000-000000000000', n.pending, n.scheduled, n.processing, n.failed, 0, 0, 0, 0, 0
FROM unnest(%(queues)s::text[], %(pending)s::bigint[], %(scheduled)s::bigint[], %(processing)s::bigint[], %(failed)s::bigint[])
    AS n (queue, pending, scheduled, processing, failed)
ORDER BY n.queue
ON CONFLICT (queue, since, coordinator) DO UPDATE
SET pending = c.pending + excluded.pending,
    scheduled = c.scheduled + excluded.scheduled,
    processing = c.processing + excluded.processing,
    failed = c.failed + excluded.failed
