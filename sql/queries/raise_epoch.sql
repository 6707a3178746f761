-- Shuts out a claim whose answer was lost, which might still come to be. Waits for claims under way; may be repeated.
UPDATE sluice.worker_sessions AS s
SET epoch = %(epoch)s + 1
WHERE s.id = %(session_id)s AND s.coordinator = %(coordinator)s AND s.epoch IN (%(epoch)s, %(epoch)s + 1) AND s.open
RETURNING s.epoch
