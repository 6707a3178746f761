-- Sessions below an id, newest first: those that are open, and where it is wanted those that closed.
-- Index: worker_sessions_unsettled for what is open, else the primary key.
SELECT
    s.id, s.worker, s.queues, s.kinds, s.open, s.retiring, s.said_goodbye, s.request_id IS NOT NULL AS batch, s.opened_at, s.expires_at,
    s.closed_at
FROM sluice.worker_sessions AS s
WHERE s.id < %(before)s AND (%(closed)s OR (NOT s.settled AND s.open))
ORDER BY s.id DESC
LIMIT %(most)s
