-- A stream ended without goodbye: its session has so long to be resumed.
UPDATE sluice.worker_sessions AS s
SET expires_at = least(s.expires_at, sluice.now() + %(grace_ms)s * interval '1 millisecond')
WHERE s.id = %(session_id)s AND s.epoch = %(epoch)s AND s.open
