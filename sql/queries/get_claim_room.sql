-- How much may be claimed from a guarded queue now. Under the queue's lock, which keeps other claims from it apart.
-- Not open: it is paused, or what was leased before it was guarded is not counted yet.
-- Index: jobs_slots, no further than the limit.
SELECT
    NOT q.paused AND (q.counted OR (q.max_running IS NULL AND q.max_running_per_lane IS NULL)) AS open,
    q.max_running_per_lane AS lane_limit,
    q.max_running - (
        SELECT count(*)
        FROM (SELECT FROM sluice.jobs AS j WHERE j.queue = q.name AND j.slot = 'running' LIMIT q.max_running) AS running
    ) AS room,
    q.rate_per_second,
    sluice.rate_tokens(q) AS tokens
FROM sluice.queues AS q
WHERE q.name = %(queue)s
