-- The open sessions of a coordinator whose workers are wanted to end. Index: worker_sessions_retiring.
SELECT s.id
FROM sluice.worker_sessions AS s
WHERE s.retiring AND s.coordinator = %(coordinator)s AND s.open
