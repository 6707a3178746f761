-- Forgets sessions that ended over an hour ago and hold nothing.
DELETE FROM sluice.worker_sessions AS s
WHERE s.settled AND s.closed_at < sluice.now() - interval '1 hour'
