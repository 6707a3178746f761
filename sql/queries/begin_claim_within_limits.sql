-- What a claim from a guarded queue locks first, so that the statements after it see what was claimed, ended and set before.
-- Locks: the session FOR SHARE (whoever closes it waits), then the queue, by an advisory lock. No row: the session is over.
WITH session AS MATERIALIZED (
    SELECT s.id
    FROM sluice.worker_sessions AS s
    WHERE s.id = %(session_id)s AND s.epoch = %(epoch)s AND s.open AND NOT s.retiring AND s.expires_at > sluice.now()
    FOR SHARE
)
SELECT s.id, pg_advisory_xact_lock(hashtextextended('sluice.queue ' || %(queue)s::text, 0))
FROM session AS s
