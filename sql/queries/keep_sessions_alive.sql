-- Extends the sessions of one coordinator that were heard from; a session that is not returned is over, or another's.
-- One that has expired and is still open is extended too: nobody has its jobs yet, and after an outage all of them have.
UPDATE sluice.worker_sessions AS s
SET expires_at = greatest(s.expires_at, sluice.now() + heard.left_ms * interval '1 millisecond')
FROM unnest(%(session_ids)s::bigint[], %(epochs)s::integer[], %(left_ms)s::bigint[]) AS heard (session_id, epoch, left_ms)
WHERE s.id = heard.session_id AND s.epoch = heard.epoch AND s.open
RETURNING s.id
