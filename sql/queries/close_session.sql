-- Ends a session whose stream is over; the reaper takes back what it still holds.
UPDATE sluice.worker_sessions AS s
SET open = false, closed_at = sluice.now()
WHERE s.id = %(session_id)s AND s.open
