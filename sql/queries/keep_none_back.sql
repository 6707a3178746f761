-- Notes that a queue without a limit a lane keeps nothing back any more. Under the queue's lock. Index: jobs_kept.
UPDATE sluice.queues AS q
SET keeps_back = false
WHERE q.name = %(queue)s AND q.keeps_back AND q.max_running_per_lane IS NULL
    AND NOT EXISTS (SELECT FROM sluice.jobs AS j WHERE j.queue = %(queue)s AND j.kept_position IS NOT NULL)
