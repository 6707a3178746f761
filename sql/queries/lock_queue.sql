-- Keeps claims from a guarded queue, and ends in it, out until this transaction ends.
-- Locks: the queue, by an advisory lock.
SELECT pg_advisory_xact_lock(hashtextextended('sluice.queue ' || %(queue)s::text, 0))
