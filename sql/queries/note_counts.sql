-- Notes what a coordinator saw of the queues since it noted last, in rows of its own, and that it is there.
WITH here AS (
    INSERT INTO sluice.coordinators AS c (id, noted_at)
    VALUES (%(coordinator)s, sluice.now())
    ON CONFLICT (id) DO UPDATE
    SET noted_at = excluded.noted_at
)
INSERT INTO sluice.queue_counts AS c (
    queue, since, coordinator, pending, scheduled, processing, failed, moved, enqueued, claimed, completed, failures
)
SELECT
    n.queue, date_bin('5 seconds', sluice.now(), 'epoch'), %(coordinator)s,
    n.pending, n.scheduled, n.processing, n.failed, n.moved, n.enqueued, n.claimed, n.completed, n.failures
FROM unnest(
    %(queues)s::text[], %(pending)s::bigint[], %(scheduled)s::bigint[], %(processing)s::bigint[], %(failed)s::bigint[], %(moved)s::bigint[],
    %(enqueued)s::bigint[], %(claimed)s::bigint[], %(completed)s::bigint[], %(failures)s::bigint[]
) AS n (queue, pending, scheduled, processing, failed, moved, enqueued, claimed, completed, failures)
ON CONFLICT (queue, since, coordinator) DO UPDATE
SET pending = c.pending + excluded.pending,
    scheduled = c.scheduled + excluded.scheduled,
    processing = c.processing + excluded.processing,
    failed = c.failed + excluded.failed,
    moved = c.moved + excluded.moved,
    enqueued = c.enqueued + excluded.enqueued,
    claimed = c.claimed + excluded.claimed,
    completed = c.completed + excluded.completed,
    failures = c.failures + excluded.failures
