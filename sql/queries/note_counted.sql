-- Notes that all that was leased before a queue was guarded has its slot; not where it was let go and guarded anew meanwhile.
-- Locks: queues.
UPDATE sluice.queues AS q
SET counted = true
WHERE q.name = %(queue)s AND q.guarded AND q.guards = %(guards)s
