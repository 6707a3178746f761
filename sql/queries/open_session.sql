-- Opens a worker's session: its leases live as long as it is open.
INSERT INTO sluice.worker_sessions (worker, coordinator, queues, kinds, expires_at, request_id)
VALUES (
    %(worker)s, %(coordinator)s, %(queues)s::text[], %(kinds)s::text[],
    sluice.now() + %(lease_seconds)s * interval '1 second', %(request_id)s::text
)
ON CONFLICT (request_id) DO NOTHING
RETURNING id
