-- Reap, first half: ends the sessions that have fallen silent. Conditional, so that one renewed in between stays.
-- Index: worker_sessions_unsettled.
UPDATE sluice.worker_sessions AS s
SET open = false, closed_at = sluice.now()
WHERE NOT s.settled AND s.open AND s.expires_at <= sluice.now()
