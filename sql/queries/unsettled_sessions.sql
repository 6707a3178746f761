-- The gate of the reaper: closed sessions that may still hold jobs. Index: worker_sessions_unsettled.
SELECT s.id
FROM sluice.worker_sessions AS s
WHERE NOT s.settled AND NOT s.open
