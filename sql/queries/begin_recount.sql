-- When the queues were counted last, and by which generation; the moment that the snapshot of this transaction is from.
SELECT r.generation, r.counted_at, extract(epoch FROM sluice.now() - r.counted_at)::float8 AS age_seconds
FROM sluice.recounts AS r
