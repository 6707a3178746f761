-- Forget: a person's lanes; the next job begins anew at virtual time. Reads all lanes.
-- Locks: lanes, in the order in which an enqueue takes those of several queues and priorities.
WITH mine AS (
    SELECT l.queue, l.priority
    FROM sluice.lanes AS l
    WHERE l.lane = %(owner)s
    ORDER BY l.queue COLLATE "C", l.priority
    FOR UPDATE
)
DELETE FROM sluice.lanes AS l
USING mine AS m
WHERE l.queue = m.queue AND l.priority = m.priority AND l.lane = %(owner)s
