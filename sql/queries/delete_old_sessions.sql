-- Forgets sessions that ended over an hour ago and hold nothing. At most 1,000 at a time.
DELETE FROM sluice.worker_sessions AS s
WHERE s.id = ANY (ARRAY(
    SELECT o.id
    FROM sluice.worker_sessions AS o
    WHERE o.settled AND o.closed_at < sluice.now() - interval '1 hour'
    LIMIT 1000
))
