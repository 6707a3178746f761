-- Keeps claims from keeping jobs back until this transaction ends: the next statement sees all that were kept back before.
-- Whoever ends jobs shares the lock with others who do. Locks: queues by name, by advisory locks.
SELECT pg_advisory_xact_lock_shared(hashtextextended('sluice.queue ' || wanted.name, 0))
FROM (SELECT n.name FROM unnest(%(queues)s::text[]) AS n (name) ORDER BY n.name) AS wanted
