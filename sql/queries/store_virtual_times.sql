-- Stores virtual times, the greater of old and new; in a transaction of its own.
INSERT INTO sluice.queue_clocks AS c (queue, priority, virtual_time)
SELECT k.queue, k.priority, k.virtual_time
FROM unnest(%(queues)s::text[], %(priorities)s::smallint[], %(virtual_times)s::bigint[]) AS k (queue, priority, virtual_time)
ORDER BY k.queue, k.priority
ON CONFLICT (queue, priority) DO UPDATE
SET virtual_time = excluded.virtual_time
WHERE c.virtual_time < excluded.virtual_time
