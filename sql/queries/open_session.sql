-- Opens a worker's session: its leases live as long as it is open. No row for a ClaimBatch that was asked for before.
INSERT INTO sluice.worker_sessions (worker, coordinator, queues, kinds, expires_at, lease_ms, secret_hash, request_id)
VALUES (
    %(worker)s, %(coordinator)s, %(queues)s::text[], %(kinds)s::text[],
    sluice.now() + %(open_ms)s * interval '1 millisecond', %(lease_ms)s, %(secret_hash)s::bytea, %(request_id)s::text
)
ON CONFLICT (request_id) DO NOTHING
RETURNING id, epoch
