-- Folds what was noted over two minutes ago into one row a queue, that of no coordinator; sums stay. At most 10,000 at a time.
-- Locks: counts with SKIP LOCKED.
WITH old AS (
    DELETE FROM sluice.queue_counts AS c
    WHERE c.ctid = ANY (ARRAY(
        SELECT o.ctid
        FROM sluice.queue_counts AS o
        WHERE o.since > 'epoch' AND o.since < sluice.now() - interval '2 minutes'
        LIMIT 10000
        FOR UPDATE SKIP LOCKED
    ))
    RETURNING c.queue, c.pending, c.scheduled, c.processing, c.failed, c.moved
)
INSERT INTO sluice.queue_counts AS c (
    queue, since, coordinator, pending, scheduled, processing, failed, moved, enqueued, claimed, completed, failures
)
SELECT
    o.queue, 'epoch', '00000000-0000-0000-0000-000000000000',
    sum(o.pending), sum(o.scheduled), sum(o.processing), sum(o.failed), sum(o.moved), 0, 0, 0, 0
FROM old AS o
GROUP BY o.queue
ORDER BY o.queue
ON CONFLICT (queue, since, coordinator) DO UPDATE
SET pending = c.pending + excluded.pending,
    scheduled = c.scheduled + excluded.scheduled,
    processing = c.processing + excluded.processing,
    failed = c.failed + excluded.failed,
    moved = c.moved + excluded.moved
