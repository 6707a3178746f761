-- Ends a session at once; the reaper takes back what it still holds.
UPDATE sluice.worker_sessions AS s
SET open = false, closed_at = sluice.now(), said_goodbye = true
WHERE s.id = %(session_id)s AND s.epoch = %(epoch)s AND s.open
