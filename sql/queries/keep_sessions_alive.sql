-- Extends the sessions of one coordinator that were heard from; a session that is not returned is over.
-- The mirror of close_expired_sessions: what has expired stays expired.
UPDATE sluice.worker_sessions AS s
SET expires_at = greatest(s.expires_at, sluice.now() + heard.seconds_left * interval '1 second')
FROM unnest(%(session_ids)s::bigint[], %(seconds_left)s::float8[]) AS heard (session_id, seconds_left)
WHERE s.id = heard.session_id AND s.open AND s.expires_at > sluice.now()
RETURNING s.id
