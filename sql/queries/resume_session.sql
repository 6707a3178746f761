-- Takes a session over, for whoever has its secret: the epoch shuts out whoever had it before. Waits for claims under way.
-- A session that is not closed yet may be resumed however late: nobody has its jobs.
UPDATE sluice.worker_sessions AS s
SET epoch = s.epoch + 1, coordinator = %(coordinator)s, worker = %(worker)s, queues = %(queues)s::text[], kinds = %(kinds)s::text[],
    lease_ms = %(lease_ms)s, expires_at = sluice.now() + %(lease_ms)s * interval '1 millisecond'
WHERE s.secret_hash = %(secret_hash)s AND s.open
RETURNING s.id, s.epoch
