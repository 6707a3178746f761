-- Asks the worker of an open session to end. Waits for a claim under way; there is none after it. Tells whether it was asked before.
UPDATE sluice.worker_sessions AS s
SET retiring = true
FROM (
    SELECT o.id, o.retiring
    FROM sluice.worker_sessions AS o
    WHERE o.id = %(session_id)s AND o.open
    FOR UPDATE
) AS before
WHERE s.id = before.id
RETURNING s.id, before.retiring AS asked_before
