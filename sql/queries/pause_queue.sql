-- Pauses a queue, or lets it go on. Locks: queues, under the queue's advisory lock.
UPDATE sluice.queues AS q
SET paused = %(paused)s, counted = q.counted AND q.guarded, guards = q.guards + (NOT q.guarded)::integer
WHERE q.name = %(queue)s AND q.paused <> %(paused)s
